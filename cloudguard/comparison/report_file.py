"""Reads a report's file as far as reports are compared."""

from __future__ import annotations

from cloudguard.comparison.listed import ListedReport, listed
from cloudguard.results.files import report_file


def load(data: bytes, name: str) -> ListedReport:
    """Return the report in ``data``, read from the file ``name``; raises UsageError in a line if it is none."""
    return listed(report_file.load(data, name))


def load_all(data: bytes, name: str) -> tuple[ListedReport, ...]:
    """Return the reports in ``data``: of one cluster, or of several in one document. Raises UsageError as ``load``."""
    return tuple(map(listed, report_file.load_all(data, name)))
