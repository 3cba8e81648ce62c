"""The command as a process of its own: ``cloudguard``, ``python -m cloudguard``."""

from __future__ import annotations

import os
import signal

_SIGNALS = {signal.SIGINT: b"cloudguard: interrupted\n", signal.SIGTERM: b"cloudguard: terminated\n"}


def _end(number: int, frame: object) -> None:
    """End the process: nothing was done yet."""
    del frame
    os.write(2, _SIGNALS[signal.Signals(number)])
    os._exit(128 + number)


def main() -> int:
    """Run the process's command line and return the exit status, without looking for garbage.

    A command is short and leaves few cycles; to search for them, last of all when the process ends, takes a quarter of
    the time of a small cluster's check.
    """
    handled = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, _end)
    import gc  # noqa: PLC0415 - from the first moment, a signal is one line and no traceback

    from cloudguard.cli import run  # noqa: PLC0415 - likewise

    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # no stranger's plugin is to change what is read
    gc.disable()
    status = run()
    for number in handled:
        signal.signal(number, signal.SIG_IGN)
    if status > 128:  # noqa: PLR2004 - a signal came: calls may hang, and threads that wait for them
        os._exit(status)
    gc.freeze()
    return status


if __name__ == "__main__":
    raise SystemExit(main())
