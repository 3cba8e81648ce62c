"""Renders reports in the format, width and colour of each sink, and writes them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from cloudguard.cli.flags import MIN_SEVERITY, ROW, SUMMARY, VERBOSE
from cloudguard.cli.output import OWN, Sink, save
from cloudguard.formats import overview
from cloudguard.formats.exports.common import Export
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
PLACEHOLDER: Final = "{cluster}"
"""The part of a file's name that stands for the cluster's name."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_MOST: Final = 100
"""The largest number of characters of a cluster's name in a file's name."""
_SHARED: Final = 0o644
"""The mode of a file of metrics: everyone may read it, because the collector runs as another user."""


def prepare(formats: Iterable[str]) -> None:
    """Load what writes reports in ``formats``, so that writing takes less time later."""
    for name in formats:
        _module(name)


def _module(name: str) -> Any:  # noqa: ANN401 - the modules of the formats have no common type
    return import_module(f"cloudguard.formats.{_MODULES.get(name) or f'exports.{name}'}")


def write(reports: Sequence[Report], sink: Sink, settings: Settings, *, several: bool) -> None:
    """Write ``reports`` to a sink as one document. ``several``: more than one cluster was requested.

    A file's name with ``{cluster}`` then stands for one file for each report. Raises UsageError if a file can't be
    written.
    """
    if several and PLACEHOLDER in sink.file:
        for name, report in file_names(reports):
            write([report], replace(sink, file=sink.file.replace(PLACEHOLDER, name)), settings, several=False)
    else:
        mode = _SHARED if sink.format == "openmetrics" else OWN
        save(_document(reports, sink, settings, several=several), sink.file, mode)


def _document(reports: Sequence[Report], sink: Sink, settings: Settings, *, several: bool) -> str | bytes:
    """Return one document with all ``reports`` in the sink's format. Raises UsageError if it can't be made."""
    module = _module(sink.format)
    match sink.format:
        case "html" | "pdf":
            content: str | bytes = module.render(*reports)
        case "json":
            content = module.render_several(reports) if several else module.render(reports[0])
        case "markdown":
            content = overview.as_markdown(reports) if several else module.render(reports[0])
        case "table":
            screens = [_screen(report, sink, settings) for report in overview.worst_first(reports)]
            shown = screens if settings.get(VERBOSE) else []
            content = "\n".join([overview.as_table(reports), *shown]) if several else screens[0]
        case _:
            checks = partial(_checks, with_references=sink.format == "sarif")
            earlier = _earlier(sink.file) if sink.format == "openmetrics" else ""
            content = module.render(Export(tuple(reports), checks, several, earlier))
    return content


def _screen(report: Report, sink: Sink, settings: Settings) -> str:
    """Return ``report`` as a table with the width and colours that the sink's terminal or file takes."""
    from cloudguard.formats import table  # noqa: PLC0415 - each format loads only its own module

    screen = not sink.file and sys.stdout is not None and sys.stdout.isatty()
    return table.render(
        report,
        color=coloured(settings.get(COLOR) or "auto", os.environ, screen=screen, file=bool(sink.file)),
        width=shutil.get_terminal_size().columns if screen else None,
        verbose=bool(settings.get(VERBOSE)),
        summary_only=bool(settings.get(SUMMARY)),
        rows=settings.get(ROW) or (),
        min_severity=Severity[(settings.get(MIN_SEVERITY) or "low").upper()],
    )


def _checks(report: Report, *, with_references: bool) -> Sequence[Check]:
    """Return all checks, and with their references those of the report's cluster."""
    from cloudguard.rows.judge import ROWS  # noqa: PLC0415 - each format loads only what it shows

    checks = [check for row in ROWS for check in row.CHECKS]
    if not with_references:
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


def file_names(reports: Sequence[Report]) -> Iterator[tuple[str, Report]]:
    """Yield each report with a unique file name: the cluster's name.

    If several clusters have the same name, their account and regions are added, and then a number if needed.
    """
    plain = [_safe(report.cluster.name) for report in reports]
    used = Counter[str]()
    for report, name in zip(reports, plain, strict=True):
        cluster = report.cluster
        file_name = name if plain.count(name) == 1 else _safe("-".join((name, cluster.account, *cluster.places)))
        used[file_name] += 1
        yield (file_name if used[file_name] == 1 else f"{file_name}-{used[file_name]}"), report


def _safe(name: str) -> str:
    """Return ``name`` as a file name: it is not a path, not a hidden file and not empty."""
    return _UNSAFE.sub("_", name).lstrip(".")[:_MOST] or "_"
