"""Where the log goes, and in which format: by ``--verbose``, ``--log-format`` and ``--log-file``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from cloudguard.errors import UsageError

if TYPE_CHECKING:
    import structlog

CALLS, SDK = 1, 2
"""How often ``--verbose`` is given for the calls that are made, and for what the SDKs say."""
_OF_SDKS: Final[Mapping[str, int]] = {
    "urllib3": logging.DEBUG,
    "botocore.retries": logging.DEBUG,
    "botocore.retryhandler": logging.DEBUG,
    "botocore.credentials": logging.INFO,
    "google.auth": logging.INFO,
    "google.api_core": logging.DEBUG,
    "azure": logging.INFO,
    "msal": logging.WARNING,
}
"""The loggers of SDKs that are logged, from which level on. Those that write requests and answers whole are left out:
user data and tokens are in them.
"""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """``verbose``: how often that is given. ``format``: "text", "json" or "" (text on a terminal). ``file``: or ""."""

    verbose: int = 0
    format: str = ""
    file: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """Loggers to write to; ``messages`` get what is said to people, and ``says``: one of them writes to stderr."""

    calls: tuple[structlog.typing.FilteringBoundLogger, ...] = ()
    messages: tuple[structlog.typing.FilteringBoundLogger, ...] = ()
    says: bool = False

    def call(self, step: str) -> None:
        """Log a call that is made."""
        for logger in self.calls:
            logger.info("call", call=step)

    def message(self, text: str, *, error: bool) -> bool:
        """Log what is said to people; return whether it was written to stderr."""
        for logger in self.messages:
            (logger.error if error else logger.info)(text)
        return self.says


LOG: ContextVar[Log] = ContextVar("LOG", default=Log())  # noqa: B039 - it is never changed
"""The log of this run."""
_OPEN: ContextVar[ExitStack | None] = ContextVar("_OPEN", default=None)


@contextmanager
def log_of_run() -> Generator[None]:
    """Keep what ``begin`` opens until the end of the run, so that the last error is logged too."""
    with ExitStack() as stack:
        stack.callback(_OPEN.reset, _OPEN.set(stack))
        stack.callback(LOG.reset, LOG.set(Log()))
        yield


def begin(settings: LogSettings) -> None:
    """Log as ``settings`` say from here to the end of the run. Raises UsageError where the file can't be written."""
    stack = _OPEN.get()
    if stack is None or LOG.get() != Log() or not (settings.verbose or settings.format or settings.file):
        return
    log = _log(settings, stack)
    if settings.verbose >= SDK and log.calls:
        stack.enter_context(_sdks(log.calls))
    LOG.set(log)


def _log(settings: LogSettings, stack: ExitStack) -> Log:
    calls, messages = list[Any](), list[Any]()
    stderr = sys.stderr
    terminal = stderr is not None and stderr.isatty()
    if stderr is not None and settings.verbose and not settings.quiet:
        calls.append(_logger(stderr, settings.format or ("text" if terminal else "json")))
    if settings.file:
        try:
            file = stack.enter_context(Path(settings.file).open("a", encoding="utf-8"))  # noqa: SIM115 - the stack closes it
        except OSError as error:
            message = f"cannot write the log {settings.file}: {error.strerror}"
            raise UsageError(message) from None
        own = _logger(file, settings.format or "json")
        calls.append(own)
        messages.append(own)
    says = stderr is not None and settings.format == "json"
    if stderr is not None and says:
        messages.append(_logger(stderr, "json"))
    return Log(tuple(calls), tuple(messages), says=says)


def _logger(stream: TextIO, format_name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger of lines to ``stream``; nobody who has stopped to read it ends the run."""
    import structlog  # noqa: PLC0415 - only where something is logged

    from cloudguard.cli.logs.redaction import redacted  # noqa: PLC0415 - likewise

    def harmless(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {name: redacted(value) for name, value in event.items()}

    renderer = structlog.processors.JSONRenderer() if format_name == "json" else _as_text
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            harmless,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return logger


def _as_text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """Return an event as a line: time, level, what happened, and its details."""
    shown = dict(event)
    begin = f"{shown.pop('timestamp')} {shown.pop('level')}: {shown.pop('event')}"
    return " ".join((begin, *(f"{name}={value}" for name, value in shown.items())))


@contextmanager
def _sdks(loggers: tuple[Any, ...]) -> Generator[None]:
    """Log what the SDKs say, while it lasts."""
    handler = _Handler(loggers)
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in _OF_SDKS}
    for name, level in _OF_SDKS.items():
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
    try:
        yield
    finally:
        for name, (level, propagate) in before.items():
            logger = logging.getLogger(name)
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate


class _Handler(logging.Handler):
    """Hands what Python's own loggers are told to ours."""

    def __init__(self, loggers: tuple[Any, ...]) -> None:
        super().__init__()
        self._loggers = loggers

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record."""
        for logger in self._loggers:
            logger.log(max(record.levelno, logging.DEBUG), record.getMessage(), logger=record.name)
