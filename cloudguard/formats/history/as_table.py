"""The content of a history as plain tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cloudguard.formats.phrases import MOST_LETTERS, brief, shortened
from cloudguard.formats.table import grid
from cloudguard.results.history.kept import ClusterSummary, Interval, KeptCluster, Period


def clusters(found: Sequence[ClusterSummary]) -> str:
    """Return a table of clusters, each with its latest run."""
    headers = ("CLUSTER", "LAST RUN", "LAST COMPLETE", "VERDICTS", "OPEN", "WAIVED", "UNCONFIRMED", "RUNS")
    rows = [
        (
            _location(one.cluster),
            one.last,
            "the last" if one.complete else one.last_complete or "none",
            _counts_text(Counter(verdict for _, verdict in one.verdicts).items()),
            _counts_text((severity, number) for severity, number in one.open),
            str(one.waived),
            str(one.unconfirmed),
            str(one.runs),
        )
        for one in found
    ]
    return grid(rows, headers) + "\n"


def intervals(found: Sequence[Interval]) -> str:
    """Return a table of intervals: the times in which a finding did not change."""
    headers = ("CLUSTER", "FINDING", "SEVERITY", "CHECK", "SINCE", "STATE", "WHAT")
    rows = [
        (
            one.cluster.name,
            one.finding,
            one.severity,
            one.check,
            one.began if one.began == one.first_seen else f"{one.began} (first {one.first_seen})",
            _state(one),
            shortened(brief(one.message), MOST_LETTERS),
        )
        for one in found
    ]
    return grid(rows, headers) + "\n"


def trend(found: Sequence[Period]) -> str:
    """Return a table of periods, the earliest first."""
    severities = [severity for severity, _ in found[0].open] if found else []
    headers = ("UNTIL", "RUNS", "INCOMPLETE", *(f"OPEN {severity.upper()}" for severity in severities), "NEW", "FIXED")
    rows = [
        (one.until, *map(str, (one.runs, one.incomplete, *(number for _, number in one.open), one.new, one.fixed)))
        for one in found
    ]
    return grid(rows, headers) + "\n"


def _location(cluster: KeptCluster) -> str:
    return " ".join(filter(None, (cluster.name, cluster.provider, cluster.account, cluster.regions)))


def _counts_text(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {word}" for word, number in counts) or "none"


def _state(one: Interval) -> str:
    """Return an interval's state: "open", "waived by …", "unconfirmed: last seen …", or its ending and time."""
    if one.ended:
        return f"{one.ended_as} {one.ended}"
    waived = f"waived by {one.waiver.owner} until {one.waiver.expires}" if one.waiver else ""
    unseen = f"unconfirmed: last seen {one.last_seen}" if one.last_seen else ""
    return "; ".join(filter(None, (waived, unseen))) or "open"
