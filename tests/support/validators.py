"""The programs that validate files as their consumers do. ``make validators`` installs those that are not on PyPI."""

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
"""The folder in which pip installs the programs of packages."""


def needs(program: Path | str) -> pytest.MarkDecorator:
    """Return a mark that skips a test if ``program`` (a path or a name) is missing. In CI the test runs and fails."""
    there = program.exists() if isinstance(program, Path) else shutil.which(program) is not None
    return pytest.mark.skipif(not (IN_CI or there), reason=f"{program} is missing: see make validators")


def run(*command: str | Path, text: str | None = None, folder: Path | None = None) -> str:
    """Run ``command`` and return its stdout and stderr. Assert that its exit status is 0."""
    words = [str(word) for word in command]
    done = subprocess.run(words, input=text, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
