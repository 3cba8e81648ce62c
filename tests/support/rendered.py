"""A report in each format, in the form that the command line writes into a file."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from cloudguard.formats import json_report, markdown, table
from cloudguard.formats.exports.common import Export
from cloudguard.needs.settings import FORMATS
from cloudguard.results.report import Report
from cloudguard.rows.judge import ROWS

_MODULES: Final = {"csv": "spreadsheet", "github": "workflow_commands", "gitlab": "code_quality"}
CHEAP: Final = tuple(name for name in FORMATS if name not in {"asff", "html", "pdf"})
"""The formats that are available for every cloud and are fast."""


def rendered(report: Report, format_name: str) -> str:
    """Return the report in the format ``format_name``."""
    if format_name == "html":
        return str(import_module("cloudguard.formats.html.page").render(report))
    for_people = {"json": json_report.render, "markdown": markdown.render, "table": table.render}
    if format_name in for_people:
        return for_people[format_name](report)
    export = import_module(f"cloudguard.formats.exports.{_MODULES.get(format_name, format_name)}")
    checks = [check for row in ROWS for check in row.CHECKS]
    return str(export.render(Export((report,), lambda _report: checks)))
