"""Measure judging 10,000 hosts in 20 combinations of filters with 2,400 rules, by host classes and host by host.

``python benchmarks/evaluate.py [HOSTS]`` (default 10,000). The time host by host is an estimate: the time of one class,
multiplied by the number of hosts.
"""

from __future__ import annotations

import random
import sys
from time import perf_counter

from tabulate import tabulate

from cloudguard.model.cluster import Cluster, EvidenceKind, Host, Role, RoleEvidence
from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.identity import Identities
from cloudguard.model.network import Interface, Network, NextHop, Route, Subnet, Topology
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard.model.source import Source
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.addresses import ALL4, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.paths import Reachability
from cloudguard.rows.judge import judge

COMBINATIONS, RULES, ROUNDS = 20, 2400, 3
SOURCE = Source("benchmark:Made")
MADE = RoleEvidence(EvidenceKind.USER, "made")
PORTS = tuple(
    ServiceSet.parse(text)
    for text in (
        "tcp/22",
        "tcp/443",
        "tcp/10250",
        "tcp/2379-2380",
        "tcp/30000-32767",
        "udp/53",
        "tcp/1024-65535",
        "icmp",
    )
)
RANGE = AddressSet.parse("10.0.0.0/9")


def filters(dice: random.Random) -> tuple[Filter, ...]:
    """Return one filter for each combination. Its rules name CIDRs, and one rule in ten names a group."""
    return tuple(
        Filter(
            f"sg-{number}",
            "",
            "filter",
            tuple(_rule(dice, number, line) for line in range(RULES // COMBINATIONS)),
            SOURCE,
        )
        for number in range(COMBINATIONS)
    )


def _rule(dice: random.Random, number: int, line: int) -> Rule:
    group = Peer(group=f"sg-{dice.randrange(COMBINATIONS)}")
    cidr = f"10.{dice.randrange(256)}.{dice.randrange(256)}.0/24"
    peer = group if dice.random() < 1 / 10 else Peer(AddressSet.parse(cidr))
    return Rule(f"r-{number}-{line}", Direction.INGRESS, Action.PERMIT, dice.choice(PORTS), peer, SOURCE)


def snapshot(count: int) -> Snapshot:
    """Return a cluster of ``count`` hosts. One host in ``COMBINATIONS`` runs the control plane and etcd."""
    guards = filters(random.Random(1))
    hosts = tuple(_host(number) for number in range(count))
    route = Route(ALL4, NextHop.OUTBOUND, "nat", SOURCE)
    segment = Subnet("subnet", "", "net", "a", RANGE, (), (route,), SOURCE)
    topology = Topology((Network("net", "net", RANGE, SOURCE),), (segment,), guards)
    cluster = Cluster("prod", "test", "1", ("here",), "kubeadm", "", managed=False, scanned_by="me", hosts=hosts)
    return Snapshot(SCHEMA, "benchmark", "", "", cluster, topology, Identities())


def _host(number: int) -> Host:
    combination = number % COMBINATIONS
    roles = (Role.CONTROL_PLANE, Role.ETCD) if combination == 0 else (Role.NODE,)
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    groups = (f"sg-{combination}",)
    interface = Interface(f"eni-{number}", "subnet", (AddressSet.parse(address),), SOURCE, (), groups, groups)
    return Host(f"i-{number}", "", roles, (MADE,), (interface,), SOURCE)


def _evaluate(facts: Snapshot) -> None:
    reach = Reachability(facts)
    for target in reach.classes:
        for _ in reach.paths_to(target):
            continue
        for source in reach.classes:
            reach.between(source, target)


def _best(work: object, *arguments: object) -> float:
    """Return the time of the shortest of a few rounds, in ms."""
    assert callable(work)  # noqa: S101 - a script
    times: list[float] = []
    for _ in range(ROUNDS):
        started = perf_counter()
        work(*arguments)
        times.append((perf_counter() - started) * 1000)
    return min(times)


def main(count: int) -> None:
    """Print the table."""
    facts = snapshot(count)
    classes = _best(_evaluate, facts)
    alone = _best(_evaluate, snapshot(COMBINATIONS)) / COMBINATIONS * count
    report = _best(judge, facts, Declarations())
    rows = [
        ["every way in, and between every two classes", classes, 1.0],
        ["the same, host by host (a class's cost times hosts)", alone, alone / classes],
        ["the whole report: five rows, findings, diff", report, report / classes],
    ]
    print(
        tabulate(
            rows, [f"{count:,} hosts, {COMBINATIONS} combinations, {RULES:,} rules", "ms", "ratio"], floatfmt=".1f"
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
