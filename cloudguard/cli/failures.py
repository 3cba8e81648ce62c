"""Turns errors and signals into a line on stderr and an exit status."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from cloudguard.cli.logs.log import LOG, log_of_run
from cloudguard.errors import CloudguardError, ExitStatus, SettingsError
from cloudguard.formats.escaping import visible

DEBUG = "CLOUDGUARD_DEBUG"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class SignalError(BaseException):
    """A signal arrived. ``status`` is the exit status; ``word`` is "interrupted" or "terminated"."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = ExitStatus(128 + number)
        self.word = "interrupted" if self.status is ExitStatus.INTERRUPTED else "terminated"


def say(text: str, *, error: bool = False) -> None:
    """Log a message for people, and write it to stderr as text unless the log writes it there.

    The message is dropped if stderr is closed.
    """
    if LOG.get().message(text, error=error) or sys.stderr is None:  # None if stderr was closed at the start
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        _forget(sys.stderr.fileno())


def guarded(work: Callable[[], int], *, verbose: bool = False) -> int:
    """Run ``work`` and return the exit status. Errors are written to stderr, one line for each fault."""
    with log_of_run():
        return _guarded(work, verbose=verbose)


def _guarded(work: Callable[[], int], *, verbose: bool) -> int:
    try:
        with _signals():
            return work()
    except CloudguardError as error:
        for line in error.faults if isinstance(error, SettingsError) else (str(error),):
            say(f"cloudguard: {visible(line)}", error=True)
        return int(error.status)
    except (SignalError, KeyboardInterrupt) as error:
        ended = error if isinstance(error, SignalError) else SignalError(signal.SIGINT)
        say(f"cloudguard: {ended.word}", error=True)
        return int(ended.status)
    except Exception as error:  # noqa: BLE001 - any other exception is an internal error: one line and status 1
        if verbose or os.environ.get(DEBUG):
            traceback.print_exc()
        message = visible(f"{type(error).__name__}: {error}")
        say(f"cloudguard: internal error: {message}. Please report it; {DEBUG}=1 shows the traceback", error=True)
        return int(ExitStatus.INTERNAL)


@contextmanager
def _signals() -> Generator[None]:
    """Turn the first signal into a SignalError while the block runs; a second signal ends the process at once.

    Outside the main thread this does nothing, because Python handles signals only there. A signal that the parent
    process ignores (as ``nohup`` does) stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    handled = [number for number in _SIGNALS if before[number] is not signal.SIG_IGN]

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        for each in handled:
            signal.signal(each, _leave)
        raise SignalError(number)

    for number in handled:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    os._exit(128 + number)


def _forget(descriptor: int) -> None:
    """Point ``descriptor`` at /dev/null, so that the interpreter's last flush does not raise an error."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def put(content: str | bytes) -> None:
    """Write ``content`` to stdout. A closed pipe is ignored; any other failure, as a full disk, raises OSError."""
    if sys.stdout is None:  # stdout was closed at the start
        return
    encoding = sys.stdout.encoding or "utf-8"  # an io.StringIO in its place has none
    try:
        if isinstance(content, bytes):
            sys.stdout.buffer.write(content)
        else:
            # characters that the encoding of stdout lacks are escaped
            sys.stdout.write(content.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        _forget(sys.stdout.fileno())
