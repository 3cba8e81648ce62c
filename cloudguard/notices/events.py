"""Which events of a run somebody wants to be told of."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from cloudguard.results.comparison import Fate
from cloudguard.results.finding import Finding, WaiverState
from cloudguard.results.report import Report


class Event(StrEnum):
    """A reason to send a notice; the words of ``--notify-on``."""

    NEW = "new"
    """A finding that counts is new, back, or wider than before."""
    FIXED = "fixed"
    """A finding is gone, and all that it rested on was read."""
    INCOMPLETE = "incomplete"
    """Something that a row rests on could not be read."""
    EXPIRING = "expiring"
    """A waiver expires within days, has expired, or is outgrown."""
    ALWAYS = "always"


USUAL = (Event.NEW, Event.INCOMPLETE, Event.EXPIRING)
_NEWS = (Fate.NEW, Fate.REOPENED, Fate.REPLACED, Fate.WIDER)
_LAPSING = frozenset({WaiverState.EXPIRING, WaiverState.EXPIRED, WaiverState.OUTGROWN})


def new_findings(report: Report) -> tuple[Finding, ...]:
    """Return the findings that count and are new, the worst first: all that count where no earlier run is known."""
    counting = tuple(finding for finding in report.findings if finding.counts)
    if report.since is None:
        return counting
    news = {one.id for one in report.since.of_fate(*_NEWS)}
    return tuple(finding for finding in counting if finding.id in news)


def events(report: Report) -> frozenset[Event]:
    """Return what happened."""
    found = {Event.ALWAYS}
    found |= {Event.NEW} if new_findings(report) else set()
    found |= {Event.FIXED} if report.since and report.since.fixed else set()
    found |= set() if report.complete else {Event.INCOMPLETE}
    found |= {Event.EXPIRING} if any(use.state in _LAPSING for use in report.waivers) else set()
    return frozenset(found)


def happened(reports: Iterable[Report], wanted: Iterable[str]) -> bool:
    """Whether any of the events ``wanted`` (words) happened in any of the reports."""
    words = frozenset(wanted)
    return any(event in words for report in reports for event in events(report))
