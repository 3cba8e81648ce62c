"""Measure reading a large Azure subscription, and a bare loop of the same calls with the same SDK.

``python benchmarks/azure_cost.py [COUNT] [MILLISECONDS]``: COUNT machines, interfaces and disks (default 1,500) are
served in pages of 100 from a separate process, which delays each page by MILLISECONDS (default 50). Every command runs
in its own process, ROUNDS times (a variable of the environment, 3 by default).
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gcp_cost import compare

HERE = Path(__file__).parent
PAGE = 100
SUBSCRIPTION = "AZURE_SUBSCRIPTION_ID"
"""The variable that names the subscription."""


def serve(folder: str, count: int, delay: float) -> None:
    """Serve until killed. The first line on stdout is the environment for a program that uses the proxy, as JSON."""
    sys.path.insert(0, str(HERE.parent / "tests" / "support"))
    from azure_fixtures import Subscription  # noqa: PLC0415 - only in the child
    from azure_proxy import behind  # noqa: PLC0415
    from azure_server import Azure  # noqa: PLC0415

    account = Subscription()
    nsg = account.security_group("nodes")
    subnet = account.subnet(account.network(), cidr="10.0.0.0/16", nsg=nsg)
    identity = account.identity("nodes")
    account.assign(account.principal(identity), "Reader")
    for number in range(count):
        role = "control-plane" if number < 3 else "node"  # noqa: PLR2004 - three hosts run the control plane
        tags = {"KubernetesCluster": "prod", f"k8s.io_role_{role}": "1"}
        address = f"10.0.{number // 250}.{number % 250 + 4}"
        account.machine(f"{role}-{number}", subnet, address, tags=tags, identities=[identity])
    with behind(Azure(account, page=PAGE, delay=delay), Path(folder)) as proxy:
        sys.stdout.write(json.dumps(proxy.environment) + "\n")
        sys.stdout.flush()
        time.sleep(3600)


def record(file: str) -> None:
    """Read the cluster and write every call to ``file``."""
    from cloudguard.provider.port import CollectRequest  # noqa: PLC0415 - each way of running loads only what it needs
    from cloudguard_azure import ADAPTER  # noqa: PLC0415
    from cloudguard_azure.access import api, calls  # noqa: PLC0415

    reader: Any = api.Api
    recorded, inner = list[list[Any]](), reader.fetch

    def noting(self: Any, call: Any, parameters: dict[str, str]) -> Any:  # noqa: ANN401
        recorded.append([*calls.CLIENTS[call.provider], call.method, dict(parameters)])
        return inner(self, call, parameters)

    reader.fetch = noting
    ADAPTER.collect(CollectRequest(cluster="prod", options={"subscription": (os.environ[SUBSCRIPTION],)}))
    Path(file).write_text(json.dumps(recorded), encoding="utf-8")


def replay(file: str) -> None:
    """Make the calls in ``file``, page by page, with the same number of threads as the reader."""
    from importlib import import_module  # noqa: PLC0415 - each way of running loads only what it needs
    from operator import attrgetter  # noqa: PLC0415

    from azure.identity import DefaultAzureCredential  # noqa: PLC0415

    calls = json.loads(Path(file).read_text(encoding="utf-8"))
    credential, subscription = DefaultAzureCredential(), os.environ[SUBSCRIPTION]
    clients: dict[tuple[str, str], Any] = {}
    for package, name, _, parameters in calls:
        key = package, parameters.get("subscription", subscription)
        if key not in clients:
            clients[key] = getattr(import_module(f"azure.mgmt.{package}"), name)(credential, key[1])

    def make(recorded_call: list[Any]) -> None:
        package, _, method, parameters = recorded_call
        client = clients[package, parameters.pop("subscription", subscription)]
        answer = attrgetter(method)(client)(**parameters)
        for _ in answer if hasattr(answer, "by_page") else ():
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, calls))


def main(count: int, delay: float) -> None:
    """Print the table."""
    print(f"{count:,} machines, interfaces and disks; {delay * 1000:.0f} ms a page of {PAGE}")
    compare(__file__, "azure", count, delay)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", folder, count, delay]:
            serve(folder, int(count), float(delay))
        case ["record" | "replay" as how, file]:
            {"record": record, "replay": replay}[how](file)
        case words:
            main(int(words[0]) if words else 1500, float(words[1]) / 1000 if words[1:] else 0.05)
