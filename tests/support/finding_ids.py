"""The ids of the findings of every scene. An id must not change between versions if the problem is the same.

``tools/scene_snapshots.py --ids`` writes the file. Its lines may change only if a scene changes or a check is added.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Final

from cloudguard.results.report import Report

FILE: Final = Path(__file__).with_suffix(".txt")


def lines(scene: str, report: Report) -> list[str]:
    """Return one line for each finding of the report on a ``scene`` ("aws/showcase"): scene, id, check."""
    return sorted(f"{scene} {finding.id} {finding.check}" for finding in report.findings)


@cache
def _known() -> dict[str, list[str]]:
    known = defaultdict[str, list[str]](list)
    for line in FILE.read_text(encoding="utf-8").splitlines():
        known[line.partition(" ")[0]].append(line)
    return known


def assert_ids(scene: str, report: Report) -> None:
    """Assert that the findings of a scene have the recorded ids."""
    assert lines(scene, report) == _known().get(scene, []), "ids are not to change; see tests/support/finding_ids.py"
