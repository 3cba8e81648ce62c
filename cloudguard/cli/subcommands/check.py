"""The commands ``check`` and ``collect``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from cloudguard import pipeline
from cloudguard.cli import delivery, notices, output
from cloudguard.cli.failures import say
from cloudguard.cli.flags import ALL, QUIET, SHARD, SNAPSHOT, TARGETS
from cloudguard.cli.reading import Reading, read
from cloudguard.cli.reports.past import Asked, past
from cloudguard.cli.settings import CommandLine, one_cluster, request
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import count, gap_line
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations_file import bounded, declarations
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import CLUSTER, CONTROL_PLANE_TAG, ETCD_TAG, HOST, NODE_TAG

MOST_MEBIBYTES = 512
"""The largest size of an input file. A snapshot of this size has tens of thousands of hosts."""


def check(line: CommandLine) -> int:
    """Judge one cluster, or several, and write the reports; return the exit status."""
    settings = line.settings()
    return notices.watched(settings, line.provider or "the snapshot", lambda: _check(line, settings))


def _check(line: CommandLine, settings: Settings) -> int:
    sinks = output.sinks(settings)
    if any(settings.get(flag) for flag in (ALL, TARGETS, SHARD)) or len(settings.get(CLUSTER) or ()) > 1:
        from cloudguard.cli.subcommands.fleet import check_several  # noqa: PLC0415 - only for several clusters

        return check_several(line, settings, sinks)
    declared = declarations(settings)
    earlier = past(settings)
    with earlier.locked(_asked(line, settings)):
        reading = snapshot_of(line, settings, keep=any(sink.file for sink in sinks))
        run = delivery.Run((pipeline.evaluate(reading.result, declared),), signal=reading.signal)
        return int(delivery.deliver(run, settings, sinks, earlier))


def _asked(line: CommandLine, settings: Settings) -> tuple[Asked, ...]:
    """Return the requested cluster, whose lock the run takes; none for a snapshot, which is judged in a moment."""
    if settings.get(SNAPSHOT) is not None:
        return ()
    asked = request(line, settings)
    return (Asked(line.named_provider(), asked.cluster, asked.options),)


def collect(line: CommandLine) -> int:
    """Read one cluster and write its snapshot; the exit status is 4 if something could not be read."""
    settings = line.settings()
    file = output.file_of(settings)
    output.writable(file)
    reading = snapshot_of(line, settings, keep=bool(file))
    snapshot = reading.result
    output.save(snapshot_file.dump(snapshot), file)
    if reading.signal:
        raise reading.signal
    for gap in snapshot.gaps:
        say(visible(f"cloudguard: not read: {gap.call} on {gap.resource}: {gap_line(gap)}"))
    if not settings.get(QUIET):
        counts = f"{count(len(snapshot.cluster.hosts), 'host')}, {count(len(snapshot.gaps), 'gap')}"
        say(visible(f"{snapshot.cluster.name}: {counts}"))
    return int(ExitStatus.INCOMPLETE if snapshot.gaps else ExitStatus.CLEAN)


def snapshot_of(line: CommandLine, settings: Settings, *, keep: bool = False) -> Reading[Snapshot]:
    """Return the cluster's snapshot, from the file of ``--snapshot`` or from the cloud.

    ``keep``: after a signal, return the facts that were read so far.
    """
    file = settings.get(SNAPSHOT)
    if file is not None:
        return Reading(_from_file(file, settings, line.provider))
    provider, asked = line.named_provider(), request(line, settings)
    return read(
        lambda stop, step: pipeline.collect_requested(provider, replace(asked, stop=stop), step), settings, keep=keep
    )


def read_file(file: str, what: str = "") -> bytes:
    """Return the content of a file that the user named ("-": stdin); raises UsageError if it can't be read.

    ``what`` describes the file in the error: "the snapshot ".
    """
    try:
        with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as stream:
            return bounded(stream, "stdin" if file == "-" else file, MOST_MEBIBYTES)
    except OSError as error:
        message = f"cannot read {what}{file}: {error.strerror}"
        raise UsageError(message) from None


def _from_file(file: str, settings: Settings, provider: str) -> Snapshot:
    snapshot = snapshot_file.load(read_file(file, "the snapshot "), "on stdin" if file == "-" else file)
    cluster = snapshot.cluster
    names = (("provider", provider, cluster.provider), ("--cluster", one_cluster(settings), cluster.name))
    for flag, name, own in names:
        if name and name != own:
            message = f"{flag} {name!r} does not match the snapshot, which has {own!r}"
            raise UsageError(message)
    for setting in (CONTROL_PLANE_TAG, NODE_TAG, ETCD_TAG, HOST):
        if settings.get(setting):
            say(f"cloudguard: --{setting.name} has no effect on a snapshot: use it with collect")
    return snapshot
