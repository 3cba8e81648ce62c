"""Sets up the log: its streams and format, from ``--verbose``, ``--log-format`` and ``--log-file``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from cloudguard.errors import UsageError
from cloudguard.values import dataclass

if TYPE_CHECKING:
    import structlog

CALLS, SDK = 1, 2
"""The number of times ``--verbose`` is given: once to log calls, twice to log the records of the SDKs too."""
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
"""SDK logger → lowest level that is logged. Loggers that write complete requests and responses are left out, because
these contain user data and tokens.
"""


@dataclass(frozen=True, slots=True)
class LogSettings:
    """The log's settings.

    ``verbose`` is the number of times ``--verbose`` is given. ``format`` is "text", "json" or "" (text on a terminal,
    else JSON). ``file`` is the log file, "" for none.
    """

    verbose: int = 0
    format: str = ""
    file: str = ""
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """The loggers of a run. ``calls`` get the API calls, ``messages`` get the messages for people.

    ``says`` is True if one of ``messages`` writes to stderr.
    """

    calls: tuple[structlog.typing.FilteringBoundLogger, ...] = ()
    messages: tuple[structlog.typing.FilteringBoundLogger, ...] = ()
    says: bool = False

    def call(self, step: str) -> None:
        """Log an API call."""
        for logger in self.calls:
            logger.info("call", call=step)

    def message(self, text: str, *, error: bool) -> bool:
        """Log a message for people; return whether it was written to stderr."""
        for logger in self.messages:
            (logger.error if error else logger.info)(text)
        return self.says


LOG: ContextVar[Log] = ContextVar("LOG", default=Log())  # noqa: B039 - a Log is immutable
"""The log of the current run."""
_OPEN: ContextVar[ExitStack | None] = ContextVar("_OPEN", default=None)


@contextmanager
def log_of_run() -> Generator[None]:
    """Close what ``begin`` opens at the end of the run, so that the last error is logged too."""
    with ExitStack() as stack:
        stack.callback(_OPEN.reset, _OPEN.set(stack))
        stack.callback(LOG.reset, LOG.set(Log()))
        yield


def begin(settings: LogSettings) -> None:
    """Start the log of the run with ``settings``. Raises UsageError if the log file can't be written."""
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
        logger = _logger(file, settings.format or "json")
        calls.append(logger)
        messages.append(logger)
    says = stderr is not None and settings.format == "json"
    if stderr is not None and says:
        messages.append(_logger(stderr, "json"))
    return Log(tuple(calls), tuple(messages), says=says)


def _logger(stream: TextIO, format_name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger that writes one line per event to ``stream``, without secrets and control characters."""
    import structlog  # noqa: PLC0415 - loaded only for a log

    from cloudguard.cli.logs.redaction import redacted  # noqa: PLC0415 - loaded only for a log

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
    """Return an event as a line of text: time, level, event, and its details as ``name=value``."""
    shown = dict(event)
    begin = f"{shown.pop('timestamp')} {shown.pop('level')}: {shown.pop('event')}"
    return " ".join((begin, *(f"{name}={value}" for name, value in shown.items())))


@contextmanager
def _sdks(loggers: tuple[Any, ...]) -> Generator[None]:
    """Log the records of the SDKs' loggers while the block runs; restore these loggers afterwards."""
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
    """Forwards the records of Python's ``logging`` to structlog loggers."""

    def __init__(self, loggers: tuple[Any, ...]) -> None:
        super().__init__()
        self._loggers = loggers

    def emit(self, record: logging.LogRecord) -> None:
        """Forward a record; its level is at least DEBUG."""
        for logger in self._loggers:
            logger.log(max(record.levelno, logging.DEBUG), record.getMessage(), logger=record.name)
