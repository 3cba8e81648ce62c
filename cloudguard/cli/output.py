"""Writes reports: chooses formats, files and colour."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from cloudguard.cli.failures import put
from cloudguard.cli.flags import MIN_SEVERITY, OUTPUT, ROW, SUMMARY, VERBOSE
from cloudguard.errors import UsageError
from cloudguard.needs.setting import Setting, Settings
from cloudguard.needs.settings import COLOR, FORMAT
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

_MODULES: Final = {"csv": "spreadsheet", "github": "workflow_commands", "gitlab": "code_quality"}
"""Format → module in ``formats.exports``, for the formats whose module has another name."""
PAGES: Final = ("html", "pdf")
"""The formats that put any number of reports into one page."""

_OWN: Final = 0o600
"""The mode of a report's file: only the owner may read it, because a report describes a network."""
_SHARED: Final = 0o644
"""The mode of a file of metrics: everyone may read it, because the collector runs as another user."""


@dataclass(frozen=True, slots=True)
class Sink:
    """One format and its file ("" is stdout). ``by_region``: regions tell apart the clusters that are written there."""

    format: str
    file: str = ""
    by_region: bool = False


def sinks(settings: Settings, formats: Setting[tuple[str, ...]] = FORMAT, usual: str = "table") -> tuple[Sink, ...]:
    """Return the sinks that ``-f`` and ``-o`` ask for. The default format is ``usual``.

    Raises UsageError if two formats have the same file, or a file can't be written.
    """
    output = settings.get(OUTPUT)
    wanted = [Sink(*_split(text)) for text in settings.get(formats) or (usual,)]
    if output is not None:
        if len(wanted) > 1 or wanted[0].file:
            message = "--output is only for a single format without its own file"
            raise UsageError(message, hint="Write -f FORMAT=FILE for each")
        wanted = [Sink(wanted[0].format, "" if output == "-" else output)]
    places = [sink.file for sink in wanted]
    for place in places:
        if places.count(place) > 1:
            message = f"--format: two formats for {place or 'stdout'}"
            raise UsageError(message, hint="Write -f FORMAT=FILE")
        writable(place)
    if any(sink.format == "pdf" for sink in wanted):
        _printable(wanted)
    return tuple(wanted)


def _printable(to: Sequence[Sink]) -> None:
    """Raise UsageError if a PDF can't be made or would go to a terminal. Called before a cluster is read."""
    from cloudguard.formats.html.pdf import require_printer  # noqa: PLC0415 - loaded only for PDF

    require_printer()
    if Sink("pdf") in to and sys.stdout.isatty():
        message = "--format: a PDF cannot be shown on a terminal"
        raise UsageError(message, hint="Write -f pdf=FILE")


def _split(text: str) -> tuple[str, str]:
    name, _, file = text.partition("=")
    return name, "" if file == "-" else file


def write(report: Report, to: Sequence[Sink], settings: Settings) -> None:
    """Write ``report`` to every sink. Raises UsageError if a file can't be written."""
    for sink in to:
        shown = as_page([report], sink) if sink.format in PAGES else rendered(report, sink, settings)
        save(shown, sink.file, mode_of(sink))


def mode_of(sink: Sink) -> int:
    """Return the mode of a sink's file: everyone may read metrics, only the owner may read a report."""
    return _SHARED if sink.format == "openmetrics" else _OWN


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
        case "json":
            from cloudguard.formats import json_report  # noqa: PLC0415 - each format loads only its own module

            return json_report.render(report)
        case "markdown":
            from cloudguard.formats import markdown  # noqa: PLC0415 - each format loads only its own module

            return markdown.render(report)
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
            export = import_module(f"cloudguard.formats.exports.{_MODULES.get(sink.format, sink.format)}")
            more = (_earlier(sink.file), sink.by_region) if sink.format == "openmetrics" else ()
            return str(export.render(report, _checks(report, sink), *more))


def _checks(report: Report, sink: Sink) -> Sequence[Check]:
    """Return all checks, with their references for a format that shows those."""
    from cloudguard.rows.judge import ROWS  # noqa: PLC0415 - as above

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


def streams_are_one() -> bool:
    """Return whether stdout and stderr are the same terminal, pipe or file, where a text on both would show twice."""
    try:
        return os.path.samestat(os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno()))
    except (OSError, AttributeError):  # one may be closed
        return False


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


def file_of(settings: Settings) -> str:
    """Return the file of ``-o``, "" for stdout."""
    file = settings.get(OUTPUT) or ""
    return "" if file == "-" else file


def writable(file: str) -> None:
    """Raise UsageError if ``file`` ("": stdout) can't be written. Called before a cluster is read."""
    if not file:
        if sys.stdout is None:
            message = "cannot write to stdout: it is closed"
            raise UsageError(message, hint="Give -o FILE")
        return
    path = Path(file)
    folder = path.resolve().parent
    if path.is_dir():
        reason = "it is a folder"
    elif not folder.is_dir():
        reason = f"there is no folder {folder}"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        reason = "permission denied"
    else:
        return
    message = f"cannot write {file}: {reason}"
    raise UsageError(message)


def save(content: str | bytes, file: str, mode: int = _OWN) -> None:
    """Write ``content`` to ``file`` ("" is stdout), which gets all of it or stays unchanged; a new file has ``mode``.

    A file that is not regular (a device, a pipe) is written directly. Raises UsageError if the file can't be written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if not file:
            put(content)
        elif Path(file).exists() and not Path(file).is_file():
            Path(file).write_bytes(data)
        else:
            _replace(Path(file).resolve(), data, mode)
    except OSError as error:
        message = f"cannot write {file or 'to stdout'}: {error.strerror or error}"
        raise UsageError(message) from None


def _replace(path: Path, data: bytes, mode: int) -> None:
    """Write ``data`` to a temporary file in the same folder and rename it to ``path``."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            os.fchmod(stream.fileno(), mode)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
