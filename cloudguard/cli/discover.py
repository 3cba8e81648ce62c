"""``discover``, ``permissions``, ``completion`` and ``version``."""

from __future__ import annotations

import json
from dataclasses import replace

from cloudguard import pipeline
from cloudguard.cli import output
from cloudguard.cli.failures import put, say
from cloudguard.cli.flags import LIST_FORMAT, OUTPUT, QUIET
from cloudguard.cli.progress import progress
from cloudguard.cli.settings import Given, request
from cloudguard.errors import ExitStatus
from cloudguard.provider.port import ClusterSummary, load

_HEADERS = ("NAME", "INSTALLER", "REGION", "HOSTS")


def discover(given: Given) -> int:
    """List the clusters that the account shows."""
    provider, settings = given.named_provider(), given.settings()
    sinks = output.sinks(settings.get(LIST_FORMAT) or (), settings.get(OUTPUT), ("table", "json"))
    wanted = replace(request(given, settings), cluster="")
    with progress(settings) as step:
        found = pipeline.discover(provider, wanted, step)
    for sink in sinks:
        output.save(_json(found) if sink.format == "json" else _table(found), sink.file)
    if not found and not settings.get(QUIET):
        say(
            "cloudguard: no cluster found. Where hosts have no installer's tags, name them: cloudguard check "
            f"{provider} --cluster NAME --control-plane-tag KEY=VALUE --node-tag KEY=VALUE"
        )
    return int(ExitStatus.CLEAN)


def permissions(given: Given) -> int:
    """Print the read-only policy that check needs."""
    output.save(load(given.named_provider()).permissions().rstrip("\n") + "\n", output.file_of(given.settings()))
    return int(ExitStatus.CLEAN)


def version() -> int:
    """Print the version."""
    put(f"cloudguard {pipeline.version()}\n")
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
