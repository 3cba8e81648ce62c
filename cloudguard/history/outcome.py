"""Computes the changes of a run to a cluster's history: a pure function of the earlier state and the report."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import field, replace
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


@dataclasses.dataclass(slots=True)
class Outcome:
    """The changes of a run to a history. Intervals that it does not list do not change.

    ``since`` is None for a cluster's first run. ``began`` are findings whose interval begins, ``ended`` are ids of
    intervals that end. ``unseen`` are ids of intervals whose finding the run no longer confirms, ``confirmed`` of those
    that it confirms again. ``reworded`` are intervals whose finding has only a new text.
    """

    since: Since | None
    began: list[ListedFinding] = field(default_factory=list[ListedFinding])
    ended: list[tuple[int, Ending]] = field(default_factory=list[tuple[int, Ending]])
    unseen: list[int] = field(default_factory=list[int])
    confirmed: list[int] = field(default_factory=list[int])
    reworded: list[tuple[int, ListedFinding]] = field(default_factory=list[tuple[int, ListedFinding]])

    def record_missing(self, change: FindingChange, interval: OpenInterval) -> None:
        """Record a finding with an open interval that the run does not show."""
        if change.fate is Fate.FIXED:
            self.ended.append((interval.id, Ending.FIXED))
        elif change.read:
            self.ended.append((interval.id, Ending.JUDGED_OTHERWISE))
        elif not interval.unseen:
            self.unseen.append(interval.id)

    def record_shown(self, finding: ListedFinding, interval: OpenInterval, *, differs: bool) -> None:
        """Record a finding with an open interval that the run shows. ``differs``: it continues in a new interval."""
        if differs:
            self.ended.append((interval.id, Ending.CHANGED))
            self.began.append(finding)
            return
        if interval.unseen:
            self.confirmed.append(interval.id)
        if replace(interval.finding, first_seen="") != replace(finding, first_seen=""):
            self.reworded.append((interval.id, finding))


def since_run(state: State, report: ListedReport) -> Since:
    """Return the changes in ``report`` since the cluster's latest run."""
    return since(state.reports[0], report, older=state.reports[1:], closed=state.closed)


def outcome(state: State | None, report: ListedReport, waivers: Mapping[str, str]) -> Outcome:
    """Return the changes of a run to a history; ``waivers`` maps a waived finding's id to the JSON of its waiver."""
    today = {finding.id: finding for row in report.rows.values() for finding in row.findings}
    if state is None:
        return Outcome(None, [*today.values()])
    differences = since_run(state, report)
    result = Outcome(differences)
    for change in differences.findings:
        finding, interval = today.get(change.id), state.intervals.get(change.id)
        if finding is None:
            result.record_missing(change, state.intervals[change.id])
            continue
        finding = replace(finding, first_seen=change.first_seen)
        if interval is None:
            result.began.append(finding)
            if change.replaces:
                result.ended.append((state.intervals[change.replaces].id, Ending.REPLACED))
        else:
            waiver = waivers.get(finding.id, "")
            differs = change.was != "" or change.fate is Fate.WIDER or interval.waiver != waiver
            result.record_shown(finding, interval, differs=differs)
    return result
