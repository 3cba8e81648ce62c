"""GitLab's Code Quality report: what it shows in a merge request."""

from __future__ import annotations

from collections.abc import Sequence

from cloudguard.formats.exports.common import as_json, description, location
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.MEDIUM: "major",
    Severity.LOW: "info",
}


def render(report: Report, checks: Sequence[Check]) -> str:
    """Return the findings of ``report`` that are not waived, as GitLab's "Code Quality report format" asks for."""
    del checks
    found = [finding for finding in report.findings if not finding.waived]
    return as_json(
        [
            {
                "description": description(finding),
                "check_name": finding.check,
                "fingerprint": finding.id,
                "severity": _SEVERITIES[finding.severity],
                "location": {"path": location(report, finding), "lines": {"begin": 1}},
            }
            for finding in found
        ]
    )
