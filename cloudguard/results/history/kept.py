"""The contents of a history, as values for formats. Times are ISO 8601 in UTC, "" if there is none."""

from __future__ import annotations

from dataclasses import field
from typing import Final

from cloudguard.results.change import Resource
from cloudguard.results.finding import Waiver
from cloudguard.values import dataclass

SCHEMA: Final = "cloudguard/history/v1"


@dataclass(frozen=True, slots=True)
class KeptCluster:
    """A cluster that has runs in a history. ``regions``: its regions and its place in them, with commas."""

    provider: str
    account: str
    regions: str
    name: str


@dataclass(frozen=True, slots=True)
class ClusterSummary:
    """A cluster at its latest run. ``open``: the number of unwaived findings by severity ("high"), the worst first.

    ``runs`` is the number of stored runs. ``last_complete`` is the time of the latest run that read all facts of its
    rows.
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
        """Whether the latest run read all facts of its rows."""
        return self.last == self.last_complete


@dataclass(frozen=True, slots=True)
class Interval:
    """A time in which a finding had the same severity and waiver: from ``began`` to ``ended`` ("": it is open).

    ``first_seen``: when the finding began, with any severity and waiver. ``last_seen``: the last run that showed it, if
    that is not the latest run. ``ended_as``: "fixed", "replaced", "judged otherwise" or "changed".
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
    """Some days up to ``until``.

    ``open``: the number of unwaived findings at the end, by severity. ``new`` and ``fixed``: the number of findings
    that began, and that were fixed, in these days.
    """

    until: str
    runs: int
    incomplete: int
    open: tuple[tuple[str, int], ...]
    new: int
    fixed: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a cluster. ``verdicts`` are pairs of row and verdict."""

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
