"""``check`` and ``collect``."""

from __future__ import annotations

import sys
from pathlib import Path

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.failures import say
from cloudguard.cli.flags import QUIET, SNAPSHOT
from cloudguard.cli.progress import progress
from cloudguard.cli.settings import CommandLine, request
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import count, gap_line, summary
from cloudguard.model import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations_file import declarations
from cloudguard.needs.settings import (
    CLUSTER,
    CONTROL_PLANE_TAG,
    ETCD_TAG,
    FAIL_ON,
    HOST,
    NODE_TAG,
    Settings,
)
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

DEFAULT_FAIL_ON = "medium"


def check(line: CommandLine) -> int:
    """Judge one cluster and write the report; return the exit status."""
    settings = line.settings()
    sinks = output.sinks(settings)
    report = pipeline.evaluate(snapshot_of(line, settings), declarations(settings))
    output.write(report, sinks, settings)
    shown = output.Sink("table") in sinks and output.streams_are_one()
    if not shown and not settings.get(QUIET):
        say(visible(summary(report)))
    return int(exit_status(report, settings.get(FAIL_ON) or DEFAULT_FAIL_ON))


def collect(line: CommandLine) -> int:
    """Read one cluster and write its snapshot; the status is 4 when something could not be read."""
    settings = line.settings()
    file = output.file_of(settings)
    output.writable(file)
    snapshot = snapshot_of(line, settings)
    output.save(snapshot_file.dump(snapshot), file)
    for gap in snapshot.gaps:
        say(visible(f"cloudguard: not read: {gap.call} on {gap.resource}: {gap_line(gap)}"))
    if not settings.get(QUIET):
        counts = f"{count(len(snapshot.cluster.hosts), 'host')}, {count(len(snapshot.gaps), 'gap')}"
        say(visible(f"{snapshot.cluster.name}: {counts}"))
    return int(ExitStatus.INCOMPLETE if snapshot.gaps else ExitStatus.CLEAN)


def exit_status(report: Report, fail_on: str) -> ExitStatus:
    """Return the exit status of ``report``; findings below the severity ``fail_on`` ("never": all) do not count."""
    least = None if fail_on == "never" else Severity[fail_on.upper()]
    unwaived = (finding.severity for finding in report.findings if finding.waived is None)
    failed = least is not None and any(severity >= least for severity in unwaived)
    if report.complete:
        return ExitStatus.FINDINGS if failed else ExitStatus.CLEAN
    return ExitStatus.FINDINGS_AND_INCOMPLETE if failed else ExitStatus.INCOMPLETE


def snapshot_of(line: CommandLine, settings: Settings) -> Snapshot:
    """Return the cluster's facts, from the file of ``--snapshot`` or from the cloud."""
    file = settings.get(SNAPSHOT)
    if file is not None:
        return _from_file(file, settings, line.provider)
    with progress(settings) as step:
        return pipeline.collect_requested(line.named_provider(), request(line, settings), step)


def _from_file(file: str, settings: Settings, provider: str) -> Snapshot:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        message = f"cannot read the snapshot {file}: {error.strerror}"
        raise UsageError(message) from None
    snapshot = snapshot_file.load(data, "on stdin" if file == "-" else file)
    cluster = snapshot.cluster
    names = (("provider", provider, cluster.provider), ("--cluster", settings.get(CLUSTER), cluster.name))
    for flag, name, own in names:
        if name and name != own:
            message = f"{flag} {name!r}: the snapshot is of {own!r}"
            raise UsageError(message)
    for setting in (CONTROL_PLANE_TAG, NODE_TAG, ETCD_TAG, HOST):
        if settings.get(setting):
            say(f"cloudguard: --{setting.name} has no effect on a snapshot: give it to collect")
    return snapshot
