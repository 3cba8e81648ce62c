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

_CLEAN, _FOUND, _INCOMPLETE, _BOTH = (ExitStatus(number) for number in (0, 3, 4, 5))
_GONE = delivery.Failure("staging", AccessError("no credentials", hint="Log in"))


@pytest.mark.parametrize(
    ("statuses", "united"),
    [
        ((), _CLEAN),
        ((_CLEAN, _CLEAN), _CLEAN),
        ((_CLEAN, _FOUND), _FOUND),
        ((_INCOMPLETE, _CLEAN), _INCOMPLETE),
        ((_FOUND, _INCOMPLETE), _BOTH),
        ((_BOTH, _CLEAN), _BOTH),
    ],
)
def test_the_exit_statuses_of_several_reports_are_combined(
    statuses: tuple[ExitStatus, ...], united: ExitStatus
) -> None:
    assert delivery.united(*statuses) is united


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
