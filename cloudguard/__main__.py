"""The command as a process of its own: ``cloudguard``, ``python -m cloudguard``."""

from __future__ import annotations

import gc
import os
import sys

from cloudguard.cli import run


def main() -> int:
    """Run the process's command line and return the exit status, without looking for garbage.

    A command is short and leaves few cycles; to search for them, last of all when the process ends, takes a quarter of
    the time of a small cluster's check.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # no stranger's plugin is to change what is read
    gc.disable()
    status = run()
    gc.freeze()
    return status


if __name__ == "__main__":
    sys.exit(main())
