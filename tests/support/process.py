"""Run the real command line, or pytest, in a separate process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ran:
    """The result of a command: exit status, stdout and stderr."""

    status: int
    out: str
    err: str


def cloudguard(*words: str, text: bytes | None = None) -> Ran:
    """Run ``cloudguard`` with ``words``, ``text`` on stdin and this process's environment, without a terminal."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "cloudguard", *words],
        input=text,
        capture_output=True,
        check=False,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def pytest_in(folder: Path, environment: Mapping[str, str]) -> Ran:
    """Run pytest on the tests in ``folder``, in a process with only ``environment``."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder, env=environment)  # noqa: S603 - ours
    return Ran(done.returncode, done.stdout, done.stderr)
