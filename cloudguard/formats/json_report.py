"""Reports as JSON: one in the contract ``cloudguard/report/v1``, several in ``cloudguard/fleet/v1``."""

from __future__ import annotations

from collections.abc import Sequence

from cloudguard.formats.contract.document import document, text
from cloudguard.formats.contract.report_shapes import REPORT_SHAPES, Subject
from cloudguard.results.report import SEVERAL_SCHEMA, Report


def render(report: Report) -> str:
    """Return ``report`` as JSON in ASCII. Equal reports give equal text."""
    return text(_document(report))


def render_several(reports: Sequence[Report]) -> str:
    """Return one document of all reports; its ``complete`` is true if every report is complete."""
    complete = all(report.complete for report in reports)
    return text({"schema": SEVERAL_SCHEMA, "complete": complete, "reports": [*map(_document, reports)]})


def _document(report: Report) -> object:
    return document(report, Subject.of(report), REPORT_SHAPES)
