"""Measure reading a large Google Cloud project, and a bare loop of the same calls with the same SDK.

``python benchmarks/gcp_cost.py [COUNT] [MILLISECONDS]``: COUNT instances, firewalls and disks (default 5,000) are
served from a separate process, which delays each page by MILLISECONDS (default 50). Every command runs in its own
process, ROUNDS times (a variable of the environment, 3 by default).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from tabulate import tabulate

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def serve(folder: str, count: int, delay: float) -> None:
    """Serve until killed. The first line on stdout is the environment for a program that uses the proxy, as JSON."""
    sys.path.insert(0, str(HERE.parent / "tests" / "support"))
    from gcp_project import Project  # noqa: PLC0415
    from gcp_proxy import behind  # noqa: PLC0415 - only in the child
    from gcp_server import Google  # noqa: PLC0415

    project = Project()
    network = project.network()
    subnet = project.subnet(network, cidr="10.0.0.0/16")
    labels = {"k8s-io-cluster-name": "prod"}
    for number in range(count):
        role = "control-plane" if number < 3 else "node"  # noqa: PLR2004 - three hosts run the control plane
        address = f"10.0.{number // 250}.{number % 250 + 2}"
        tags = [f"prod-k8s-io-role-{role}"]
        common: dict[str, Any] = {"tags": tags, "labels": labels, "account": project.default_account}
        project.instance(f"{role}-{number}", subnet, address, **common)
        project.disk(f"{role}-{number}", labels=labels)
        project.firewall(network, f"rule-{number}", f"tcp:{number + 1000}", "10.0.0.0/8", targetTags=tags)
    project.role("roles/editor", "compute.instances.list")
    project.bind("roles/editor", f"serviceAccount:{project.default_account}")
    google = Google(project, delay=delay)
    with behind(google, Path(folder)) as proxy:
        sys.stdout.write(json.dumps(dict(proxy.environment)) + "\n")
        sys.stdout.flush()
        time.sleep(3600)


def record(file: str) -> None:
    """Read the cluster and write every call to ``file``."""
    from cloudguard.provider.port import CollectRequest  # noqa: PLC0415 - each way of running loads only what it needs
    from cloudguard_gcp import ADAPTER  # noqa: PLC0415
    from cloudguard_gcp.access import api  # noqa: PLC0415

    reader: Any = api.Api
    recorded, inner = list[list[Any]](), reader.fetch

    def noting(self: Any, call: Any, parameters: dict[str, str]) -> Any:  # noqa: ANN401
        recorded.append([call.client, call.method, call.path, call.service, bool(call.items), dict(parameters)])
        return inner(self, call, parameters)

    reader.fetch = noting
    ADAPTER.collect(CollectRequest(cluster="prod"))
    Path(file).write_text(json.dumps(recorded), encoding="utf-8")


def replay(file: str) -> None:
    """Make the calls in ``file``, page by page, with the same number of threads as the reader. A 404 is ignored."""
    from importlib import import_module  # noqa: PLC0415 - each way of running loads only what it needs

    import google.auth  # noqa: PLC0415
    from google.api_core.exceptions import NotFound  # noqa: PLC0415
    from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415

    auth: Any = google.auth
    credentials, _ = auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
    session = cast("Any", AuthorizedSession)(credentials)

    def make(recorded_call: list[Any]) -> None:
        client, method, path, service, many, parameters = recorded_call
        if not client:
            session.request(method, path.format(**parameters)).json()
            return
        sdk: Any = import_module(f"google.cloud.{service}_v1")
        request = {**parameters, **({"max_results": 500} if service == "compute" and many else {})}
        with suppress(NotFound):  # expected as in a check: the allow policy of a disk that has none
            answer = getattr(getattr(sdk, client)(credentials=credentials, transport="rest"), method)(request=request)
            for _ in getattr(answer, "pages", ()):
                pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, json.loads(Path(file).read_text(encoding="utf-8"))))


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a command and return its wall time and processor time in seconds, and its peak memory in MB."""
    started = time.perf_counter()
    child = subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    if status:
        sys.exit(f"{command[:4]} ended with {status}")
    return wall, used.ru_utime, used.ru_maxrss / 1024


def compare(script: str, provider: str, count: int, delay: float) -> None:
    """Print a table of a bare loop and of ``collect``, with the best of a few rounds each.

    ``script`` is a file with the commands "serve", "record" and "replay".
    """
    with tempfile.TemporaryDirectory() as folder:
        serving = [sys.executable, script, "serve", folder, str(count), str(delay)]
        child = subprocess.Popen(serving, stdout=subprocess.PIPE, text=True)
        try:
            assert child.stdout is not None  # noqa: S101 - asked for above
            environment: dict[str, str] = json.loads(child.stdout.readline())
            calls, file = str(Path(folder) / "calls.json"), str(Path(folder) / "prod.json")
            run([sys.executable, script, "record", calls], environment)
            program = str(Path(sys.executable).with_name("cloudguard"))
            commands = {
                "bare loop": [sys.executable, script, "replay", calls],
                "collect": [program, "collect", provider, "--cluster", "prod", "-o", file, "-q"],
            }
            best = {name: min(run(command, environment) for _ in range(ROUNDS)) for name, command in commands.items()}
        finally:
            child.kill()
            child.wait()
    base = best["bare loop"][0]
    rows = [[name, *figures, figures[0] / base] for name, figures in best.items()]
    print(tabulate(rows, ["", "wall s", "user s", "peak MB", "to bare loop"], floatfmt=".2f"))


def main(count: int, delay: float) -> None:
    """Print the table."""
    print(f"{count:,} instances, firewalls and disks; {delay * 1000:.0f} ms a page")
    compare(__file__, "gcp", count, delay)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", folder, count, delay]:
            serve(folder, int(count), float(delay))
        case ["record" | "replay" as how, file]:
            {"record": record, "replay": replay}[how](file)
        case words:
            main(int(words[0]) if words else 5000, float(words[1]) / 1000 if words[1:] else 0.05)
