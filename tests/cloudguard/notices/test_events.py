"""The events of a notice: new, fixed, incomplete, expiring."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sample
from cloudguard.needs.settings import NOTIFY_EVENTS
from cloudguard.notices.events import USUAL, Event, events, has_event, new_findings
from cloudguard.results.comparison import Fate, FindingChange
from cloudguard.results.finding import Severity, Waiver, WaiverState, WaiverUse
from cloudguard.results.report import Report
from cloudguard.results.since import Since

NOTHING = set[Event]()
OPEN = sample.finding(1)
WAIVED = sample.finding(2, waived=Waiver("alice", "why", "2027-01-01"))
ADVICE = sample.finding(3, Severity.LOW)
CLEAN = sample.report()


def change(fate: Fate, number: int = 1) -> FindingChange:
    finding = sample.finding(number)
    return FindingChange(fate, finding.id, finding.check, str(finding.severity), finding.message)


def since(*changes: FindingChange) -> Since:
    return Since("2026-01-01T00:00:00Z", changes)


def use(state: WaiverState) -> WaiverUse:
    return WaiverUse(1, "w.toml", "finding 1", "alice", "why", "2027-01-01", state, 3)


def test_the_events_are_the_values_of_the_flag() -> None:
    assert tuple(map(str, Event)) == NOTIFY_EVENTS


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (CLEAN, NOTHING),
        (sample.report(OPEN), {Event.NEW}),
        (sample.report(WAIVED, ADVICE), NOTHING),
        (replace(sample.report(OPEN), since=since(change(Fate.UNCHANGED))), NOTHING),
        (replace(sample.report(OPEN), since=since(change(Fate.WIDER))), {Event.NEW}),
        (replace(sample.report(OPEN), since=since(change(Fate.REOPENED))), {Event.NEW}),
        (replace(sample.report(WAIVED), since=since(change(Fate.NEW, 2))), NOTHING),
        (replace(CLEAN, since=since(change(Fate.FIXED))), {Event.FIXED}),
        (replace(CLEAN, since=since(change(Fate.UNCONFIRMED))), NOTHING),
        (sample.report(unknown=("a call",)), {Event.INCOMPLETE}),
        (replace(CLEAN, waivers=(use(WaiverState.EXPIRING),)), {Event.EXPIRING}),
        (replace(CLEAN, waivers=(use(WaiverState.EXPIRED),)), {Event.EXPIRING}),
        (replace(CLEAN, waivers=(use(WaiverState.ACTIVE), use(WaiverState.UNUSED))), NOTHING),
    ],
)
def test_a_report_has_the_expected_events(report: Report, expected: set[Event]) -> None:
    assert events(report) == expected | {Event.ALWAYS}
    assert has_event([CLEAN, report], USUAL) is bool(expected & {*USUAL})
    assert has_event([report], ["always"])
    assert not has_event([], ["always"])


def test_without_an_earlier_run_every_counting_finding_is_new() -> None:
    report = sample.report(OPEN, WAIVED, ADVICE)
    assert new_findings(report) == (OPEN,)
    assert new_findings(replace(report, since=since(change(Fate.UNCHANGED)))) == ()
