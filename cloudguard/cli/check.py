"""``check`` and ``collect``."""

from __future__ import annotations

import sys
from pathlib import Path

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.failures import say
from cloudguard.cli.flags import ROLES
from cloudguard.cli.progress import progress
from cloudguard.cli.settings import declarations, request
from cloudguard.cli.typer_commands import Values
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import count, gap_line, summary
from cloudguard.model import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations_file import SettingsFile
from cloudguard.provider.port import installed
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report

DEFAULT_FAIL_ON = "medium"


def check(values: Values) -> int:
    """Judge one cluster and write the report; return the exit status."""
    declared = declarations(values)
    to = output.sinks(declared.formats or (), values.one("output"))
    report = pipeline.evaluate(snapshot_of(values, declared), declared.policy())
    output.write(report, to, declared.color or "auto")
    shown = any(sink == output.Sink("table") for sink in to) and sys.stdout.isatty()
    if not shown and not values.on("quiet"):
        say(visible(summary(report)))
    return int(exit_status(report, declared.fail_on or DEFAULT_FAIL_ON))


def collect(values: Values) -> int:
    """Read one cluster and write its snapshot; the status is 4 when something could not be read."""
    declared = declarations(values)
    file = values.one("output") or ""
    file = "" if file == "-" else file
    output.writable(file)
    snapshot = snapshot_of(values, declared)
    output.save(snapshot_file.dump(snapshot), file)
    for gap in snapshot.gaps:
        say(visible(f"cloudguard: not read: {gap.call} on {gap.resource}: {gap_line(gap)}"))
    if not values.on("quiet"):
        found = f"{count(len(snapshot.cluster.hosts), 'host')}, {count(len(snapshot.gaps), 'gap')}"
        say(visible(f"{snapshot.cluster.name}: {found}"))
    return int(ExitStatus.INCOMPLETE if snapshot.gaps else ExitStatus.CLEAN)


def exit_status(report: Report, fail_on: str) -> ExitStatus:
    """Return the status of ``report`` when findings from severity ``fail_on`` ("never": none) count."""
    least = None if fail_on == "never" else Severity[fail_on.upper()]
    found = least is not None and any(one.severity >= least and one.waived is None for one in report.findings)
    if report.complete:
        return ExitStatus.FINDINGS if found else ExitStatus.CLEAN
    return ExitStatus.FINDINGS_AND_INCOMPLETE if found else ExitStatus.INCOMPLETE


def snapshot_of(values: Values, declared: SettingsFile) -> Snapshot:
    """Return the cluster's facts, from the file of ``--snapshot`` or from the cloud."""
    provider = values.one("provider") or ""
    file = values.one("snapshot")
    if file is not None:
        return _from_file(file, values, provider)
    if not provider:
        message = f"name a provider ({', '.join(installed()) or 'none is installed'}) or give --snapshot FILE"
        raise UsageError(message)
    wanted = request(values, declared, provider)
    with progress(values) as step:
        return pipeline.collect(provider, wanted, step)


def _from_file(file: str, values: Values, provider: str) -> Snapshot:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        message = f"cannot read the snapshot {file}: {error.strerror}"
        raise UsageError(message) from None
    snapshot = snapshot_file.load(data, "on stdin" if file == "-" else file)
    cluster = snapshot.cluster
    named = (("provider", provider, cluster.provider), ("--cluster", values.one("cluster"), cluster.name))
    for flag, said, held in named:
        if said and said != held:
            message = f"{flag} {said!r}: the snapshot is of {held!r}"
            raise UsageError(message)
    for role in ROLES:
        if values.many(role.name):
            say(f"cloudguard: --{role.name} has no effect on a snapshot: give it to collect")
    return snapshot
