"""What a run changes in a cluster's history: a pure function of the state before it and its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cloudguard.comparison.findings import since
from cloudguard.comparison.listed import ListedFinding, ListedReport
from cloudguard.results.comparison import Fate, FindingChange
from cloudguard.results.since import Since


class Ending(StrEnum):
    """Why an interval ended."""

    FIXED = "fixed"
    REPLACED = "replaced"
    """Its resource was made anew with the same name; the finding goes on under another id."""
    JUDGED_OTHERWISE = "judged otherwise"
    """All that it rests on was read, by another declaration or another version of the program."""
    CHANGED = "changed"
    """The finding goes on, of another severity, width or waiver."""


GONE = (Ending.FIXED, Ending.JUDGED_OTHERWISE)
"""After these, a finding that is there again is reopened."""


@dataclass(frozen=True, slots=True)
class OpenInterval:
    """An interval that is open; ``unseen``: the latest run did not show its finding."""

    id: int
    finding: ListedFinding
    waiver: str
    unseen: bool


@dataclass(frozen=True, slots=True)
class State:
    """A cluster's history before a run: the latest run first, then those that showed what it could not confirm.

    ``circumstances``: the row of what the latest run rested on. ``shown``: when the latest run was finished that was
    shown to people, "" if none was. ``intervals`` are by the ids of their findings. ``closed``: ids of findings that
    were there and then were gone.
    """

    circumstances: int
    shown: str
    reports: tuple[ListedReport, ...]
    intervals: Mapping[str, OpenInterval]
    closed: frozenset[str]

    @property
    def finished(self) -> str:
        """When the latest run was finished."""
        return self.reports[0].finished


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run changes: intervals begin (``began``) and end; others stay as they are.

    ``unseen`` and ``seen`` are intervals whose findings the run does not confirm any more, or does again; ``retold``
    those of which only what is said about them is new. ``since`` is None for a cluster's first run.
    """

    since: Since | None
    began: tuple[ListedFinding, ...] = ()
    ended: tuple[tuple[int, Ending], ...] = ()
    unseen: tuple[int, ...] = ()
    seen: tuple[int, ...] = ()
    retold: tuple[tuple[int, ListedFinding], ...] = ()


def since_run(state: State, report: ListedReport) -> Since:
    """Return what is different in ``report`` from a cluster's latest run."""
    return since(state.reports[0], report, older=state.reports[1:], closed=state.closed)


def outcome(state: State | None, report: ListedReport, waivers: Mapping[str, str]) -> Outcome:
    """Return what a run changes; ``waivers``: the waiver of each waived finding, as it is kept, by the finding's id."""
    today = {one.id: one for row in report.rows.values() for one in row.findings}
    if state is None:
        return Outcome(None, tuple(today.values()))
    found = since_run(state, report)
    changes = Changes(state, waivers)
    for change in found.findings:
        finding = today.get(change.id)
        if finding is None:
            changes.gone(change)
        else:
            changes.there(change, finding)
    return Outcome(
        found,
        tuple(changes.began),
        tuple(changes.ended),
        tuple(changes.unseen),
        tuple(changes.seen),
        tuple(changes.retold),
    )


class Changes:
    """What the findings of a run change, gathered finding by finding."""

    def __init__(self, state: State, waivers: Mapping[str, str]) -> None:
        self._intervals, self._waivers = state.intervals, waivers
        self.began = list[ListedFinding]()
        self.ended = list[tuple[int, Ending]]()
        self.unseen = list[int]()
        self.seen = list[int]()
        self.retold = list[tuple[int, ListedFinding]]()

    def gone(self, change: FindingChange) -> None:
        """Take in a finding that the run does not show."""
        interval = self._intervals[change.id]
        if change.fate is Fate.FIXED:
            self.ended.append((interval.id, Ending.FIXED))
        elif change.read:
            self.ended.append((interval.id, Ending.JUDGED_OTHERWISE))
        elif not interval.unseen:
            self.unseen.append(interval.id)

    def there(self, change: FindingChange, finding: ListedFinding) -> None:
        """Take in a finding that the run shows."""
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
            kept = interval.finding
            if replace(kept, first_seen="") != finding:
                self.retold.append((interval.id, finding))

    def _is_other(self, interval: OpenInterval, finding: ListedFinding, change: FindingChange) -> bool:
        waiver = self._waivers.get(finding.id, "")
        return bool(change.was) or change.fate is Fate.WIDER or interval.waiver != waiver
