"""Renders reports in the format, width and colour of each sink, and writes them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from cloudguard.cli.flags import MIN_SEVERITY, ROW, SUMMARY, VERBOSE
from cloudguard.cli.output import OWN, Sink, save
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import COLOR
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

_MODULES: Final = {
    "json": "json_report",
    "markdown": "markdown",
    "table": "table",
    "csv": "exports.spreadsheet",
    "github": "exports.workflow_commands",
    "gitlab": "exports.code_quality",
    "html": "html.page",
    "pdf": "html.pdf",
}
"""Format → module of ``formats``. The module of any other format is in ``exports`` and has the format's name."""
PAGES: Final = ("html", "pdf")
"""The formats that put any number of reports into one page."""

_SHARED: Final = 0o644
"""The mode of a file of metrics: everyone may read it, because the collector runs as another user."""


def prepare(formats: Iterable[str]) -> None:
    """Load what writes reports in ``formats``, so that writing takes less time later."""
    for name in formats:
        _module(name)


def _module(name: str) -> Any:  # noqa: ANN401 - the modules of the formats have no common type
    return import_module(f"cloudguard.formats.{_MODULES.get(name) or f'exports.{name}'}")


def write(report: Report, to: Sequence[Sink], settings: Settings) -> None:
    """Write ``report`` to every sink. Raises UsageError if a file can't be written."""
    for sink in to:
        content = as_page([report], sink) if sink.format in PAGES else rendered(report, sink, settings)
        save(content, sink.file, mode_of(sink))


def mode_of(sink: Sink) -> int:
    """Return the mode of a sink's file: everyone may read metrics, only the owner may read a report."""
    return _SHARED if sink.format == "openmetrics" else OWN


def as_page(reports: Sequence[Report], sink: Sink) -> str | bytes:
    """Return one page with all ``reports``, as HTML or PDF. Raises UsageError if the PDF can't be made."""
    from cloudguard.formats.html import page  # noqa: PLC0415 - each format loads only its own module

    text = page.render(*reports)
    if sink.format == "html":
        return text
    from cloudguard.formats.html import pdf  # noqa: PLC0415 - loaded only for PDF

    return pdf.from_page(text, max(report.finished for report in reports))


def rendered(report: Report, sink: Sink, settings: Settings) -> str:
    """Return ``report`` in the sink's format, with the width and colours that the sink's terminal or file takes."""
    screen = not sink.file and sys.stdout is not None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if screen else None
    color = coloured(settings.get(COLOR) or "auto", os.environ, screen=screen, file=bool(sink.file))
    return _rendered(report, sink, settings, color=color, width=width)


def _rendered(report: Report, sink: Sink, settings: Settings, *, color: bool, width: int | None) -> str:
    match sink.format:
        case "json" | "markdown":
            return str(_module(sink.format).render(report))
        case "table":
            from cloudguard.formats import table  # noqa: PLC0415 - each format loads only its own module

            return table.render(
                report,
                color=color,
                width=width,
                verbose=bool(settings.get(VERBOSE)),
                summary_only=bool(settings.get(SUMMARY)),
                rows=settings.get(ROW) or (),
                min_severity=Severity[(settings.get(MIN_SEVERITY) or "low").upper()],
            )
        case _:
            more = (_earlier(sink.file), sink.by_region) if sink.format == "openmetrics" else ()
            return str(_module(sink.format).render(report, _checks(report, sink), *more))


def _checks(report: Report, sink: Sink) -> Sequence[Check]:
    """Return all checks, with their references for a format that shows those."""
    from cloudguard.rows.judge import ROWS  # noqa: PLC0415 - each format loads only what it shows

    checks = [check for row in ROWS for check in row.CHECKS]
    if sink.format != "sarif":
        return checks
    from cloudguard.known import references_about  # noqa: PLC0415 - as above
    from cloudguard.rows.references import checks_with_references  # noqa: PLC0415 - likewise

    cluster = report.cluster
    return checks_with_references(checks, references_about(cluster.provider), managed=cluster.managed)


def _earlier(file: str) -> str:
    """Return the text that an earlier run wrote to ``file``, "" if there is none or it can't be read."""
    try:
        return Path(file).read_text(encoding="utf-8") if file and Path(file).is_file() else ""
    except (OSError, UnicodeDecodeError):
        return ""


def coloured(choice: str, environment: Mapping[str, str], *, screen: bool, file: bool = False) -> bool:
    """Return whether to use colours. ``choice`` (``--color``: auto, always or never) wins.

    With "auto": a file has no colours; then NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE and TERM=dumb of ``environment``
    decide, in this order; then only a terminal has colours.
    """
    if choice != "auto":
        return choice == "always"
    if file or environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE"):
        return True
    return screen and environment.get("TERM") != "dumb"
