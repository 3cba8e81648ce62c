"""Progress on stderr, where a person watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

from cloudguard.cli.typer_commands import Values
from cloudguard.formats.escaping import visible
from cloudguard.provider.port import Progress, silent


@contextmanager
def progress(values: Values) -> Generator[Progress]:
    """Give what a provider tells its steps to; silent unless stderr is a terminal, and in CI."""
    quiet = values.on("no-progress") or values.on("quiet") or not sys.stderr.isatty()
    if quiet or os.environ.get("CI") or os.environ.get("TERM") == "dumb":
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415 - a sixth of a second that only a terminal pays
    from rich.text import Text  # noqa: PLC0415 - as above

    with Console(stderr=True).status(Text("reading …")) as status:
        yield lambda step: status.update(Text(f"reading {visible(step)}"))
