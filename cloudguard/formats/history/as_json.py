"""The content of a history as JSON: lists of values, and the complete history as ``cloudguard/history/v1``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from cloudguard.formats.contract.document import text
from cloudguard.results.history.kept import ClusterSummary, HistoryExport, Interval, Period

Listed = Sequence[ClusterSummary] | Sequence[Interval] | Sequence[Period]


def render(data: Listed | HistoryExport) -> str:
    """Return ``data`` as JSON in ASCII. Equal values give equal text."""
    return text(asdict(data) if isinstance(data, HistoryExport) else [asdict(line) for line in data])
