"""Where the programs are that check files as their consumers do. ``make validators`` installs what PyPI lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

IN_CI: Final = bool(os.environ.get("CI"))
VALIDATORS: Final = Path(os.environ.get("CLOUDGUARD_VALIDATORS", ".validators")).resolve()
SCRIPTS: Final = Path(sys.executable).parent
"""Where pip puts the programs of packages."""


def needs(program: Path | str) -> pytest.MarkDecorator:
    """Skip a test where ``program``, a path or a name, is missing; in CI it fails there."""
    there = program.exists() if isinstance(program, Path) else shutil.which(program) is not None
    return pytest.mark.skipif(not (IN_CI or there), reason=f"{program} is missing: see make validators")


def run(*command: str | Path, text: str | None = None, folder: Path | None = None) -> str:
    """Run ``command`` and return what it prints, with its complaints; fails the test if it ends in failure."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=text, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
