"""Reports of one cluster for any number of nights. Each has one finding of this night and one finding that stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import sample
from cloudguard.results.report import Report

FIRST = datetime(2026, 1, 1, 2, 17, tzinfo=UTC)


def report(number: int) -> Report:
    """Return the report of the night ``number``, with two findings."""
    found = sample.report(sample.finding(1, text="stays"), sample.finding(2 + number, text=f"of night {number}"))
    return replace(found, finished=(FIRST + timedelta(days=number)).isoformat())
