"""How ``check`` delivers its reports: the exit status of one report, of several, and of none."""

from __future__ import annotations

import pytest

import sample
from cloudguard import pipeline
from cloudguard.cli.output import Sink
from cloudguard.cli.reports import delivery
from cloudguard.cli.reports.past import Past
from cloudguard.errors import AccessError, ExitStatus
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import FAIL_ON
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

_CLEAN, _FOUND, _INCOMPLETE, _BOTH = (ExitStatus(number) for number in (0, 3, 4, 5))
_GONE = delivery.Failure("staging", AccessError("no credentials", hint="Log in"))


_WITHOUT = sample.report()
_WITH = sample.report(sample.finding(1, Severity.HIGH))
_UNREAD = sample.report(unknown=("a call",))


@pytest.mark.parametrize(
    ("reports", "status"),
    [
        ((), _CLEAN),
        ((_WITHOUT, _WITHOUT), _CLEAN),
        ((_WITHOUT, _WITH), _FOUND),
        ((_UNREAD, _WITHOUT), _INCOMPLETE),
        ((_WITH, _UNREAD), _BOTH),
        ((sample.report(sample.finding(1, Severity.HIGH), unknown=("a call",)), _WITHOUT), _BOTH),
    ],
)
def test_the_exit_statuses_of_several_reports_are_combined(reports: tuple[Report, ...], status: ExitStatus) -> None:
    assert delivery.exit_status_of(delivery.Run(reports, several=True), Settings()) is status


def test_a_cluster_without_a_report_is_named_and_the_other_reports_are_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = delivery.Run((pipeline.evaluate(sample.snapshot()),), (_GONE,))
    settings = Settings({FAIL_ON: "never"})
    assert delivery.deliver(run, settings, [Sink("markdown")], Past(settings)) is _INCOMPLETE
    assert delivery.deliver(run, Settings(), [Sink("markdown")], Past(Settings())) is _BOTH
    out, err = capsys.readouterr()
    assert out.startswith("# cloudguard: prod")
    assert err.startswith("cloudguard: staging: no credentials. Log in\nprod: ")
