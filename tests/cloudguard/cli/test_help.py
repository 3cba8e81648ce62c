"""Help: short without a command, in panels for a command, with the flags of the named provider."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from command import install, ran


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


def test_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert ran(capsys, "--help")[0] == 0
    status, out, _ = ran(capsys)
    assert status == 2
    assert "Usage: cloudguard" in out


@pytest.mark.parametrize("words", [("--version",), ("-V",), ("version",)])
def test_the_version_is_printed(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert ran(capsys, *words) == (0, f"cloudguard {version('cloudguard-k8s')}\n", "")


@pytest.mark.parametrize("command", ["check", "collect", "discover", "permissions"])
def test_help_lists_the_providers_and_shows_the_flags_of_the_named_one_in_panels(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    status, out, _ = ran(capsys, command, "--help")
    assert status == 0
    assert "─ Providers ─" in out
    assert f"cloudguard {command} memory --help" in out
    assert "--profile" not in out
    status, out, _ = ran(capsys, command, "memory", "-h")
    assert status == 0
    assert f"Example: cloudguard {command} memory" in out
    assert "─ Options of memory ─" in out
    assert "--profile" in out
    assert "--snapshot  " not in out


def test_explain_shows_the_flags_of_the_named_provider(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--profile" in ran(capsys, "explain", "3", "memory", "--help")[1]
    assert "--profile" not in ran(capsys, "explain", "--help")[1]


def test_help_without_a_provider_shows_the_flags_that_apply_to_a_snapshot(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = ran(capsys, "check", "--help")
    assert "--snapshot" in out
    assert "--admin-cidr" in out
    assert "--node-tag" not in out
