"""Every scene is judged through the library. Its report and the marks on the scene's lines must agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache

import pytest

from aws_scenes import collected
from cloudguard import pipeline
from cloudguard.formats import table
from cloudguard.results.finding import Finding
from cloudguard.results.report import Report
from cloudguard.rows.judge import ROWS
from contract import assert_contract
from draws import DRAWS, SEED
from finding_ids import assert_ids
from moto_fixtures.aws.builder import SourceLine
from moto_fixtures.aws.scene import scenes
from removed_facts import wrong_passes
from scene_marks import Mark, mark_of

UNMARKED = "etcd-access/tls"
"""Every cluster that runs its own etcd has this advice. No line of the scene causes it."""
SCREEN = 24
"""The height of a terminal, in lines."""
Made = Mapping[str, set[SourceLine]]
in_each_scene = pytest.mark.parametrize("name", scenes(), scope="module")
"""Runs all tests of one scene before those of the next, so that a worker reads only its own scenes."""


@cache
def report_on(name: str) -> Report:
    """Return the report on the scene called ``name``."""
    return pipeline.evaluate(collected(name).snapshot, scenes()[name].DECLARED.policy)


@in_each_scene
def test_the_report_agrees_with_the_marks_on_the_lines(name: str) -> None:
    scene, source_lines = scenes()[name], collected(name).made
    marks = {line: mark_of(line) for lines in source_lines.values() for line in lines}
    unread = sorted(str(mark) for mark in marks.values() if mark.checks is None)
    assert not unread, f"lines that make something and carry no mark: {unread}"
    report = report_on(name)
    verdicts = {row.row: str(row.verdict) for row in report.rows}
    problems = [
        *disagreements(report, source_lines, set(marks.values())),
        *(
            f"{row} is {verdicts[row]}, not {wanted}"
            for row, wanted in scene.VERDICTS.items()
            if verdicts[row] != wanted
        ),
    ]
    assert not problems, "\n".join(problems)


def disagreements(report: Report, source_lines: Made, marks: set[Mark]) -> list[str]:
    """Return findings without a marked line, and marks without a finding."""
    found: dict[Mark, set[str]] = defaultdict(set)
    problems: list[str] = []
    for finding in report.findings:
        touched = {mark_of(line) for line in lines_of(finding, source_lines)}
        for mark in touched:
            found[mark].add(finding.check)
        if finding.check != UNMARKED and not any(mark.checks and finding.check in mark.checks for mark in touched):
            where = ", ".join(sorted(map(str, touched))) or f"no line ({finding.resource.id})"
            problems.append(f"unmarked {finding.check} [{finding.severity}] at {where}: {finding.message}")
    for mark in sorted(marks, key=str):
        problems += [f"{mark} says {name}, and no finding does" for name in (mark.checks or frozenset()) - found[mark]]
    return problems


def lines_of(finding: Finding, source_lines: Made) -> set[SourceLine]:
    """Return the lines that made a finding's resources. An id with a suffix ("acl-1/ingress/100") counts as "acl-1"."""
    names = {finding.resource.id, *(name for fact in finding.evidence for name in (fact.resource.id, fact.rule))}
    stems = {name.partition("/")[0] for name in names if name.startswith(("acl-", "sg-"))}
    return {line for name in names | stems for line in source_lines.get(name, ())}


@in_each_scene
def test_every_scene_has_a_docstring_and_expected_verdicts(name: str) -> None:
    scene = scenes()[name]
    assert (scene.__doc__ or "").strip()
    assert set(scene.VERDICTS) == {row.ROW for row in ROWS}


@in_each_scene
def test_findings_have_different_messages_and_a_clean_report_fits_on_a_screen(name: str) -> None:
    report = report_on(name)
    for row in report.rows:
        messages = [finding.message for finding in row.findings]
        assert len(set(messages)) == len(messages)
    if report.complete and {finding.check for finding in report.findings} <= {UNMARKED}:
        assert len(table.render(report).splitlines()) <= SCREEN


@in_each_scene
def test_the_report_fits_its_schema(name: str) -> None:
    assert_contract(report_on(name))


@in_each_scene
def test_findings_keep_their_ids(name: str) -> None:
    assert_ids(f"aws/{name}", report_on(name))


@in_each_scene
def test_a_missing_fact_never_turns_fail_into_pass(name: str) -> None:
    declarations = scenes()[name].DECLARED.policy
    assert list(wrong_passes(collected(name).snapshot, declarations, SEED, 16 * DRAWS)) == []
