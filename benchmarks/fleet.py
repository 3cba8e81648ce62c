"""Measure a check of 40 clusters of one account, a check of one cluster, and a bare loop of the same calls.

``python benchmarks/fleet.py [CLUSTERS]``. Each command runs in its own process against one moto server, which counts
the calls. Calls for one resource are counted separately, because their number grows with the number of clusters.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from account import REGION, Cost, Maker, Server, run, server

HERE = Path(__file__).parent
NODES = 10
"""The number of nodes of a cluster, in addition to three control-plane hosts."""
ROUNDS = 2
OF_ONE_RESOURCE = {
    *("GetInstanceProfile", "GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy"),
    *("DescribeListeners", "DescribeTargetHealth", "DescribeTargetGroupAttributes", "DescribeCluster"),
    *("DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus"),
}


def main(clusters: int) -> None:
    """Print a line for one cluster, one for all of them, and one for the bare loop."""
    names = [f"c{number:03}.example.com" for number in range(clusters)]
    with server() as moto, tempfile.TemporaryDirectory() as folder:
        maker = Maker(moto.endpoint)
        for name in names:
            maker.cluster(NODES, name)
        calls = Path(folder) / "calls.json"
        record = [sys.executable, str(HERE / "replay.py"), "record", str(calls)]
        check_one, check_all = _check("--cluster", names[0]), _check("--all")
        run([*record, names[0]], moto.endpoint)
        shared_of_one = _shared(calls)
        run([*record, *names], moto.endpoint)
        shared = _shared(calls)
        loop = [sys.executable, str(HERE / "replay.py"), "replay", str(calls)]
        rows = [
            ["one", *_measured(moto, check_one, 1), shared_of_one],
            [f"all {clusters}", *_measured(moto, check_all, ROUNDS), shared],
            ["bare loop", *_measured(moto, loop, ROUNDS), shared],
        ]
    print(tabulate(rows, ["command", "wall s", "user s", "calls", "of no one resource"], floatfmt=".2f"))
    print(f"calls of no one resource, all to one: {shared / shared_of_one:.2f} (at most 3)")
    print(f"wall, all to the bare loop: {float(rows[1][1]) / float(rows[2][1]):.2f} (at most 1.3)")


def _check(*words: str) -> list[str]:
    program = str(Path(sys.executable).with_name("cloudguard"))
    return [program, "check", "aws", "--region", REGION, "--format", "json", "--no-progress", *words]


def _measured(moto: Server, command: Sequence[str], rounds: int) -> list[Any]:
    """Return the shortest wall time and processor time of ``rounds`` runs, and the number of calls of the last run."""
    costs, calls = list[Cost](), 0
    for _ in range(rounds):
        moto.calls()
        costs.append(run(command, moto.endpoint))
        calls = moto.calls()
    return [min(cost.wall for cost in costs), min(cost.user for cost in costs), calls]


def _shared(file: Path) -> int:
    """Return the number of recorded calls that are not for one resource."""
    counts = Counter(operation for _, operation, _ in json.loads(file.read_text()))
    return sum(number for operation, number in counts.items() if operation not in OF_ONE_RESOURCE)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 40)
