"""Waivers in a run over several clusters: a waiver that one cluster uses is not unused for the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from cloudguard.results.finding import WaiverState, WaiverUse
from cloudguard.results.report import Report


def with_uses_of_all(reports: Sequence[Report], *, every_cluster: bool) -> tuple[Report, ...]:
    """Return ``reports`` in which a waiver is unused only where no cluster has a finding that it is about.

    Where one has, the others' reports leave it out. Without ``every_cluster``, some clusters were not read and may have
    it: whether a waiver is unused is then known only if the waiver names its cluster.
    """
    used = {_key(use) for report in reports for use in report.waivers if use.state is not WaiverState.UNUSED}
    return tuple(
        replace(report, waivers=tuple(_reported_uses(report, used, every_cluster=every_cluster))) for report in reports
    )


def _reported_uses(report: Report, used: Collection[tuple[str, int]], *, every_cluster: bool) -> Iterator[WaiverUse]:
    for use in report.waivers:
        if use.state is not WaiverState.UNUSED:
            yield use
        elif _key(use) not in used:
            yield (
                use if every_cluster or use.cluster == report.cluster.name else replace(use, state=WaiverState.UNKNOWN)
            )


def _key(use: WaiverUse) -> tuple[str, int]:
    """Return what tells a waiver from others: its file, and its number there."""
    return use.origin, use.number
