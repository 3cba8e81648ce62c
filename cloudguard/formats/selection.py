"""The part of a report that a reader asked for: some rows, findings from a severity on, and their changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report, RowResult


@dataclass(frozen=True, slots=True)
class Selection:
    """What is shown of a report; findings keep the numbers that they have in the whole of it."""

    report: Report
    rows: tuple[RowResult, ...]
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    numbers: Mapping[str, int]


def select(report: Report, rows: Collection[str] = (), min_severity: Severity = Severity.LOW) -> Selection:
    """Return the rows called ``rows`` (empty: all), their findings from ``min_severity`` on, and what mends these."""
    chosen = tuple(row for row in report.rows if not rows or row.row in rows)
    held = {finding.id for row in chosen for finding in row.findings if finding.severity >= min_severity}
    findings = tuple(finding for finding in report.findings if finding.id in held)
    changes = tuple(change for change in report.plan if held.intersection(change.mends))
    return Selection(report, chosen, findings, changes, report.numbers)
