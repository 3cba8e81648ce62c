"""Computes the changes of a run to a cluster's history: a pure function of the earlier state and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from cloudguard.comparison.findings import since
from cloudguard.comparison.listed import ListedFinding, ListedReport
from cloudguard.results.comparison import Fate, FindingChange
from cloudguard.results.since import Since
from cloudguard.values import dataclass


class Ending(StrEnum):
    """The reason why an interval ended."""

    FIXED = "fixed"
    REPLACED = "replaced"
    """The resource was created again with the same name. The finding continues under another id."""
    JUDGED_OTHERWISE = "judged otherwise"
    """All facts were read, but the declarations or the version of the program have changed."""
    CHANGED = "changed"
    """The finding continues with another severity, width or waiver."""


GONE = (Ending.FIXED, Ending.JUDGED_OTHERWISE)
"""The endings after which a finding counts as reopened if it occurs again."""


@dataclass(frozen=True, slots=True)
class OpenInterval:
    """An interval that has not ended. ``unseen``: the latest run did not show its finding.

    ``id`` is the interval's row. ``waiver`` is the JSON of the finding's waiver, "" if there is none.
    """

    id: int
    finding: ListedFinding
    waiver: str
    unseen: bool


@dataclass(frozen=True, slots=True)
class State:
    """A cluster's history before a run.

    ``reports`` has the latest run first, then the earlier runs that were the last to show an unconfirmed finding.
    ``circumstances`` is the id of the latest run's circumstances. ``last_shown`` is the time of the latest run that was
    shown to people, "" if there is none. ``intervals`` maps a finding's id to its open interval. ``closed`` are the ids
    of findings that ended with an ending in ``GONE``.
    """

    circumstances: int
    last_shown: str
    reports: tuple[ListedReport, ...]
    intervals: Mapping[str, OpenInterval]
    closed: frozenset[str]

    @property
    def finished(self) -> str:
        """The time when the latest run finished."""
        return self.reports[0].finished


@dataclass(frozen=True, slots=True)
class Outcome:
    """The changes of a run to a history. Intervals that it does not list do not change.

    ``began`` are findings whose interval begins, ``ended`` are ids of intervals that end. ``unseen`` are ids of
    intervals whose finding the run no longer confirms, ``confirmed`` of those that it confirms again. ``reworded`` are
    intervals whose finding has only a new text. ``since`` is None for a cluster's first run.
    """

    since: Since | None
    began: tuple[ListedFinding, ...] = ()
    ended: tuple[tuple[int, Ending], ...] = ()
    unseen: tuple[int, ...] = ()
    confirmed: tuple[int, ...] = ()
    reworded: tuple[tuple[int, ListedFinding], ...] = ()


def since_run(state: State, report: ListedReport) -> Since:
    """Return the changes in ``report`` since the cluster's latest run."""
    return since(state.reports[0], report, older=state.reports[1:], closed=state.closed)


def outcome(state: State | None, report: ListedReport, waivers: Mapping[str, str]) -> Outcome:
    """Return the changes of a run to a history; ``waivers`` maps a waived finding's id to the JSON of its waiver."""
    today = {finding.id: finding for row in report.rows.values() for finding in row.findings}
    if state is None:
        return Outcome(None, tuple(today.values()))
    comparison = since_run(state, report)
    changes = Changes(state, waivers)
    for change in comparison.findings:
        finding = today.get(change.id)
        if finding is None:
            changes.record_missing(change)
        else:
            changes.record_shown(change, finding)
    return Outcome(
        comparison,
        tuple(changes.began),
        tuple(changes.ended),
        tuple(changes.unseen),
        tuple(changes.seen),
        tuple(changes.reworded),
    )


class Changes:
    """Collects the changes of a run to the history, finding by finding."""

    def __init__(self, state: State, waivers: Mapping[str, str]) -> None:
        self._intervals, self._waivers = state.intervals, waivers
        self.began = list[ListedFinding]()
        self.ended = list[tuple[int, Ending]]()
        self.unseen = list[int]()
        self.seen = list[int]()
        self.reworded = list[tuple[int, ListedFinding]]()

    def record_missing(self, change: FindingChange) -> None:
        """Record a finding that the run does not show."""
        interval = self._intervals[change.id]
        if change.fate is Fate.FIXED:
            self.ended.append((interval.id, Ending.FIXED))
        elif change.read:
            self.ended.append((interval.id, Ending.JUDGED_OTHERWISE))
        elif not interval.unseen:
            self.unseen.append(interval.id)

    def record_shown(self, change: FindingChange, finding: ListedFinding) -> None:
        """Record a finding that the run shows."""
        interval = self._intervals.get(change.id)
        if interval is None:
            if change.replaces:
                self.ended.append((self._intervals[change.replaces].id, Ending.REPLACED))
            self.began.append(replace(finding, first_seen=change.first_seen))
        elif self._is_other(interval, finding, change):
            self.ended.append((interval.id, Ending.CHANGED))
            self.began.append(replace(finding, first_seen=change.first_seen))
        else:
            self.seen += [interval.id] if interval.unseen else []
            recorded = interval.finding
            if replace(recorded, first_seen="") != finding:
                self.reworded.append((interval.id, finding))

    def _is_other(self, interval: OpenInterval, finding: ListedFinding, change: FindingChange) -> bool:
        waiver = self._waivers.get(finding.id, "")
        return bool(change.was) or change.fate is Fate.WIDER or interval.waiver != waiver
