"""Errors and signals, as one line on stderr and an exit status."""

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
    """A signal came; ``status`` is the exit status, ``word`` says what happened to the run."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = ExitStatus(128 + number)
        self.word = "interrupted" if self.status is ExitStatus.INTERRUPTED else "terminated"


def say(text: str, *, error: bool = False) -> None:
    """Write a line to stderr, as the log has it where it takes messages; dropped if nobody reads stderr any more."""
    if LOG.get().message(text, error=error) or sys.stderr is None:  # closed when the process began
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        _forget(sys.stderr.fileno())


def guarded(work: Callable[[], int], *, verbose: bool = False) -> int:
    """Return the exit status of ``work``; an error is written to stderr, one line a fault."""
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
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, the status is 1 and the line says so
        if verbose or os.environ.get(DEBUG):
            traceback.print_exc()
        what = visible(f"{type(error).__name__}: {error}")
        say(f"cloudguard: internal error: {what}. Please report it; {DEBUG}=1 shows the traceback", error=True)
        return int(ExitStatus.INTERNAL)


@contextmanager
def _signals() -> Generator[None]:
    """Turn the first signal into a SignalError while the work runs; a second one ends the process at once.

    Only the main thread may handle signals. What the caller ignores (as ``nohup`` does) stays ignored.
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
    """Point ``descriptor`` at /dev/null, so that the interpreter's last flush raises nothing."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def put(content: str | bytes) -> None:
    """Write ``content`` to stdout. A reader that has gone is no error; a full disk raises OSError."""
    if sys.stdout is None:  # closed when the process began
        return
    encoding = sys.stdout.encoding
    try:
        if isinstance(content, bytes):
            sys.stdout.buffer.write(content)
        else:
            sys.stdout.write(content.encode(encoding, "backslashreplace").decode(encoding))  # what ASCII lacks: escaped
        sys.stdout.flush()
    except BrokenPipeError:
        _forget(sys.stdout.fileno())
