"""The comparison of two versions' reports compares verdicts, findings and changes, not words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import sample
from cloudguard.model.files import snapshot_file
from tools.compare_reports import BAD, DIFFERENT, ROOT, SAME, differences, judge, main

REPORT: dict[str, Any] = {
    "rows": [
        {
            "row": "etcd-access",
            "verdict": "FAIL",
            "why": "etcd is open",
            "unknown": ["a"],
            "findings": [{"id": "1", "check": "etcd-access/inside", "severity": "high", "hosts": ["b", "a"]}],
        }
    ],
    "plan": {"changes": [{"id": "c", "kind": "filter.narrow"}]},
}


def changed(**fields: object) -> dict[str, Any]:
    """Return the report with fields of its only row replaced."""
    (row,) = REPORT["rows"]
    return {**REPORT, "rows": [{**row, **fields}]}


def finding(**fields: object) -> list[dict[str, Any]]:
    """Return the only finding with fields replaced."""
    (row,) = REPORT["rows"]
    (found,) = row["findings"]
    return [{**found, **fields}]


@pytest.mark.parametrize(
    "other",
    [
        changed(why="other words", unknown=["b"], advice="a new key"),
        changed(findings=finding(message="new", hosts=["a", "b"])),
        {**REPORT, "new": 1},
    ],
)
def test_wording_new_keys_and_the_order_of_hosts_are_no_difference(other: dict[str, Any]) -> None:
    assert differences(REPORT, other) == []


@pytest.mark.parametrize(
    ("other", "line"),
    [
        (changed(verdict="PASS"), "+ etcd-access: verdict PASS"),
        (changed(unknown=[]), "+ etcd-access: 0 unknown"),
        (changed(findings=[]), "- etcd-access: finding 1 etcd-access/inside high on a, b"),
        (changed(findings=finding(severity="low")), "+ etcd-access: finding 1 etcd-access/inside low on a, b"),
        (changed(findings=finding(hosts=["a"])), "+ etcd-access: finding 1 etcd-access/inside high on a"),
        ({**REPORT, "plan": {"changes": []}}, "- plan: change c filter.narrow"),
        ({"error": "Traceback\ncloudguard: no"}, "+ error: cloudguard: no"),
    ],
)
def test_verdicts_findings_unknown_lines_and_changes_are_differences(other: dict[str, Any], line: str) -> None:
    assert line in differences(REPORT, other)


@pytest.fixture
def snapshots(tmp_path: Path) -> Path:
    """A folder with one snapshot."""
    folder = tmp_path / "snapshots"
    folder.mkdir()
    (folder / "prod.json").write_text(snapshot_file.dump(sample.snapshot()), encoding="utf-8")
    return folder


def checkout(folder: Path, text: str) -> Path:
    """Make a checkout whose code always prints ``text``."""
    python = folder / "other" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (folder / "answer").write_text(text, encoding="utf-8")
    python.write_text(f"#!/bin/sh\ncat '{folder / 'answer'}'\n", encoding="utf-8")
    python.chmod(0o755)
    return folder / "other"


def test_versions_with_equal_reports_have_no_differences(
    snapshots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = judge(ROOT, snapshots / "prod.json")
    assert {row["row"] for row in report["rows"]} >= {"etcd-access"}
    assert main([str(checkout(tmp_path, json.dumps(report))), str(snapshots)]) == SAME
    assert "1 snapshots, 0 with differences" in capsys.readouterr().out


def test_a_version_that_fails_has_a_difference(
    snapshots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(checkout(tmp_path, "")), str(snapshots)]) == DIFFERENT
    out = capsys.readouterr().out
    assert "prod.json" in out
    assert "- error: status 0 and no report" in out


def test_a_missing_environment_and_missing_snapshots_are_refused(
    snapshots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(snapshots)]) == BAD
    assert ".venv" in capsys.readouterr().err
    assert main([str(checkout(tmp_path, "")), str(tmp_path / "none")]) == BAD
    assert "none" in capsys.readouterr().err
