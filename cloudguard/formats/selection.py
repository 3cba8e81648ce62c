"""Selects a part of a report: some rows, the findings of a severity and above, and their changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import Report, RowResult
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of a report to show. Findings keep the numbers that they have in the complete report."""

    report: Report
    rows: tuple[RowResult, ...]
    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    numbers: Mapping[str, int]


def select(report: Report, rows: Collection[str] = (), min_severity: Severity = Severity.LOW) -> Selection:
    """Return the rows named in ``rows`` (empty: all), and their findings of ``min_severity`` and above with changes."""
    chosen = tuple(row for row in report.rows if not rows or row.row in rows)
    selected = {finding.id for row in chosen for finding in row.findings if finding.severity >= min_severity}
    findings = tuple(finding for finding in report.findings if finding.id in selected)
    changes = tuple(change for change in report.plan if selected.intersection(change.mends))
    return Selection(report, chosen, findings, changes, report.numbers)
