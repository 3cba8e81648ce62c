"""GitLab's Code Quality report, which GitLab shows in a merge request."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from cloudguard.formats.exports.common import Export, as_json, description, location, unknown_rows
from cloudguard.results.change import Resource
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

_SEVERITIES = {Severity.CRITICAL: "blocker", Severity.HIGH: "critical", Severity.MEDIUM: "major", Severity.LOW: "info"}
_UNKNOWN = "major"
"""The severity of a row that is not completely known."""


def render(export: Export) -> str:
    """Return the findings that are not waived, and the rows that are not completely known.

    The format is that of GitLab's documentation, "Code Quality report format".
    """
    return as_json([*chain.from_iterable(map(_issues, export.reports))])


def _issues(report: Report) -> Iterator[dict[str, object]]:
    for each in report.findings:
        if not each.waived:
            severity, path = _SEVERITIES[each.severity], location(report, each.resource)
            yield _issue(description(each), each.check, each.id, severity, path)
    place = location(report, Resource("cluster", report.cluster.name))
    yield from (_issue(text, row.row, name, _UNKNOWN, place) for row, name, text in unknown_rows(report))


def _issue(text: str, check: str, fingerprint: str, severity: str, path: str) -> dict[str, object]:
    return {
        "description": text,
        "check_name": check,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": 1}},
    }
