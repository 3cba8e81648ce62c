"""The ids of the findings of every scene: they stay, from version to version, as long as the problem is the same.

``tools/scene_snapshots.py --ids`` writes them. Its lines are to change only where a scene does, or a check is added.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Final

from cloudguard.results.report import Report

FILE: Final = Path(__file__).with_suffix(".txt")


def lines(scene: str, report: Report) -> list[str]:
    """Return a line for each finding of the report on a scene ("aws/showcase"): scene, id, check."""
    return sorted(f"{scene} {finding.id} {finding.check}" for finding in report.findings)


@cache
def _known() -> dict[str, list[str]]:
    known = defaultdict[str, list[str]](list)
    for line in FILE.read_text(encoding="utf-8").splitlines():
        known[line.partition(" ")[0]].append(line)
    return known


def assert_ids(scene: str, report: Report) -> None:
    """Assert that the findings of a scene have the ids that they had."""
    assert lines(scene, report) == _known().get(scene, []), "ids are not to change; see tests/support/finding_ids.py"
