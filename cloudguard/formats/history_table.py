"""The content of a history as plain tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cloudguard.formats.phrases import MOST_LETTERS, brief, shortened
from cloudguard.formats.table import grid
from cloudguard.results.history.kept import ClusterSummary, Interval, KeptCluster, Period


def clusters(summaries: Sequence[ClusterSummary]) -> str:
    """Return a table of clusters, each with its latest run."""
    headers = ("CLUSTER", "LAST RUN", "LAST COMPLETE", "VERDICTS", "OPEN", "WAIVED", "UNCONFIRMED", "RUNS")
    rows = [
        (
            _location(cluster.cluster),
            cluster.last,
            "the last" if cluster.complete else cluster.last_complete or "none",
            _counts_text(Counter(dict(cluster.verdicts).values()).items()),
            _counts_text(cluster.open),
            str(cluster.waived),
            str(cluster.unconfirmed),
            str(cluster.runs),
        )
        for cluster in summaries
    ]
    return grid(rows, headers) + "\n"


def intervals(listed: Sequence[Interval]) -> str:
    """Return a table of intervals: the times in which a finding did not change."""
    headers = ("CLUSTER", "FINDING", "SEVERITY", "CHECK", "SINCE", "STATE", "WHAT")
    rows = [
        (
            interval.cluster.name,
            interval.finding,
            interval.severity,
            interval.check,
            interval.began
            if interval.began == interval.first_seen
            else f"{interval.began} (first {interval.first_seen})",
            _state(interval),
            shortened(brief(interval.message), MOST_LETTERS),
        )
        for interval in listed
    ]
    return grid(rows, headers) + "\n"


def trend(periods: Sequence[Period]) -> str:
    """Return a table of periods, the earliest first."""
    severities = [severity for severity, _ in periods[0].open] if periods else []
    headers = ("UNTIL", "RUNS", "INCOMPLETE", *(f"OPEN {severity.upper()}" for severity in severities), "NEW", "FIXED")
    rows = [
        (
            period.until,
            *map(
                str, (period.runs, period.incomplete, *(number for _, number in period.open), period.new, period.fixed)
            ),
        )
        for period in periods
    ]
    return grid(rows, headers) + "\n"


def _location(cluster: KeptCluster) -> str:
    return " ".join(filter(None, (cluster.name, cluster.provider, cluster.account, cluster.regions)))


def _counts_text(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {word}" for word, number in counts) or "none"


def _state(interval: Interval) -> str:
    """Return an interval's state: "open", "waived by …", "unconfirmed: last seen …", or its ending and time."""
    if interval.ended:
        return f"{interval.ended_as} {interval.ended}"
    waived = f"waived by {interval.waiver.owner} until {interval.waiver.expires}" if interval.waiver else ""
    unseen = f"unconfirmed: last seen {interval.last_seen}" if interval.last_seen else ""
    return "; ".join(filter(None, (waived, unseen))) or "open"
