"""The benchmarks against the local servers of the clouds run, with few resources and without delay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["azure_cost", "gcp_cost"])
def test_a_benchmark_compares_a_reading_with_a_bare_loop(name: str) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "5", "0"]
    environment = os.environ | {"ROUNDS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert [line.split()[0] for line in done.stdout.splitlines()[-2:]] == ["bare", "collect"]
