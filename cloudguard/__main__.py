"""The entry point of the process: ``cloudguard`` and ``python -m cloudguard``."""

from __future__ import annotations

import os
import signal

_SIGNALS = {signal.SIGINT: b"cloudguard: interrupted\n", signal.SIGTERM: b"cloudguard: terminated\n"}


def _end_process(number: int, frame: object) -> None:
    """End the process at once. This handles signals during the imports, before any work is done."""
    del frame
    os.write(2, _SIGNALS[signal.Signals(number)])
    os._exit(128 + number)


def main() -> int:
    """Run the process's command line, with garbage collection switched off, and return the exit status.

    A command is short and leaves few reference cycles. The collector, which also runs when the process ends, takes a
    quarter of the time of a small cluster's check.
    """
    handled = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, _end_process)
    import gc  # noqa: PLC0415 - after the handlers are set, a signal prints one line and no traceback

    from cloudguard.cli import run  # noqa: PLC0415 - imported after the handlers are set, like gc

    # a pydantic plugin of another installed package must not change the parsed data
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.disable()
    status = run()
    for number in handled:
        signal.signal(number, signal.SIG_IGN)
    if status > 128:  # noqa: PLR2004 - a signal ended the run: do not wait for threads whose calls may hang
        os._exit(status)
    gc.freeze()
    return status


if __name__ == "__main__":
    raise SystemExit(main())
