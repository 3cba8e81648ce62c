"""The report as JSON, in the contract ``cloudguard/report/v1``."""

from __future__ import annotations

from cloudguard.formats.contract.document import document, text
from cloudguard.formats.contract.report_shapes import REPORT_SHAPES, Subject
from cloudguard.results.report import Report


def render(report: Report) -> str:
    """Return ``report`` as JSON in ASCII. Equal reports give equal text."""
    return text(document(report, Subject.of(report), REPORT_SHAPES))
