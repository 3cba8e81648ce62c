"""The numbers of open, new and fixed findings over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from cloudguard.history.outcome import Ending
from cloudguard.history.queries import SEVERITIES
from cloudguard.history.times import earlier
from cloudguard.results.history.kept import HistoryExport, Interval, Period

MOST_PERIODS = 12


def trend(history: HistoryExport, every: timedelta) -> tuple[Period, ...]:
    """Return the last ``MOST_PERIODS`` periods of the length ``every``, the earliest first.

    The last period ends with the latest run.
    """
    if not history.runs:
        return ()
    times = [run.finished for run in history.runs]
    until, periods = max(times), list[Period]()
    while len(periods) < MOST_PERIODS and until >= min(times):
        after = earlier(until, every)
        periods.append(_period(history, after, until))
        until = after
    return tuple(reversed(periods))


def _period(history: HistoryExport, after: str, until: str) -> Period:
    runs = [run for run in history.runs if after < run.finished <= until]
    began = (
        finding
        for finding in history.findings
        if finding.began == finding.first_seen and after < finding.began <= until
    )
    fixed = (
        finding for finding in history.findings if finding.ended_as == Ending.FIXED and after < finding.ended <= until
    )
    return Period(
        until=until,
        runs=len(runs),
        incomplete=sum(not run.complete for run in runs),
        open=_open(history.findings, until),
        new=sum(1 for _ in began),
        fixed=sum(1 for _ in fixed),
    )


def _open(findings: Sequence[Interval], at: str) -> tuple[tuple[str, int], ...]:
    present = (finding for finding in findings if finding.began <= at and (not finding.ended or finding.ended > at))
    counts = Counter(interval.severity for interval in present if interval.waiver is None)
    return tuple((severity, counts[severity]) for severity in SEVERITIES)
