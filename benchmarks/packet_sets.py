"""Compare packet sets with the stdlib's ipaddress on random rules, and ordered filters with a first-match walk.

``python benchmarks/packet_sets.py [RULES]`` (default 10,000). ipaddress has no axis for services: to be exact, it keeps
one collapsed list of networks for each service atom, an interval of services that no rule divides. The walk answers
1,000 packets; the ordered filter answers all packets.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from time import perf_counter

from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.ordered_rules import first_match
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.packet_sets.step_functions import axis_of

PORTS = (20, 21, 22, 25, 53, 67, 80, 110, 111, 123, 143, 179, 389, 443, 465, 587, 636, 993, 995, 1433, 1521, 2049)
MORE_PORTS = (2379, 2380, 3306, 3389, 4001, 5432, 5473, 6379, 6443, 8080, 8443, 9100)
RANGES = ("0-1023", "1024-65535", "2379-2380", "10250-10259", "30000-32767", "8000-8999", "4001-4002", "0-65535")
SHARES = ((0.70, "tcp"), (0.93, "udp"))
REST = ("icmp", "icmp/8", "icmp/3/4", "proto/4", "proto/50", "all")
SMALL, PACKETS = 200, 1_000

Rule = tuple[bool, str, str]
Read = tuple[bool, AddressSet, ServiceSet]
Atoms = dict[int, list[IPv4Network]]


def random_rules(count: int, seed: int) -> list[Rule]:
    """Return ``count`` random rules (permit, CIDR, service), mixed as in a large account.

    60 % of the CIDRs are in 10.0.0.0/8; their lengths are /8 to /32, and a few are /0.
    """
    dice = random.Random(seed)
    return [(dice.random() < 1 / 2, _cidr(dice), _service(dice)) for _ in range(count)]


def _cidr(dice: random.Random) -> str:
    if dice.random() < 1 / 1000:
        return "0.0.0.0/0"
    length, value = dice.randint(8, 32), dice.getrandbits(32)
    if dice.random() < 6 / 10:
        value = (10 << 24) | (value & 0xFFFFFF)
    return str(IPv4Network((value >> (32 - length) << (32 - length), length)))


def _service(dice: random.Random) -> str:
    roll = dice.random()
    for limit, name in SHARES:
        if roll < limit:
            one_port = dice.random() < 8 / 10
            return f"{name}/{dice.choice(PORTS + MORE_PORTS) if one_port else dice.choice(RANGES)}"
    return dice.choice(REST)


def read(rules: list[Rule]) -> list[Read]:
    """Return the rules with parsed addresses and services."""
    return [(permit, AddressSet.parse(cidr), ServiceSet.parse(service)) for permit, cidr, service in rules]


def packets_of(rules: list[Read]) -> PacketSet:
    """Return the union of the rules."""
    return PacketSet.of((addresses, services) for _, addresses, services in rules)


def by_ipaddress(rules: list[Rule], cuts: tuple[int, ...]) -> Atoms:
    """Return the union as a collapsed list of networks for each service atom."""
    atoms: dict[int, set[IPv4Network]] = {cut: set() for cut in cuts}
    inside: dict[str, list[int]] = {}
    for _, cidr, service in rules:
        if service not in inside:
            services = ServiceSet.parse(service)
            inside[service] = [cut for cut in cuts if cut in services]
        for cut in inside[service]:
            atoms[cut].add(IPv4Network(cidr))
    return {cut: list(collapse_addresses(networks)) for cut, networks in atoms.items()}


def ipaddress_difference(left: Atoms, right: Atoms) -> Atoms:
    """Return the difference, atom by atom."""
    out: Atoms = {}
    for cut, networks in left.items():
        remaining = networks
        for other in right[cut]:
            kept: list[IPv4Network] = []
            for network in remaining:
                if network.subnet_of(other):
                    continue
                kept.extend(network.address_exclude(other) if other.subnet_of(network) else (network,))
            remaining = kept
        out[cut] = remaining
    return out


def walk(rules: list[Rule], packets: list[tuple[int, int]]) -> list[bool | None]:
    """Return for each packet whether its first matching rule permits it; None if no rule matches."""
    ready = [(permit, IPv4Network(cidr), ServiceSet.parse(service)) for permit, cidr, service in rules]
    return [
        next((permit for permit, network, services in ready if IPv4Address(a) in network and s in services), None)
        for a, s in packets
    ]


def best(times: int, work: Callable[[], object]) -> float:
    """Return the shortest of ``times`` runs, in milliseconds."""
    took: list[float] = []
    for _ in range(times):
        start = perf_counter()
        work()
        took.append(perf_counter() - start)
    return 1000 * min(took)


def line(what: str, ours: float, theirs: float) -> None:
    """Print one row of the table."""
    print(f"{what:34}{ours:10.1f} ms{theirs:12.1f} ms{theirs / ours:9.0f} x")


def main(count: int) -> None:
    """Print the table."""
    rules, few = random_rules(count, 1), random_rules(SMALL, 2)
    many_read, few_read = read(rules), read(few)
    cuts = axis_of({services.intervals for _, _, services in many_read + few_read})
    print(f"{count} rules, {len(cuts)} service atoms{'':5}packet sets   ipaddress / walk    ratio")
    large, small = packets_of(many_read), packets_of(few_read)
    line(f"union of {count}", best(5, lambda: packets_of(many_read)), best(1, lambda: by_ipaddress(rules, cuts)))
    left, right = by_ipaddress(rules, cuts), by_ipaddress(few, cuts)
    line(f"difference with {SMALL}", best(5, lambda: large - small), best(1, lambda: ipaddress_difference(left, right)))
    line(
        f"{SMALL} without the rest", best(5, lambda: small - large), best(1, lambda: ipaddress_difference(right, left))
    )
    dice = random.Random(3)
    packets = [((10 << 24) | dice.getrandbits(24), dice.choice(cuts)) for _ in range(PACKETS)]
    ordered = best(3, lambda: first_match(many_read))
    line(f"ordered {count}", ordered, best(1, lambda: walk(rules, packets)))
    decided = first_match(many_read)
    answers = [True if s in decided.permit.at(a) else False if s in decided.deny.at(a) else None for a, s in packets]
    size = sum(addresses.size * services.size for addresses, services in (large - small).items())
    edges = dict(zip(cuts, (*cuts[1:], 262_400), strict=True))
    naive = sum(
        network.num_addresses * (edges[cut] - cut)
        for cut, networks in ipaddress_difference(left, right).items()
        for network in networks
    )
    print(f"same answers: {answers == walk(rules, packets) and size == naive}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
