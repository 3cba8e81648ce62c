"""Progress on stderr, if that is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

from cloudguard.cli.flags import NO_PROGRESS, QUIET
from cloudguard.formats.escaping import visible
from cloudguard.needs.settings import Settings
from cloudguard.provider.port import Progress, silent


@contextmanager
def progress(settings: Settings) -> Generator[Progress]:
    """Yield a Progress that shows steps on stderr; silent in CI, and where stderr is no terminal."""
    quiet = settings.get(NO_PROGRESS) or settings.get(QUIET) or not sys.stderr.isatty()
    if quiet or os.environ.get("CI") or os.environ.get("TERM") == "dumb":
        yield silent
        return
    from rich.console import Console  # noqa: PLC0415 - a sixth of a second that only a terminal pays
    from rich.text import Text  # noqa: PLC0415 - as above

    with Console(stderr=True).status(Text("reading …")) as status:
        yield lambda step: status.update(Text(f"reading {visible(step)}"))
