"""Measure a check of 13, 103 and 1,003 hosts, a bare loop of its calls, and Cloud Custodian if it is installed.

``python benchmarks/cost.py [NODES …]``. Every command runs in its own process against one moto server, which counts the
calls. Set CUSTODIAN to the path of ``custodian`` to measure it too.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tabulate import tabulate

from account import CLUSTER, REGION, Cost, Maker, Server, run, server

HERE = Path(__file__).parent
ROUNDS = 3
FAR = 60
"""The delay of an answer in milliseconds: about the time of a call to another continent, or to a slow API."""
CHECK = [
    str(Path(sys.executable).with_name("cloudguard")),
    *("check", "aws", "--cluster", CLUSTER, "--region", REGION, "--format", "json", "--no-progress"),
]
Row = list[object]


def main(sizes: list[int]) -> None:
    """Print a table: each size, 100 nodes among 500 unrelated groups and 2,000 hosts, and the first size with delay."""
    rows: list[Row] = []
    for nodes, noise, wait in [*((size, False, 0) for size in sizes), (100, True, 0), (sizes[0], False, FAR)]:
        with server() as moto:
            maker = Maker(moto.endpoint)
            maker.cluster(nodes)
            if noise:
                maker.noise(500, 2000)
            moto.wait(wait)
            conditions = (" among 2,000" if noise else "") + (f", {wait} ms an answer" if wait else "")
            rows += measured(moto, f"3 + {nodes:,}{conditions}")
    headers = ["hosts", "command", "wall s", "to ours", "user s", "peak MB", "calls", "exit"]
    print(tabulate(rows, headers, floatfmt=".2f", disable_numparse=False))


def measured(moto: Server, hosts: str) -> list[Row]:
    """Return one row for each command, with the best of a few rounds.

    The commands take turns, so that changes of the machine's load affect all of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        calls = Path(folder) / "calls.json"
        run([sys.executable, str(HERE / "replay.py"), "record", str(calls)], moto.endpoint)
        commands = {"cloudguard": CHECK, "bare loop": [sys.executable, str(HERE / "replay.py"), "replay", str(calls)]}
        custodian = os.environ.get("CUSTODIAN") or shutil.which("custodian")
        if custodian:
            policies = str(HERE / "custodian.yml")
            commands["custodian"] = [
                custodian,
                "run",
                "-q",
                "-r",
                REGION,
                "--cache-period",
                "0",
                "-s",
                folder,
                policies,
            ]
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        counts: dict[str, int] = {}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                moto.calls()
                costs[name].append(run(command, moto.endpoint))
                counts[name] = moto.calls()
    ours = min(cost.wall for cost in costs["cloudguard"])
    rows: list[Row] = []
    for name, runs in costs.items():
        best = min(runs, key=lambda cost: cost.wall)
        user = min(cost.user for cost in runs)
        rows.append([hosts, name, best.wall, best.wall / ours, user, best.peak, counts[name], best.status])
    return rows


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10, 100, 1000])
