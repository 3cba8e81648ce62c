"""The heat table: several clusters and their rows, each cell coloured by the row's worst finding."""

from __future__ import annotations

from collections.abc import Sequence

from cloudguard.formats.html.sections import ReportSections
from cloudguard.formats.overview import summary
from cloudguard.formats.phrases import place
from cloudguard.results.report import RowResult, Verdict
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell for a row of a cluster: the verdict, the number of findings that are not waived, and the worst severity.

    ``warmth`` is the style class: the worst severity of a failed row, else the verdict in lower case.
    """

    anchor: str
    verdict: str
    count: int
    worst: str
    warmth: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A cluster: its name and place, and a cell for each row."""

    name: str
    place: str
    anchor: str
    cells: tuple[HeatCell, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """The heat table; ``areas`` are the rows' names in the Kubernetes documentation."""

    title: str
    summary: str
    areas: tuple[str, ...]
    rows: tuple[HeatRow, ...]


def heat_of(clusters: Sequence[ReportSections]) -> Heat | None:
    """Return the heat table of several clusters, in the given order; None for a single cluster."""
    if len(clusters) == 1:
        return None
    areas = tuple(section.row.area for section in clusters[0].rows)
    lines = tuple(map(_row, clusters))
    return Heat(f"{len(clusters)} clusters", summary([cluster.report for cluster in clusters]), areas, lines)


def _row(sections: ReportSections) -> HeatRow:
    cluster = sections.report.cluster
    cells = tuple(_cell(section.row, section.anchor) for section in sections.rows)
    return HeatRow(cluster.name, place(cluster), f"{sections.prefix}head", cells)


def _cell(row: RowResult, anchor: str) -> HeatCell:
    severities = [finding.severity for finding in row.findings if finding.waived is None]
    worst = str(max(severities)) if severities else ""
    warmth = worst if row.verdict is Verdict.FAIL and worst else row.verdict.lower()
    return HeatCell(anchor, row.verdict, len(severities), worst, warmth)
