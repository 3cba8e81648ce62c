"""Reports as far as they are compared, whether they are made now, read from a file or kept in a store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from cloudguard.results.change import Resource
from cloudguard.results.comparison import UNNAMED
from cloudguard.results.report import Report


@dataclass(frozen=True, slots=True)
class ListedFinding:
    """A finding as far as reports can be compared by it; ``severity``: "high"; ``width``: () if it is not known.

    ``first_seen``: when the first report with it was finished, if that is known to be another than its own.
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
    """A row: its findings, what is unknown of it, the ways in that were not asked for, and the keys that it heeds."""

    findings: tuple[ListedFinding, ...]
    unknown: tuple[str, ...]
    not_asked: frozenset[str]
    heeds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedReport:
    """A report: which cluster it is of ("provider account name"), its rows, and the declarations in force by key.

    ``finished``: when. ``version``: of the program, with the data that it judges by. ``gaps``: calls that failed, of
    which nothing says what they hide. ``checks``: ids of all checks that were made; None: not known.
    """

    cluster: str
    rows: Mapping[str, ListedRow]
    declared: Mapping[str, tuple[str, ...]]
    finished: str = ""
    version: str = ""
    gaps: frozenset[str] = field(default=frozenset())
    checks: frozenset[str] | None = None


def listed(report: Report, checks: Collection[str] | None = None) -> ListedReport:
    """Return a report as far as it is compared; ``checks``: ids of all checks that were made."""
    cluster = report.cluster
    return ListedReport(
        cluster=f"{cluster.provider} {cluster.account} {cluster.name}",
        rows={
            row.row: ListedRow(
                tuple(
                    ListedFinding(
                        id=one.id,
                        check=one.check,
                        severity=str(one.severity),
                        message=one.message,
                        waived=one.waived is not None,
                        resource=one.resource,
                        width=one.width,
                    )
                    for one in row.findings
                ),
                row.unknown,
                frozenset(one.what for one in row.basis.not_asked),
                row.basis.declared,
            )
            for row in report.rows
        },
        declared={one.name: one.values for one in report.declarations},
        finished=report.finished,
        version=report.tool.partition(" ")[2],
        gaps=frozenset(f"{gap.call} on {gap.resource}" for gap in report.gaps if not gap.hides),
        checks=None if checks is None else frozenset(checks),
    )
