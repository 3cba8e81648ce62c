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

from cloudguard.errors import CloudguardError, ExitStatus, SettingsError
from cloudguard.formats.escaping import visible

_DEBUG = "CLOUDGUARD_DEBUG"


class _TerminatedError(BaseException):
    """SIGTERM came."""


def say(text: str) -> None:
    """Write a line to stderr; it is dropped if nobody reads stderr any more."""
    try:
        print(text, file=sys.stderr, flush=True)
    except BrokenPipeError:
        _forget(sys.stderr.fileno())


def guarded(work: Callable[[], int], *, verbose: bool = False) -> int:
    """Return the exit status of ``work``; an error is written to stderr, one line a fault."""
    try:
        with _terminable():
            return work()
    except CloudguardError as error:
        for line in error.faults if isinstance(error, SettingsError) else (str(error),):
            say(f"cloudguard: {visible(line)}")
        return int(error.status)
    except KeyboardInterrupt:
        say("cloudguard: interrupted")
        return int(ExitStatus.INTERRUPTED)
    except _TerminatedError:
        say("cloudguard: terminated")
        return int(ExitStatus.TERMINATED)
    except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, the status is 1 and the line says so
        if verbose or os.environ.get(_DEBUG):
            traceback.print_exc()
        what = visible(f"{type(error).__name__}: {error}")
        say(f"cloudguard: internal error: {what}. Please report it; {_DEBUG}=1 shows the traceback")
        return int(ExitStatus.INTERNAL)


@contextmanager
def _terminable() -> Generator[None]:
    """Turn SIGTERM into an exception while the work runs; only the main thread may handle signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise _TerminatedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _forget(descriptor: int) -> None:
    """Point ``descriptor`` at /dev/null, so that the interpreter's last flush raises nothing."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def put(text: str) -> None:
    """Write ``text`` to stdout. A reader that has gone is no error; a full disk raises OSError."""
    encoding = sys.stdout.encoding
    shown = text.encode(encoding, "backslashreplace").decode(encoding)  # what an ASCII terminal lacks is escaped
    try:
        sys.stdout.write(shown)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget(sys.stdout.fileno())
