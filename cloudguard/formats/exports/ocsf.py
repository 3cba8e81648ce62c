"""OCSF 1.5.0: a Compliance Finding (class 2003) for each finding, and for each row that is UNKNOWN or has none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import NAME, Export, as_json, description, milliseconds, text_of, title
from cloudguard.results.check import Check
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report, RowResult, Verdict

_VERSION = "1.5.0"
_STANDARD = "Kubernetes: Infrastructure security"
_SEVERITIES = {Severity.LOW: 2, Severity.MEDIUM: 3, Severity.HIGH: 4, Severity.CRITICAL: 5}
_INFORMATIONAL = 1
_NEW, _SUPPRESSED = 1, 3
_UNKNOWN, _PASS, _WARNING, _FAIL, _OTHER = 0, 1, 2, 3, 99
_ROW_STATUS = {
    Verdict.PASS: _PASS,
    Verdict.PROVIDER: _OTHER,
    Verdict.UNKNOWN: _UNKNOWN,
    Verdict.WAIVED: _WARNING,
    Verdict.FAIL: _FAIL,
}
_NAMES = {_UNKNOWN: "Unknown", _PASS: "Pass", _WARNING: "Warning", _FAIL: "Fail", _OTHER: "Provider"}


def render(export: Export) -> str:
    """Return the reports as a JSON list of OCSF events."""
    return as_json([*chain.from_iterable(_events(report, export.checks(report)) for report in export.reports)])


def _events(report: Report, checks: Sequence[Check]) -> Iterator[dict[str, object]]:
    for row in report.rows:
        yield from (_event(report, row, _finding(finding, checks)) for finding in row.findings)
    for row in report.rows:
        if not row.findings or row.verdict is Verdict.UNKNOWN:
            yield _event(report, row, _row(report, row))


def _event(report: Report, row: RowResult, members: Mapping[str, object]) -> dict[str, object]:
    cluster, name = report.cluster, report.tool.partition(" ")[0]
    cloud = {"provider": cluster.provider, "account": {"uid": visible(cluster.account)}}
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200301,
        "type_name": "Compliance Finding: Create",
        "time": milliseconds(report.finished),
        "metadata": {
            "version": _VERSION,
            "profiles": ["cloud"],
            "product": {"name": name, "vendor_name": NAME, "version": report.version},
        },
        "cloud": cloud | ({"region": visible(cluster.regions[0])} if cluster.regions else {}),
        "unmapped": {"row": row.row, "verdict": row.verdict.value, "cluster": visible(cluster.name)},
        **members,
    }


def _finding(finding: Finding, checks: Sequence[Check]) -> dict[str, object]:
    of, advice = finding.resource, finding.severity is Severity.LOW
    return {
        "severity_id": _SEVERITIES[finding.severity],
        "severity": str(finding.severity).capitalize(),
        "status_id": _SUPPRESSED if finding.waived else _NEW,
        "status": "Suppressed" if finding.waived else "New",
        "message": description(finding),
        "finding_info": {"uid": finding.id, "title": title(finding), "desc": text_of(checks, finding)},
        "compliance": _compliance(finding.check, _WARNING if advice else _FAIL),
        "resources": [{"uid": visible(of.id), "name": visible(of.name or of.id), "type": of.kind}],
    }


def _row(report: Report, row: RowResult) -> dict[str, object]:
    name = visible(report.cluster.name)
    return {
        "severity_id": _INFORMATIONAL,
        "severity": "Informational",
        "status_id": _NEW,
        "status": "New",
        "message": visible("; ".join((row.why, *row.unknown))),
        "finding_info": {"uid": f"{name}/{row.row}", "title": f"{row.area}: {row.verdict}", "desc": visible(row.why)},
        "compliance": _compliance(row.row, _ROW_STATUS[row.verdict]),
        "resources": [{"uid": name, "name": name, "type": "cluster"}],
    }


def _compliance(control: str, status: int) -> dict[str, object]:
    return {"standards": [_STANDARD], "control": control, "status_id": status, "status": _NAMES[status]}
