"""The command ``check`` for several clusters: all of an account, several named ones, or those of a targets' file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.flags import ALL, SHARD, SNAPSHOT, TARGETS
from cloudguard.cli.reading import Reading, read
from cloudguard.cli.reports import delivery
from cloudguard.cli.reports.past import Past, past
from cloudguard.cli.settings import CommandLine, request
from cloudguard.errors import CloudguardError, ClusterNotFoundError, ExitStatus, UsageError
from cloudguard.fleet.reading import read_targets
from cloudguard.fleet.target import Collected, Target, TargetCluster
from cloudguard.fleet.targets_file import read_targets_file
from cloudguard.fleet.unread import unread_report
from cloudguard.needs.declarations_file import declarations
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import CLUSTER, HOST
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Report
from cloudguard.waivers.several import with_uses_of_all


def check_several(line: CommandLine, settings: Settings, sinks: Sequence[output.Sink]) -> int:
    """Judge all requested clusters and write the reports; return the exit status."""
    targets = _targets(line, settings)

    def request_of(cluster: TargetCluster) -> CollectRequest:
        asked = request(line, cluster.settings, with_cluster=False)
        return replace(asked, cluster=cluster.name, options={**cluster.target.options, **cluster.options})

    earlier = past(settings)
    asked = [TargetCluster(target, name) for target in targets for name in target.clusters or ("",)]
    with earlier.locked(asked):
        reading = read(
            lambda stop, step: read_targets(targets, request_of, stop, step, settings.get(SHARD)),
            settings,
            keep=any(sink.file for sink in sinks),
        )
        return _delivered(reading, settings, sinks, earlier)


def _delivered(
    reading: Reading[tuple[Collected, ...]], settings: Settings, sinks: Sequence[output.Sink], earlier: Past
) -> int:
    """Judge the clusters that were read and write the reports; return the exit status."""
    if not reading.result:
        return _report_empty_shard(settings)
    reports, failures = list[Report](), list[delivery.Failure]()
    for collected in reading.result:
        report, error = _judged(collected)
        reports.append(report)
        failures += [delivery.Failure(collected.name, error)] if error else []
    shard = settings.get(SHARD)
    complete = not (failures or reading.signal or (shard and shard.of > 1))
    run = delivery.Run(with_uses_of_all(reports, every_cluster=complete), tuple(failures), reading.signal, several=True)
    return int(delivery.deliver(run, settings, sinks, earlier))


def _targets(line: CommandLine, settings: Settings) -> tuple[Target, ...]:
    """Return the requested targets; raises UsageError if flags contradict one another."""
    file, names, every = settings.get(TARGETS), settings.get(CLUSTER) or (), bool(settings.get(ALL))
    for setting, is_set in ((SNAPSHOT, bool(settings.get(SNAPSHOT))), (HOST, bool(settings.get(HOST)))):
        if is_set:
            message = f"--{setting.name} is for one cluster, but several are requested"
            raise UsageError(message, hint=f"Name the hosts under [cluster.NAME] in a file for --{TARGETS.name}")
    if sum((bool(file), every, bool(names))) > 1:
        message = f"give only one of --{ALL.name}, --{CLUSTER.name} and --{TARGETS.name}"
        raise UsageError(message, hint="A targets file names clusters too")
    if file:
        if line.provider:
            message = f"the providers are named in --{TARGETS.name} {file}, so {line.provider} must not be given"
            raise UsageError(message, hint=f"Leave out {line.provider}")
        return read_targets_file(file, *line.layers())
    declarations(settings)  # raises an error for a wrong declaration before anything is read
    if not (names or every):
        message = f"--{SHARD.name} divides several clusters between runs, but only one is requested"
        raise UsageError(message, hint=f"Add --{ALL.name}, several --{CLUSTER.name}, or --{TARGETS.name} FILE")
    return (
        Target(line.named_provider(), request(line, settings, with_cluster=False).options, names, settings=settings),
    )


def _judged(collected: Collected) -> tuple[Report, CloudguardError | None]:
    """Return the report on a cluster, and the error if it was not read or not judged."""
    error = collected.error
    if collected.snapshot and collected.cluster:
        try:
            return pipeline.evaluate(collected.snapshot, declarations(collected.cluster.settings)), None
        except UsageError as wrong:
            error = wrong
    error = error or ClusterNotFoundError("nothing was read")
    return unread_report(collected, error), error


def _report_empty_shard(settings: Settings) -> int:
    """Print that this run's shard has no cluster, and return status 0: this is neither a fault nor a passed check."""
    output.inform(settings, f"cloudguard: shard {settings.get(SHARD)} has no cluster, so nothing was checked")
    return int(ExitStatus.CLEAN)
