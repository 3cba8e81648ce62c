"""The command ``discover``."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from cloudguard import collection
from cloudguard.cli import output
from cloudguard.cli.failures import say
from cloudguard.cli.flags import LIST_FORMAT, QUIET
from cloudguard.cli.reading import read
from cloudguard.cli.settings import CommandLine, request
from cloudguard.errors import ExitStatus
from cloudguard.provider.port import ClusterSummary

_HEADERS = ("NAME", "INSTALLER", "REGION", "HOSTS")


def discover(line: CommandLine) -> int:
    """List the clusters that the account shows."""
    provider, settings = line.named_provider(), line.settings()
    sinks = output.sinks(settings, LIST_FORMAT)
    asked = replace(request(line, settings), cluster="")
    clusters = read(lambda stop, step: collection.discover(provider, replace(asked, stop=stop), step), settings).result
    for sink in sinks:
        output.save(_json(clusters) if sink.format == "json" else _table(clusters), sink.file)
    if not clusters and not settings.get(QUIET):
        say(
            "cloudguard: no cluster found. If the hosts have no tags of an installer, name them: cloudguard check "
            f"{provider} --cluster NAME --control-plane-tag KEY=VALUE --node-tag KEY=VALUE"
        )
    return int(ExitStatus.CLEAN)


def _table(clusters: tuple[ClusterSummary, ...]) -> str:
    from cloudguard.formats.table import grid  # noqa: PLC0415 - tabulate only where a table is shown

    hosts = [", ".join(f"{number} {role}" for role, number in cluster.hosts) for cluster in clusters]
    rows = [
        (cluster.name, cluster.installer, cluster.region, text) for cluster, text in zip(clusters, hosts, strict=True)
    ]
    return grid(rows, _HEADERS) + "\n"


def _json(clusters: tuple[ClusterSummary, ...]) -> str:
    listed = [{**asdict(cluster), "hosts": dict(cluster.hosts)} for cluster in clusters]
    return (
        json.dumps([{key: cluster[key] for key in cluster if key != "options"} for cluster in listed], indent=2) + "\n"
    )
