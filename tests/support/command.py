"""Run the command line in this process or in a shell, with the provider "memory" installed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import memory_adapter
import sample
from cloudguard.cli import run
from cloudguard.model.files import snapshot_file

HERE = Path(__file__).parent


def install(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Install the provider "memory" in ``folder``, and change to an empty working directory there."""
    packages = folder / "packages"
    packages.mkdir()
    memory_adapter.register(packages)
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(packages), str(HERE), str(HERE.parent.parent))))
    work = folder / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    memory_adapter.ADAPTER.requests.clear()


def written_snapshot() -> str:
    """Write the snapshot of ``sample`` and return the name of the file."""
    Path("prod.json").write_text(snapshot_file.dump(sample.snapshot()), encoding="utf-8")
    return "prod.json"


def ran(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Run ``argv`` and return status, stdout and stderr. Assert that the streams hold no escape characters."""
    status = run(argv)
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    return status, out, err


def refusal(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Run the wrong ``argv`` and return its error. Assert that it is one line, with exit status 2."""
    status, out, err = ran(capsys, *argv)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("cloudguard: ")
    return err


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line in bash. ``cloudguard`` in the line is this project's program."""
    command = ["bash", "-o", "pipefail", "-c", line.replace("cloudguard", f"{sys.executable} -m cloudguard")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603


def today() -> date:
    """Return the day of the test. A constant would be wrong after midnight."""
    return datetime.now(UTC).date()
