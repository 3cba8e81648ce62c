"""The command ``diff``: compares two snapshots or two reports of one cluster."""

from __future__ import annotations

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.flags import LIST_FORMAT
from cloudguard.cli.reports.delivery import exit_status
from cloudguard.cli.settings import CommandLine, fail_on
from cloudguard.cli.snapshots import read_file
from cloudguard.comparison.findings import compared, fails, unknown_rows
from cloudguard.comparison.listed import ListedReport, listed
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.formats import comparison_table
from cloudguard.formats.contract.comparison_shapes import as_json
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.declarations_file import declarations
from cloudguard.results.comparison import AccessChanges, Comparison, Fate
from cloudguard.results.files import report_file
from cloudguard.values import dataclass

_HINT = "Example: cloudguard diff monday.json today.json"


@dataclass(frozen=True, slots=True)
class _InputFile:
    """An input file: its report, and its snapshot if the file is a snapshot."""

    report: ListedReport
    snapshot: Snapshot | None


def diff(line: CommandLine) -> int:
    """Compare two files and write the differences; return the exit status."""
    settings = line.settings()
    sinks = output.sinks(settings, LIST_FORMAT)
    names = line.argument("old"), line.argument("new")
    if not all(names):
        message = "diff compares two files, each a snapshot or a JSON report"
        raise UsageError(message, hint=_HINT)
    declared = declarations(settings)
    old, new = (_input_file(name, declared) for name in names)
    comparison = _comparison(names, old, new)
    for sink in sinks:
        render = as_json if sink.format == "json" else comparison_table.render
        output.save(render(comparison), sink.file)
    if not output.streams_are_one():
        output.inform(settings, comparison_table.summary(comparison))
    return int(_status(comparison, fail_on(settings)))


def _input_file(name: str, declared: Declarations) -> _InputFile:
    data = read_file(name)
    if report_file.is_report(data):
        return _InputFile(listed(report_file.load(data, name)), None)
    snapshot = snapshot_file.load(data, name)
    return _InputFile(listed(pipeline.evaluate(snapshot, declared)), snapshot)


def _comparison(names: tuple[str, str], old: _InputFile, new: _InputFile) -> Comparison:
    if old.report.cluster != new.report.cluster:
        message = f"the files are about two different clusters: {old.report.cluster} and {new.report.cluster}"
        raise UsageError(message)
    access = pipeline.access_changes(old.snapshot, new.snapshot) if old.snapshot and new.snapshot else None
    changes = compared(old.report, new.report)
    return Comparison(old.report.cluster, *names, changes, unknown_rows(new.report), access)


def _status(comparison: Comparison, fail_on: str) -> ExitStatus:
    """Return 3 if anything opened or a finding at or above ``fail_on`` is new, 4 if anything is unknown, 5 for both."""
    access = comparison.access or AccessChanges()
    failed = (bool(access.opened) and fail_on != "never") or fails(comparison.findings, fail_on)
    unknown = comparison.unknown or access.undecided or comparison.with_fate(Fate.UNCONFIRMED)
    return exit_status(findings=failed, incomplete=bool(unknown))
