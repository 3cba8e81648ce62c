"""Measure a plan for 10,000 rules, 20 host classes and 5,000 declared needs, with the proof of every step.

``python benchmarks/plan.py [RULES]`` (default 10,000). The plan and its proof may take two seconds, in addition to the
judgement. The independent check of the plan's certificate may take one second. Every group lets in the declared ranges
(half of its rules allow too many services) and the hosts' network. All hosts are also in one more group, which has no
rule. The state after the plan is judged again, and this time is printed separately. The number of edits is compared
with a simple plan that adds a rule for each need and then removes all others.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tabulate import tabulate

from cloudguard.model.cluster import Cluster, EvidenceKind, Host, Role, RoleEvidence, Strength
from cloudguard.model.filters import Action, Direction, Filter, Group, Peer, Rule
from cloudguard.model.identity import Identities
from cloudguard.model.network import Interface, Network, NextHop, Route, Subnet, Topology
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard.model.source import Source
from cloudguard.needs.declarations import Declarations, DeclaredNeed
from cloudguard.packet_sets.addresses import ALL4, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.planning.case import Case, Choice
from cloudguard.planning.certificates.certificate import certificate
from cloudguard.planning.outcome import outcome_of
from cloudguard.planning.plain_forms import PlainForms
from cloudguard.planning.planner import make_plan
from cloudguard.results.report import Report

CHECKER = Path(__file__).parents[1] / "tools" / "check_certificate.py"
CLASSES, NEEDS, RULES = 20, 5_000, 10_000
SOURCE = Source("benchmark:Made")
MADE = RoleEvidence(EvidenceKind.USER, "made")
RANGE = AddressSet.parse("10.0.0.0/9")
OF_ALL = "sg-of-all"
PORTS = ("tcp/22", "tcp/443", "tcp/10250", "tcp/9100")


def needs(dice: random.Random) -> tuple[DeclaredNeed, ...]:
    """Return the declared needs of nodes, each with one range and one port."""
    return tuple(
        DeclaredNeed(
            f"172.{16 + number // 256 % 16}.{number % 256}.{16 * dice.randrange(16)}/28", "node", port, "needed"
        )
        for number in range(NEEDS)
        for port in [dice.choice(PORTS[:4])]
    )


def snapshot(rules: int, declared: tuple[DeclaredNeed, ...], dice: random.Random) -> Snapshot:
    """Return a cluster with one host for each class. Each host is in its own group."""
    filters = tuple(_filter(number, rules // CLASSES, declared, dice) for number in range(CLASSES))
    filters = (*filters, Filter(OF_ALL, "", "filter", (), SOURCE))
    route = Route(ALL4, NextHop.VPN, "vpn", SOURCE)
    segment = Subnet("subnet", "", "net", "a", RANGE, (), (route,), SOURCE)
    groups = tuple(Group(guard.id, guard.id, SOURCE) for guard in filters)
    topology = Topology((Network("net", "net", RANGE, SOURCE),), (segment,), filters, groups)
    hosts = tuple(map(_host, range(CLASSES)))
    cluster = Cluster(
        "prod",
        "test",
        "1",
        ("here",),
        "kubeadm",
        "",
        managed=False,
        scanned_by="me",
        hosts=hosts,
        installer_strength=Strength.STRONG,
    )
    return Snapshot(SCHEMA, "benchmark", "", "", cluster, topology, Identities())


def _filter(number: int, count: int, declared: tuple[DeclaredNeed, ...], dice: random.Random) -> Filter:
    rules = [_rule(number, 0, "all", RANGE)]
    for line in range(1, count):
        need = dice.choice(declared)
        wide = dice.random() < 1 / 2
        services = "tcp" if wide else need.services
        rules.append(_rule(number, line, services, AddressSet.parse(need.peer)))
    return Filter(f"sg-{number}", "", "filter", tuple(rules), SOURCE)


def _rule(number: int, line: int, services: str, peer: AddressSet) -> Rule:
    name = f"r-{number}-{line}"
    return Rule(name, Direction.INGRESS, Action.PERMIT, ServiceSet.parse(services), Peer(peer), SOURCE)


def _host(number: int) -> Host:
    roles = (Role.CONTROL_PLANE, Role.ETCD) if number == 0 else (Role.NODE,)
    address = (AddressSet.parse(f"10.0.{number}.7"),)
    names = f"sg-{number}", OF_ALL
    nic = Interface(f"nic-{number}", "subnet", address, SOURCE, (), names, names)
    return Host(f"h-{number}", "", roles, (MADE,), (nic,), SOURCE)


def _checked(text: str) -> float:
    """Return how long the independent checker takes for a certificate, in seconds, from a file to its answer."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "plan.cert"
        file.write_text(text, encoding="utf-8")
        begun = perf_counter()
        subprocess.run([sys.executable, str(CHECKER), str(file)], check=True, stdout=subprocess.DEVNULL)
        return perf_counter() - begun


def main(rules: int) -> None:
    """Print the times and the numbers of edits."""
    dice = random.Random(1)
    declared = needs(dice)
    facts = snapshot(rules, declared, dice)
    case = Case(facts, Declarations(admin_cidrs=("10.127.0.0/28",), needs=declared), PlainForms())
    begun = perf_counter()
    rows, changes = case.judged()
    report = Report("benchmark", "", "", facts.cluster, rows, changes)
    judged = perf_counter()
    planned = make_plan(case, report, Choice())
    ended = perf_counter()
    outcome_of(case.at(planned.proposal.after), report.findings, with_advice=False)
    again = perf_counter() - ended
    plan = planned.plan
    proved = _checked(certificate(planned))
    naive = NEEDS + sum(len(guard.rules) for guard in facts.topology.filters)
    lines = [
        ("judging", f"{judged - begun:.2f} s"),
        ("judging again, what the plan leaves", f"{again:.2f} s"),
        ("plan, and proof of every step, beside", f"{ended - judged - again:.2f} s"),
        ("its certificate, read and checked by tools/check_certificate.py", f"{proved:.2f} s"),
        ("edits", plan.counts.by_calls + plan.counts.procedures),
        ("edits that add all before they remove", naive),
        ("findings mended", f"{len(plan.mends)} of {len(plan.asked)}"),
    ]
    sys.stdout.write(tabulate(lines) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RULES)
