"""The events of a run that can cause a notice."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from cloudguard.results.comparison import Fate
from cloudguard.results.finding import Finding, WaiverState
from cloudguard.results.report import Report


class Event(StrEnum):
    """A reason to send a notice. The values are the words of ``--notify-on``."""

    NEW = "new"
    """A finding that counts is new, reopened, replaced or wider than before."""
    FIXED = "fixed"
    """A finding is gone, and all facts that it rested on were read."""
    INCOMPLETE = "incomplete"
    """A fact that a row rests on could not be read."""
    EXPIRING = "expiring"
    """A waiver expires within days, has expired, or is outgrown."""
    ALWAYS = "always"


USUAL = (Event.NEW, Event.INCOMPLETE, Event.EXPIRING)
_NEWS = (Fate.NEW, Fate.REOPENED, Fate.REPLACED, Fate.WIDER)
_LAPSING = frozenset({WaiverState.EXPIRING, WaiverState.EXPIRED, WaiverState.OUTGROWN})


def new_findings(report: Report) -> tuple[Finding, ...]:
    """Return the new findings that count, the worst first. Without an earlier run, all findings that count are new."""
    counting = tuple(finding for finding in report.findings if finding.counts)
    if report.since is None:
        return counting
    news = {change.id for change in report.since.with_fate(*_NEWS)}
    return tuple(finding for finding in counting if finding.id in news)


def events(report: Report) -> frozenset[Event]:
    """Return the events that happened in ``report``."""
    result = {Event.ALWAYS}
    result |= {Event.NEW} if new_findings(report) else set()
    result |= {Event.FIXED} if report.since and report.since.fixed else set()
    result |= set() if report.complete else {Event.INCOMPLETE}
    result |= {Event.EXPIRING} if any(use.state in _LAPSING for use in report.waivers) else set()
    return frozenset(result)


def has_event(reports: Iterable[Report], wanted: Iterable[str]) -> bool:
    """Whether any of the events ``wanted`` (words of ``--notify-on``) happened in any of the reports."""
    words = frozenset(wanted)
    return any(event in words for report in reports for event in events(report))
