"""Runs the command line in process or in a shell, with the provider in memory installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import memory_adapter
import sample
from cloudguard.cli import run
from cloudguard.model.files import snapshot_file

HERE = Path(__file__).parent


def install(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Install the provider "memory" from ``folder``, and work in an empty folder in it."""
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
    """Write the sample's snapshot and return the file's name."""
    Path("prod.json").write_text(snapshot_file.dump(sample.snapshot()), encoding="utf-8")
    return "prod.json"


def ran(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Run ``argv`` and return status, stdout, stderr; neither stream may hold control characters."""
    status = run(argv)
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    return status, out, err


def refusal(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Run ``argv``, which is wrong, and return the one line that says why."""
    status, out, err = ran(capsys, *argv)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("cloudguard: ")
    return err


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which ``cloudguard`` is this project's."""
    command = ["bash", "-o", "pipefail", "-c", line.replace("cloudguard", f"{sys.executable} -m cloudguard")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
