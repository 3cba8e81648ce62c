"""Every scene is judged through the library, and the report is held to the marks on the scene's lines, both ways."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from cloudguard.results.finding import Finding
from cloudguard.results.report import Report
from cloudguard.rows.judge import ROWS
from marks import Mark, mark_of
from moto_fixtures import aws
from moto_fixtures.aws import SCENES
from moto_fixtures.aws.builder import Account, Line
from moto_fixtures.aws.scene import Scene, check

UNMARKED = "etcd-access/tls"
"""Every cluster that runs its own etcd has this advice; no line makes it so."""


def name_of(scene: Scene) -> str:
    return scene.__name__.rpartition(".")[2]


@pytest.mark.parametrize("scene", SCENES, ids=name_of)
def test_report_says_what_the_lines_are_marked_with(scene: Scene, account: Account) -> None:
    scene.build(account)
    marks = {line: mark_of(line) for lines in account.made.values() for line in lines}
    unread = sorted(str(mark) for mark in marks.values() if mark.checks is None)
    assert not unread, f"lines that make something and carry no mark: {unread}"
    report = check(scene, account.session)
    told = {row.row: str(row.verdict) for row in report.rows}
    problems = [
        *disagreements(report, account, set(marks.values())),
        *(f"{row} is {told[row]}, not {verdict}" for row, verdict in scene.VERDICTS.items() if told[row] != verdict),
    ]
    assert not problems, "\n".join(problems)


def disagreements(report: Report, account: Account, marks: set[Mark]) -> list[str]:
    """Findings at no marked line, and marks at which no finding points."""
    found: dict[Mark, set[str]] = defaultdict(set)
    problems: list[str] = []
    for finding in report.findings:
        touched = {mark_of(line) for line in lines_of(finding, account)}
        for mark in touched:
            found[mark].add(finding.check)
        if finding.check != UNMARKED and not any(mark.checks and finding.check in mark.checks for mark in touched):
            where = ", ".join(sorted(map(str, touched))) or f"no line ({finding.resource.id})"
            problems.append(f"unmarked {finding.check} [{finding.severity}] at {where}: {finding.message}")
    for mark in sorted(marks, key=str):
        problems += [f"{mark} says {name}, and no finding does" for name in (mark.checks or frozenset()) - found[mark]]
    return problems


def lines_of(finding: Finding, account: Account) -> set[Line]:
    """Lines that made what a finding names; an id with a suffix ("acl-1/ingress/100") leads to its stem."""
    names = {finding.resource.id, *(name for one in finding.evidence for name in (one.resource.id, one.rule))}
    stems = {name.partition("/")[0] for name in names if name.startswith(("acl-", "sg-"))}
    return {line for name in names | stems for line in account.made.get(name, ())}


def test_every_scene_is_listed() -> None:
    files = {path.stem for path in Path(aws.__path__[0]).glob("*.py")} - {"__init__", "installers", "needed", "scene"}
    assert {name_of(scene) for scene in SCENES} == files


@pytest.mark.parametrize("scene", SCENES, ids=name_of)
def test_every_scene_tells_its_story(scene: Scene) -> None:
    assert (scene.__doc__ or "").strip()
    assert set(scene.VERDICTS) == {row.ROW for row in ROWS}
