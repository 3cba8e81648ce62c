"""Waivers in a run over several clusters: one that a cluster uses is no unused one of the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from cloudguard.results.finding import WaiverState, WaiverUse
from cloudguard.results.report import Report


def with_uses_of_all(reports: Sequence[Report], *, whole: bool) -> tuple[Report, ...]:
    """Return ``reports`` in which a waiver is unused only where no cluster has a finding that it is about.

    Where one has, the others' reports leave it out. Unless the run is ``whole``, a cluster that was not read may have
    it: whether a waiver is unused is then known only of one that names its cluster.
    """
    used = {_key(use) for report in reports for use in report.waivers if use.state is not WaiverState.UNUSED}
    return tuple(replace(report, waivers=tuple(_reported_uses(report, used, whole=whole))) for report in reports)


def _reported_uses(report: Report, used: Collection[tuple[str, int]], *, whole: bool) -> Iterator[WaiverUse]:
    for use in report.waivers:
        if use.state is not WaiverState.UNUSED:
            yield use
        elif _key(use) not in used:
            yield use if whole or use.cluster == report.cluster.name else replace(use, state=WaiverState.UNKNOWN)


def _key(use: WaiverUse) -> tuple[str, int]:
    """Return what tells a waiver from others: its file, and its number there."""
    return use.origin, use.number
