"""CSV (RFC 4180) for spreadsheets: a line for each finding, and a line for each row without findings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain

from cloudguard.formats.escaping import visible
from cloudguard.formats.exports.common import Export
from cloudguard.formats.phrases import waiver, witness
from cloudguard.results.finding import Finding
from cloudguard.results.report import Report, RowResult

_COLUMNS = (
    *("cluster", "provider", "account", "read", "complete", "row", "area", "verdict", "why", "unknown"),
    *("number", "id", "check", "severity", "kind", "resource", "name"),
    *("message", "witness", "hosts", "advice", "waived"),
    *("regions", "place"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def render(export: Export) -> str:
    """Return the reports as CSV with a line of headings."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    writer.writerows([cell(text) for text in line] for line in chain(*map(_lines, export.reports)))
    return file.getvalue()


def cell(text: str) -> str:
    """Return ``text`` as a one-line cell that no spreadsheet reads as a formula (OWASP, "CSV injection")."""
    return f"'{visible(text)}" if text.startswith(_FORMULA) or visible(text).startswith(_FORMULA) else visible(text)


def _lines(report: Report) -> Iterator[tuple[str, ...]]:
    cluster = report.cluster
    begin = cluster.name, cluster.provider, cluster.account, report.finished, str(report.complete).lower()
    end = ", ".join(cluster.regions), cluster.place
    for row in report.rows:
        for finding in row.findings:
            yield *begin, *_row(row), *_finding(finding, report.numbers[finding.id]), *end
        if not row.findings:
            yield *begin, *_row(row), *[""] * (len(_COLUMNS) - len(begin) - len(_row(row)) - len(end)), *end


def _row(row: RowResult) -> tuple[str, ...]:
    return row.row, row.area, row.verdict, row.why, "; ".join(row.unknown)


def _finding(finding: Finding, number: int) -> tuple[str, ...]:
    of = finding.resource
    texts = finding.message, witness(finding), " ".join(finding.hosts), finding.advice, waiver(finding)
    return str(number), finding.id, finding.check, str(finding.severity), of.kind, of.id, of.name, *texts
