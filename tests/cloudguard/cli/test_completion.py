"""Shell completion: the script is valid, and the shell gets the right completions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cloudguard.needs.settings import FORMATS
from cloudguard.provider.port import installed
from command import install, ran

SHIM = f'#!/bin/sh\nexec {sys.executable} -m cloudguard "$@"\n'


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory", and ``cloudguard`` on the path."""
    install(monkeypatch, tmp_path)
    program = tmp_path / "bin" / "cloudguard"
    program.parent.mkdir()
    program.write_text(SHIM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join((str(program.parent), os.environ["PATH"])))


def bash(script: str, *flags: str) -> str:
    """Run ``script`` and return its stdout; it must succeed and print nothing on stderr."""
    command = ["bash", "--norc", *flags, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_for_each_shell(capfd: pytest.CaptureFixture[str], shell: str) -> None:
    status, out, err = ran(capfd, "completion", shell)
    assert (status, err) == (0, "")
    assert f"_CLOUDGUARD_COMPLETE=complete_{shell}" in out


def test_the_bash_script_is_valid(capfd: pytest.CaptureFixture[str]) -> None:
    bash(ran(capfd, "completion", "bash")[1], "-n")


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (("che",), {"check"}),
        (("check", ""), {*installed(), "memory"}),
        (("check", "m"), {"memory"}),
        (("check", "memory", "--r"), {"--region", "--require-cmk", "--row"}),
        (("check", "memory", "--s"), {"--service", "--shard", "--store", "--strict-waivers", "--summary"}),
        (("check", "--s"), {"--service", "--shard", "--snapshot", "--store", "--strict-waivers", "--summary"}),
        (("check", "memory", "--row", "etcd-e"), {"etcd-encryption"}),
        (("explain", "etcd-a"), {"etcd-access"}),
        (("check", "memory", "--color", "a"), {"auto", "always"}),
        (("check", "nimbus", "--r"), set[str]()),
        (("check", "memory", "-f", ""), set(FORMATS)),
        (("discover", "memory", "--format", "j"), {"json"}),
        (("completion", "b"), {"bash"}),
    ],
)
def test_bash_gets_the_right_completions(
    capfd: pytest.CaptureFixture[str], words: tuple[str, ...], answers: set[str]
) -> None:
    line = " ".join(f"'{word}'" for word in ("cloudguard", *words))
    ask = f'COMP_WORDS=({line}); COMP_CWORD={len(words)}; _cloudguard_completion cloudguard; echo "${{COMPREPLY[@]}}"'
    assert set(bash(f"{ran(capfd, 'completion', 'bash')[1]}\n{ask}").split()) == answers
