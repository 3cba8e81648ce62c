"""GitLab's Code Quality report, which GitLab shows in a merge request."""

from __future__ import annotations

from collections.abc import Sequence

from cloudguard.formats.exports.common import as_json, description, location, unknown_rows
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

_SEVERITIES = {Severity.CRITICAL: "blocker", Severity.HIGH: "critical", Severity.MEDIUM: "major", Severity.LOW: "info"}


_UNKNOWN = "major"
"""The severity of a row that is not completely known."""


def render(report: Report, checks: Sequence[Check]) -> str:
    """Return the findings that are not waived, and the rows that are not completely known.

    The format is that of GitLab's documentation, "Code Quality report format".
    """
    del checks
    findings = [finding for finding in report.findings if not finding.waived]
    issues = [
        _issue(
            description(finding),
            finding.check,
            finding.id,
            _SEVERITIES[finding.severity],
            location(report, finding.resource),
        )
        for finding in findings
    ]
    place = location(report, Resource("cluster", report.cluster.name))
    issues += [_issue(text, row.row, name, _UNKNOWN, place) for row, name, text in unknown_rows(report)]
    return as_json(issues)


def _issue(text: str, check: str, fingerprint: str, severity: str, path: str) -> dict[str, object]:
    return {
        "description": text,
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }
