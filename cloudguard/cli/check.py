"""``check`` and ``collect``."""

from __future__ import annotations

import sys
from pathlib import Path

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.failures import say
from cloudguard.cli.flags import OUTPUT, QUIET, SNAPSHOT
from cloudguard.cli.progress import progress
from cloudguard.cli.settings import Given, request
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import count, gap_line, summary
from cloudguard.model import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations_file import declarations
from cloudguard.needs.settings import (
    CLUSTER,
    COLOR,
    CONTROL_PLANE_TAG,
    ETCD_TAG,
    FAIL_ON,
    FORMAT,
    HOST,
    NODE_TAG,
    Settings,
)
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

DEFAULT_FAIL_ON = "medium"


def check(given: Given) -> int:
    """Judge one cluster and write the report; return the exit status."""
    settings = given.settings()
    sinks = output.sinks(settings.get(FORMAT) or (), settings.get(OUTPUT))
    report = pipeline.evaluate(snapshot_of(given, settings), declarations(settings))
    output.write(report, sinks, settings.get(COLOR) or "auto")
    shown = output.Sink("table") in sinks and output.streams_are_one()
    if not shown and not settings.get(QUIET):
        say(visible(summary(report)))
    return int(exit_status(report, settings.get(FAIL_ON) or DEFAULT_FAIL_ON))


def collect(given: Given) -> int:
    """Read one cluster and write its snapshot; the status is 4 when something could not be read."""
    settings = given.settings()
    file = output.file_of(settings)
    output.writable(file)
    snapshot = snapshot_of(given, settings)
    output.save(snapshot_file.dump(snapshot), file)
    for gap in snapshot.gaps:
        say(visible(f"cloudguard: not read: {gap.call} on {gap.resource}: {gap_line(gap)}"))
    if not settings.get(QUIET):
        found = f"{count(len(snapshot.cluster.hosts), 'host')}, {count(len(snapshot.gaps), 'gap')}"
        say(visible(f"{snapshot.cluster.name}: {found}"))
    return int(ExitStatus.INCOMPLETE if snapshot.gaps else ExitStatus.CLEAN)


def exit_status(report: Report, fail_on: str) -> ExitStatus:
    """Return the exit status of ``report``; findings below the severity ``fail_on`` ("never": all) do not count."""
    least = None if fail_on == "never" else Severity[fail_on.upper()]
    found = least is not None and any(one.severity >= least and one.waived is None for one in report.findings)
    if report.complete:
        return ExitStatus.FINDINGS if found else ExitStatus.CLEAN
    return ExitStatus.FINDINGS_AND_INCOMPLETE if found else ExitStatus.INCOMPLETE


def snapshot_of(given: Given, settings: Settings) -> Snapshot:
    """Return the cluster's facts, from the file of ``--snapshot`` or from the cloud."""
    file = settings.get(SNAPSHOT)
    if file is not None:
        return _from_file(file, settings, given.provider)
    with progress(settings) as step:
        return pipeline.collect_requested(given.named_provider(), request(given, settings), step)


def _from_file(file: str, settings: Settings, provider: str) -> Snapshot:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        message = f"cannot read the snapshot {file}: {error.strerror}"
        raise UsageError(message) from None
    snapshot = snapshot_file.load(data, "on stdin" if file == "-" else file)
    cluster = snapshot.cluster
    named = (("provider", provider, cluster.provider), ("--cluster", settings.get(CLUSTER), cluster.name))
    for flag, said, held in named:
        if said and said != held:
            message = f"{flag} {said!r}: the snapshot is of {held!r}"
            raise UsageError(message)
    for setting in (CONTROL_PLANE_TAG, NODE_TAG, ETCD_TAG, HOST):
        if settings.get(setting):
            say(f"cloudguard: --{setting.name} has no effect on a snapshot: give it to collect")
    return snapshot
