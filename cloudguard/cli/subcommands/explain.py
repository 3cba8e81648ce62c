"""The command ``explain``: explains a row, a check or a finding."""

from __future__ import annotations

from shlex import quote

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.flags import SNAPSHOT
from cloudguard.cli.settings import CommandLine
from cloudguard.cli.snapshots import snapshot_of
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.formats import explain as pages
from cloudguard.formats.table import grid
from cloudguard.needs.declarations_file import declarations
from cloudguard.needs.setting import Settings
from cloudguard.rows.judge import ROWS
from cloudguard.rows.references import check_references

_HINT = "List them: cloudguard explain. For a finding, add --snapshot FILE, or a provider and its flags"


def explain(line: CommandLine) -> int:
    """Write the page about a row, check or finding; without an argument, list all rows and checks."""
    settings = line.settings()
    output.save(_page(line, settings), output.file_of(settings))
    return int(ExitStatus.CLEAN)


def _page(line: CommandLine, settings: Settings) -> str:
    subject = line.argument("what")
    if not subject:
        listed = list[tuple[str, str]]()
        for row in ROWS:
            listed += [(row.ROW, row.AREA), *((check.id, check.text) for check in row.CHECKS)]
        return grid(listed, ("ROW OR CHECK", "SUBJECT")) + "\n"
    for row in ROWS:
        if subject == row.ROW:
            return pages.row_page(row.ROW, row.AREA, row.__doc__ or "", row.CHECKS)
        for check in row.CHECKS:
            if subject == check.id:
                return pages.check_page(check, row.ROW, check_references(check.id))
    return _finding(subject, line, settings)


def _finding(subject: str, line: CommandLine, settings: Settings) -> str:
    if settings.get(SNAPSHOT) is None and not line.provider:
        message = f"there is no row or check {subject!r}"
        raise UsageError(message, hint=_HINT)
    declared = declarations(settings)
    report = pipeline.evaluate(snapshot_of(line, settings).result, declared)
    file = settings.get(SNAPSHOT)
    where = f"{line.provider} --cluster {quote(report.cluster.name)}" if file is None else f"--snapshot {quote(file)}"
    hint = f"List them: cloudguard check {where}"
    return pages.finding_page(pipeline.finding_of(report, subject, hint), report)
