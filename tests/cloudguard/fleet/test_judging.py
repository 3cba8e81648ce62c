"""Several clusters judged by several processes: the same reports and errors, also if a process is killed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from errno import ENOSYS
from multiprocessing import active_children
from time import monotonic, sleep

import pytest

import sample
from cloudguard.errors import UsageError
from cloudguard.fleet import judging
from cloudguard.fleet.judging import Case, judged
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.waivers import DeclaredWaiver
from cloudguard.results.report import Report

NONE = Declarations()
WRONG = Declarations(waivers=(DeclaredWaiver("r", "o", date(2026, 1, 1), check="no/check"),))
"""Judging by these raises a SettingsError."""
GRACE = 1.0


class Deadly(Declarations):
    """Declarations that end the process which they are sent to."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (1,)


def cases(*declared: Declarations) -> list[Case]:
    return [(sample.snapshot(name=f"c{number}"), one) for number, one in enumerate(declared)]


def told(found: Sequence[Report | UsageError]) -> list[object]:
    """Return reports with the digests of their snapshots, and errors with their hints."""
    return [(one, one.snapshot_sha256) if isinstance(one, Report) else str(one) for one in found]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes, however little there is to judge."""
    for name, value in (("STARTING", 0.0), ("BUSY", float("inf")), ("_cores", lambda: 2)):
        monkeypatch.setattr(judging, name, value)


def test_little_work_is_done_by_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "ProcessPoolExecutor", None)
    assert len([*judged(cases(*[NONE] * 6))]) == 6
    assert [*judged([])] == []


def test_processes_give_the_same_reports_and_errors_and_end_at_once(processes: None) -> None:
    assert processes is None
    made = cases(NONE, WRONG, NONE, NONE, WRONG, NONE, NONE, NONE)
    alone = told([one for case in made for one in judged([case])])
    found = judged(made)
    first = [next(found) for _ in range(6)]
    assert active_children()
    assert told(first) == alone[:6]
    found.close()  # as Ctrl-C does
    end = monotonic() + GRACE
    while active_children():
        assert monotonic() < end
        sleep(0.01)


def test_a_system_without_processes_loses_no_report(processes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(ENOSYS, "Function not implemented")

    assert processes is None
    monkeypatch.setattr(judging, "ProcessPoolExecutor", refuse)
    assert len([*judged(cases(*[NONE] * 4))]) == 4


def test_a_process_that_is_killed_loses_no_report(processes: None) -> None:
    assert processes is None
    made = cases(NONE, NONE, NONE, NONE, Deadly(), NONE)
    assert told([*judged(made)]) == told([one for case in made for one in judged([case])])
