"""The command line. This is the only package that prints, exits or reads the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def run(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: ``sys.argv`` without the program's name) and return the exit status."""
    from cloudguard.cli import app, completion  # noqa: PLC0415 - keeps the import of cloudguard.cli fast
    from cloudguard.cli.failures import guarded  # noqa: PLC0415 - keeps the import of cloudguard.cli fast

    words = list(sys.argv[1:] if argv is None else argv)

    def work() -> int:
        if completion.VARIABLE in os.environ:
            return completion.suggestions(app.command_line)
        do = app.parse(words)
        return do()

    return guarded(work, verbose=bool({"-v", "-vv", "--verbose"} & set(words)))
