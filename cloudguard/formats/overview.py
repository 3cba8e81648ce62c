"""The table of a run's clusters with the verdict of each row, the worst cluster first."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from cloudguard.formats.escaping import markdown, visible
from cloudguard.formats.markdown import render, table
from cloudguard.formats.phrases import place, severities_text, severity_counts, shortened
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report, Verdict
from cloudguard.results.wording import count

_MOST_NAME = 40
"""The largest number of characters of a cell, for example a cluster's name, on a screen."""


def worst_first(reports: Sequence[Report]) -> list[Report]:
    """Return the reports sorted by their findings that are not waived, then by unknown rows, then by name."""
    return sorted(reports, key=_order)


def _order(report: Report) -> tuple[object, ...]:
    tally = severity_counts(report.findings)
    unknown = sum(row.verdict is Verdict.UNKNOWN for row in report.rows)
    cluster = report.cluster
    names = (cluster.name, cluster.provider, cluster.account, cluster.places)
    return *(-tally[severity] for severity in sorted(Severity, reverse=True)), -unknown, *names


def _cells(report: Report) -> list[str]:
    """Return the cells of a cluster: its name, place, verdicts and findings."""
    counts = severities_text(severity_counts(report.findings))
    return [report.cluster.name, place(report.cluster), *(row.verdict.value for row in report.rows), counts]


def _headers(reports: Sequence[Report]) -> list[str]:
    return ["cluster", "place", *(row.row for row in reports[0].rows), "findings"]


def as_table(reports: Sequence[Report]) -> str:
    """Return the clusters as a plain table with the summary line below. ``reports`` must not be empty."""
    cells = [[shortened(visible(cell), _MOST_NAME) for cell in _cells(report)] for report in worst_first(reports)]
    grid = tabulate(cells, [header.upper() for header in _headers(reports)], "plain", disable_numparse=True)
    return f"{grid}\n\n{summary(reports)}\n"


def as_markdown(reports: Sequence[Report]) -> str:
    """Return the clusters as a Markdown table with a heading and the summary line, and a section for each report."""
    clusters = table(_headers(reports), [_cells(report) for report in worst_first(reports)])
    head = f"# cloudguard: {count(len(reports), 'cluster')}\n\n{clusters}\n\n{markdown(summary(reports))}\n"
    return "\n".join([head, *(render(report, level=2) for report in reports)])


def summary(reports: Sequence[Report]) -> str:
    """Return the summary line: the number of clusters, of failed and incomplete ones, and the findings of all."""
    failed = sum(any(row.verdict is Verdict.FAIL for row in report.rows) for report in reports)
    incomplete = sum(not report.complete for report in reports)
    tally = severity_counts(finding for report in reports for finding in report.findings)
    parts = [f"{count(len(reports), 'cluster')}: {failed} FAIL", f"findings: {severities_text(tally)}"]
    return "; ".join([*parts, *([f"{incomplete} INCOMPLETE"] if incomplete else ())])
