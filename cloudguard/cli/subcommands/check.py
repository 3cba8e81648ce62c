"""The command ``check``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import import_module

from cloudguard.cli import notices, output
from cloudguard.cli.flags import ALL, SHARD, SNAPSHOT, TARGETS
from cloudguard.cli.reports.past import past
from cloudguard.cli.settings import CommandLine, request
from cloudguard.cli.snapshots import snapshot_of
from cloudguard.fleet.target import Target, TargetCluster
from cloudguard.needs.declarations_file import declarations
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import CLUSTER


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
    with earlier.locked(_requested_clusters(line, settings)):
        load = partial(prepare, tuple(sink.format for sink in sinks))
        reading = snapshot_of(line, settings, keep=any(sink.file for sink in sinks), prepare=load)
        from cloudguard import pipeline  # noqa: PLC0415 - loaded while the cluster is read, see prepare
        from cloudguard.cli.reports import delivery  # noqa: PLC0415 - likewise

        run = delivery.Run((pipeline.evaluate(reading.result, declared),), signal=reading.signal)
        return int(delivery.deliver(run, settings, sinks, earlier))


def prepare(formats: Sequence[str]) -> None:
    """Load what judges a cluster and writes its report in ``formats``."""
    for name in ("cloudguard.pipeline", "cloudguard.cli.reports.delivery"):
        import_module(name)
    from cloudguard.cli.reports import rendering  # noqa: PLC0415 - loaded while the cluster is read

    rendering.prepare(formats)


def _requested_clusters(line: CommandLine, settings: Settings) -> tuple[TargetCluster, ...]:
    """Return the requested cluster, whose lock the run takes; none for a snapshot, which is judged in a moment."""
    if settings.get(SNAPSHOT) is not None:
        return ()
    asked = request(line, settings)
    return (TargetCluster(Target(line.named_provider(), asked.options), asked.cluster),)
