"""The compared parts of a report. The report may be new, read from a file, or read from a store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field

from cloudguard.results.change import Resource
from cloudguard.results.comparison import UNNAMED
from cloudguard.results.finding import Finding
from cloudguard.results.report import Report, RowResult, gap_text
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class ListedFinding:
    """The compared parts of a finding. ``severity``: a word ("high"). ``width``: () if it is not known.

    ``first_seen``: the time when the first report with the finding was finished, if that is known and is not its own
    report.
    """

    id: str
    check: str
    severity: str
    message: str
    waived: bool = False
    resource: Resource = UNNAMED
    first_seen: str = ""
    width: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedRow:
    """The compared parts of a row: findings, unknown facts, ways in not asked for, and keys of used declarations."""

    findings: tuple[ListedFinding, ...]
    unknown: tuple[str, ...]
    not_asked: frozenset[str]
    used_declarations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedReport:
    """The compared parts of a report.

    ``cluster``: "provider account name"; ``regions`` and ``place`` tell clusters of one name apart. ``rows``: name →
    row. ``declared``: key of a declaration in force → its values. ``finished``: the time when the report was finished.
    ``version``: the version of the program, which includes the data of its judgement. ``gaps``: failed calls that no
    row's ``unknown`` names. ``checks``: ids of all checks that were made; None: not known.
    """

    cluster: str
    rows: Mapping[str, ListedRow]
    declared: Mapping[str, tuple[str, ...]]
    finished: str = ""
    version: str = ""
    gaps: frozenset[str] = field(default=frozenset())
    checks: frozenset[str] | None = None
    regions: tuple[str, ...] = ()
    place: str = ""

    @property
    def name(self) -> str:
        """The cluster's name, for people: "memory 1234 prod here"."""
        return " ".join(filter(None, (self.cluster, *self.regions, self.place)))

    def is_of_cluster(self, other: ListedReport) -> bool:
        """Whether both reports are on one cluster. An unknown place ("", in reports of older versions) matches all."""
        same_place = self.place == other.place or not (self.place and other.place)
        return (self.cluster, self.regions) == (other.cluster, other.regions) and same_place


def listed(report: Report, checks: Collection[str] | None = None) -> ListedReport:
    """Return the compared parts of a report. ``checks``: ids of all checks that were made; None: not known."""
    cluster, unknown = report.cluster, {line for row in report.rows for line in row.unknown}
    return ListedReport(
        cluster=f"{cluster.provider} {cluster.account} {cluster.name}",
        rows={row.row: _listed_row(row) for row in report.rows},
        declared={declaration.name: declaration.values for declaration in report.declarations},
        finished=report.finished,
        version=report.version,
        gaps=frozenset(f"{gap.call} on {gap.resource}" for gap in report.gaps if gap_text(gap) not in unknown),
        checks=None if checks is None else frozenset(checks),
        regions=cluster.regions,
        place=cluster.place,
    )


def _listed_row(row: RowResult) -> ListedRow:
    findings = tuple(map(_listed_finding, row.findings))
    not_asked = frozenset(not_asked.what for not_asked in row.basis.not_asked)
    return ListedRow(findings, row.unknown, not_asked, row.basis.declared)


def _listed_finding(finding: Finding) -> ListedFinding:
    return ListedFinding(
        id=finding.id,
        check=finding.check,
        severity=str(finding.severity),
        message=finding.message,
        waived=finding.waived is not None,
        resource=finding.resource,
        width=finding.width,
    )
