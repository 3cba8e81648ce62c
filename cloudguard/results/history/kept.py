"""What a history holds, as values for formats. Times are ISO 8601 in UTC, "" where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cloudguard.results.change import Resource
from cloudguard.results.finding import Waiver

SCHEMA: Final = "cloudguard/history/v1"


@dataclass(frozen=True, slots=True)
class KeptCluster:
    """A cluster that has runs in a history."""

    provider: str
    account: str
    regions: str
    name: str


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """A cluster at its latest run; ``open``: unwaived findings by severity ("high"), worst first.

    ``runs`` counts those that are kept; ``last_complete``: the latest that could read all that its rows rest on.
    """

    cluster: KeptCluster
    runs: int
    first: str
    last: str
    last_complete: str
    verdicts: tuple[tuple[str, str], ...]
    open: tuple[tuple[str, int], ...]
    waived: int
    unconfirmed: int

    @property
    def complete(self) -> bool:
        """Whether the latest run could read all that its rows rest on."""
        return self.last == self.last_complete


@dataclass(frozen=True, slots=True)
class Interval:
    """A time in which a finding was the same: from ``began`` to ``ended`` ("": it is open), of one severity and waiver.

    ``first_seen``: when the finding began, whatever it was then. ``last_seen``: the last run that showed it, if that is
    not the latest. ``ended_as``: "fixed", "replaced", "judged otherwise" or "changed".
    """

    cluster: KeptCluster
    finding: str
    check: str
    severity: str
    resource: Resource
    message: str
    waiver: Waiver | None
    first_seen: str
    began: str
    last_seen: str
    ended: str
    ended_as: str


@dataclass(frozen=True, slots=True)
class Period:
    """Some days up to ``until``: the unwaived findings open then by severity, and what began and was fixed in them."""

    until: str
    runs: int
    incomplete: int
    open: tuple[tuple[str, int], ...]
    new: int
    fixed: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a cluster; ``verdicts`` by row."""

    cluster: KeptCluster
    finished: str
    complete: bool
    verdicts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HistoryExport:
    """All that a store holds."""

    runs: tuple[Run, ...]
    findings: tuple[Interval, ...]
    schema: str = field(default=SCHEMA)
