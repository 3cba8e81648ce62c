"""Each kind of mistake has enough tests on each cloud, and the tool that counts them notices a lack."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tools.mistakes import CLOUDS, ENOUGH, MISTAKES, NOT_THERE, faults

TOOL = Path(__file__).parents[2] / "tools" / "mistakes.py"


def test_each_kind_of_mistake_has_enough_tests_on_each_cloud() -> None:
    counted = subprocess.run([sys.executable, str(TOOL)], capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - ours
    assert counted.returncode == 0, counted.stderr


def test_a_lack_and_an_unknown_mistake_are_faults() -> None:
    numbers = {(name, cloud): ENOUGH for name in MISTAKES for cloud in CLOUDS}
    assert faults(numbers) == []
    assert faults({**numbers, ("role-removed", "gcp"): ENOUGH - 1}) == [f"role-removed on gcp: {ENOUGH - 1} tests"]
    assert faults({**numbers, ("mistyped", "aws"): 1}) == ["unknown mistake: mistyped"]


def test_a_reason_for_fewer_tests_is_about_a_known_mistake_and_cloud() -> None:
    assert {name for name, _ in NOT_THERE} <= MISTAKES.keys()
    assert {cloud for _, cloud in NOT_THERE} <= {*CLOUDS}
