"""The command ``discover``."""

from __future__ import annotations

from dataclasses import replace

from cloudguard import collection
from cloudguard.cli import output
from cloudguard.cli.flags import LIST_FORMAT
from cloudguard.cli.reading import read
from cloudguard.cli.settings import CommandLine, request
from cloudguard.errors import ExitStatus
from cloudguard.provider.port import ClusterSummary


def discover(line: CommandLine) -> int:
    """List the clusters that the account shows."""
    provider, settings = line.named_provider(), line.settings()
    sinks = output.sinks(settings, LIST_FORMAT)
    asked = request(line, settings, with_cluster=False)
    clusters = read(lambda stop, step: collection.discover(provider, replace(asked, stop=stop), step), settings).result
    listed = [
        {"name": cluster.name, "installer": cluster.installer, "region": cluster.region, "hosts": dict(cluster.hosts)}
        for cluster in clusters
    ]
    output.save_list(sinks, listed, lambda: _table(clusters))
    if not clusters:
        output.inform(
            settings,
            "cloudguard: no cluster found. If the hosts have no tags of an installer, name them: cloudguard check "
            f"{provider} --cluster NAME --control-plane-tag KEY=VALUE --node-tag KEY=VALUE",
        )
    return int(ExitStatus.CLEAN)


def _table(clusters: tuple[ClusterSummary, ...]) -> str:
    from cloudguard.formats.table import grid  # noqa: PLC0415 - tabulate only where a table is shown

    rows = [
        (each.name, each.installer, each.region, ", ".join(f"{number} {role}" for role, number in each.hosts))
        for each in clusters
    ]
    return grid(rows, ("NAME", "INSTALLER", "REGION", "HOSTS")) + "\n"
