"""Read the compared parts of reports from a report's file."""

from __future__ import annotations

from cloudguard.comparison.listed import ListedReport, listed
from cloudguard.results.files import report_file


def load(data: bytes, name: str) -> ListedReport:
    """Return the report in ``data``, read from the file ``name``. Raises UsageError if ``data`` is not a report."""
    return listed(report_file.load(data, name))


def load_all(data: bytes, name: str) -> tuple[ListedReport, ...]:
    """Return the reports in ``data``, for one or several clusters. Raises UsageError if ``data`` holds no report."""
    return tuple(map(listed, report_file.load_all(data, name)))
