"""``discover``, ``permissions`` and ``version``."""

from __future__ import annotations

import json
from dataclasses import replace

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.failures import put, say
from cloudguard.cli.progress import progress
from cloudguard.cli.settings import declarations, request
from cloudguard.cli.typer_commands import Values
from cloudguard.errors import ExitStatus
from cloudguard.provider.port import ClusterSummary, load

_HEADERS = ("NAME", "INSTALLER", "REGION", "HOSTS")


def discover(values: Values) -> int:
    """List the clusters that the account shows."""
    provider = values.one("provider") or ""
    declared = declarations(values)
    to = output.sinks(values.many("format") or (), values.one("output"), ("table", "json"))
    wanted = replace(request(values, declared, provider), cluster="")
    with progress(values) as step:
        found = load(provider).discover(wanted, step)
    for sink in to:
        output.save(_json(found) if sink.format == "json" else _table(found), sink.file)
    if not found and not values.on("quiet"):
        say("cloudguard: no cluster found; check --control-plane-tag and --node-tag name hosts that nothing tells")
    return int(ExitStatus.CLEAN)


def permissions(values: Values) -> int:
    """Print the read-only policy that check needs."""
    file = values.one("output") or ""
    output.save(load(values.one("provider") or "").permissions().rstrip("\n") + "\n", "" if file == "-" else file)
    return int(ExitStatus.CLEAN)


def version(values: Values) -> int:
    """Print the version."""
    del values
    put(f"{pipeline.tool()}\n")
    return int(ExitStatus.CLEAN)


def _table(found: tuple[ClusterSummary, ...]) -> str:
    from cloudguard.formats.table import grid  # noqa: PLC0415 - tabulate only where a table is shown

    rows = [(one.name, one.installer, one.region, ", ".join(f"{n} {role}" for role, n in one.hosts)) for one in found]
    return grid(rows, _HEADERS) + "\n"


def _json(found: tuple[ClusterSummary, ...]) -> str:
    clusters = [
        {"name": one.name, "installer": one.installer, "region": one.region, "hosts": dict(one.hosts)} for one in found
    ]
    return json.dumps(clusters, indent=2) + "\n"
