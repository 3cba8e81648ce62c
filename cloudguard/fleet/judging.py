"""The judging of several clusters, in several processes if that takes less time."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import active_children, get_context
from time import perf_counter, process_time
from typing import Final, TypeAlias

from cloudguard import pipeline
from cloudguard.errors import UsageError
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import Report

Case: TypeAlias = tuple[Snapshot, Declarations]
"""A cluster's facts, and the declarations to judge it by."""
FIRST: Final = 3
"""The number of clusters that are judged first, to measure if several processes would take less time."""
MOST: Final = 4
"""The largest number of processes. Each of them takes about 50 MB, and more for large clusters."""
STARTING: Final = 1.5
"""The seconds that a process takes to start and to load what judging needs."""
BUSY: Final = 1.5
"""If judging takes so many times its processor time, other programs use the cores, and more processes do not help."""


def judged(cases: Sequence[Case]) -> Generator[Report | UsageError]:
    """Yield the report on each case, or the error that judging it raises."""
    if not cases:
        return
    yield _judged(cases[0])  # loads what judging needs, so its time tells nothing
    begun, worked = perf_counter(), process_time()
    yield from [_judged(case) for case in cases[1:FIRST]]
    worked, waited, rest = process_time() - worked, perf_counter() - begun, cases[FIRST:]
    processes = min(_cores(), MOST, len(rest)) if waited < BUSY * worked else 1
    if processes > 1 and worked / (FIRST - 1) * len(rest) * (1 - 1 / processes) > STARTING:
        yield from _judged_by_processes(rest, processes)
    else:
        yield from map(_judged, rest)


def _judged(case: Case) -> Report | UsageError:
    try:
        return pipeline.evaluate(*case)
    except UsageError as error:
        return error


def _judged_by_processes(cases: Sequence[Case], processes: int) -> Iterator[Report | UsageError]:
    """Yield the same as ``judged``. A case without a report from the processes is judged here."""
    number = 0
    try:
        with _pool(processes) as pool:
            for report in pool.map(_report, cases):
                number += 1
                snapshot, _ = case = cases[number - 1]
                yield replace(report, snapshot=snapshot) if report else _judged(case)
    except (BrokenProcessPool, OSError, NotImplementedError):  # one was killed, or the system allows no processes
        yield from map(_judged, cases[number:])


@contextmanager
def _pool(processes: int) -> Generator[ProcessPoolExecutor]:
    """Yield a pool of processes, which end at once if the block raises an error."""
    spawned = get_context("spawn")  # a forked process would have copies of locks that threads hold
    pool = ProcessPoolExecutor(processes, spawned, _ignore_interrupts)
    try:
        yield pool
    except BaseException:
        for each in active_children():
            each.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _report(case: Case) -> Report | None:
    """Return the report on a case without its snapshot, which the caller has; None if judging raises UsageError."""
    found = _judged(case)
    return replace(found, snapshot=None) if isinstance(found, Report) else None


def _ignore_interrupts() -> None:
    """Ignore Ctrl-C, which the terminal sends to all processes: the parent process ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
