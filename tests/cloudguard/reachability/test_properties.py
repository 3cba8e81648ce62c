"""The engine agrees with a naive walk of packets on random networks. With unread facts, its bounds contain it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from builders import (
    NODE,
    RANGE,
    WORLD,
    WORLD6,
    address_sets,
    balancer,
    group,
    host,
    interface,
    network_acl,
    snapshot,
    subnet,
    to,
)
from cloudguard.intervals import address_point
from cloudguard.model.cluster import Host
from cloudguard.model.filters import AddressList, Direction, Filter
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import NextHop
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.reachability.senders import SenderKind
from oracle_reach import (
    Sender,
    Service,
    address_of,
    crosses,
    directly,
    hop,
    passes,
    through,
)
from strategies import laws

OUTSIDE = ("198.51.100.7", "203.0.113.200", "8.8.8.8", "2600::1")
INSIDE = ("10.0.0.9", "10.0.1.9", "10.0.1.77", "10.0.2.5")
PORTS = (22, 443, 2379, 6443, 10250, 30500)
SERVICES = ("all", "tcp", "udp", "tcp/22", "tcp/443", "tcp/2379-6443", "udp/30000-32767", "tcp/1024-65535", "icmp")
CIDRS = (WORLD, WORLD6, RANGE, "10.0.0.0/24", "10.0.1.0/26", "198.51.100.0/24", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/8")
GROUPS = ("one", "two", "front", "strange")
HOPS = (NextHop.INTERNET, NextHop.OUTBOUND, NextHop.BLACKHOLE, NextHop.VPN)

peers = st.sampled_from(CIDRS) | st.sampled_from(GROUPS) | st.just("list:office")
allowed = st.lists(st.tuples(st.sampled_from(SERVICES), peers), max_size=4)
lines = st.lists(
    st.tuples(
        st.sampled_from(("permit in", "permit out", "deny in", "deny out")),
        st.sampled_from(SERVICES),
        st.sampled_from(CIDRS),
    ),
    max_size=5,
)
OPEN_LINES = [
    ("permit in", "all", WORLD),
    ("permit out", "all", WORLD),
    ("permit in", "all", WORLD6),
    ("permit out", "all", WORLD6),
]


@st.composite
def networks(draw: st.DrawFn) -> Snapshot:
    """Draw two subnets, two hosts with own or shared groups, a balancer, an external member and an address list."""
    routes = [
        [
            (WORLD, draw(st.sampled_from(HOPS)), "gw"),
            (WORLD6, draw(st.sampled_from(HOPS)), "gw6"),
            ("8.8.0.0/16", draw(st.sampled_from(HOPS)), "x"),
        ]
        for _ in range(2)
    ]
    guards = [
        network_acl(name, *draw(lines), *(OPEN_LINES if draw(st.booleans()) else ())) for name in ("nacl-a", "nacl-b")
    ]
    subnets = [
        subnet("a", ("10.0.0.0/24",), *routes[0], guard="nacl-a"),
        subnet("b", ("10.0.1.0/24",), *routes[1], guard="nacl-b"),
    ]
    filters = [group(name, *draw(allowed), closed=draw(st.booleans())) for name in ("one", "two", "front")]
    hosts = [
        host(
            f"h{number}",
            NODE,
            *draw(st.sampled_from((("one",), ("two",), ("one", "two")))),
            where=(where := draw(st.sampled_from("ab"))),
            address=f"10.0.{'ab'.index(where)}.2{number}",
            public=draw(st.sampled_from(("", "203.0.113.9"))),
            v6=draw(st.sampled_from(("", f"2600:1::{number + 1}"))),
        )
        for number in range(2)
    ]
    port = draw(st.sampled_from(PORTS))
    nlb = balancer(
        "nlb",
        f"tcp/{draw(st.sampled_from(PORTS))}",
        [to(host, f"tcp/{port}") for host in hosts],
        *draw(st.sampled_from(((), ("front",)))),
        seen=draw(st.sampled_from((ClientAddress.PRESERVED, ClientAddress.REPLACED))),
        facing=draw(st.booleans()),
        where=draw(st.sampled_from((("a",), ("b",), ("a", "b")))),
    )
    external = interface("strange-nic", "a", "10.0.0.99", "strange")
    ranges = address_sets(*draw(st.lists(st.sampled_from(CIDRS), max_size=2)))
    office = AddressList("office", "office", ranges, known=True, source=external.source)
    return snapshot(
        hosts,
        [*filters, *guards],
        subnets=subnets,
        balancers=[nlb],
        lists=[office],
        external_members=[external],
    )


def target_of(reach: Reachability, node: Host) -> HostClass:
    return next(target for target in reach.classes if node in target.hosts)


def allows(paths: list[Path], kind: SenderKind, address: str, service: int) -> tuple[bool, bool]:
    """Whether any path of ``kind`` lets the packet in: (lower bound, upper bound)."""
    point = address_point(address)

    def has(packets: PacketSet) -> bool:
        return service in packets.at(point)

    of_kind = [path for path in paths if path.sender.kind is kind]
    return any(has(path.allowed.lower) for path in of_kind), any(has(path.allowed.upper) for path in of_kind)


def cases(facts: Snapshot) -> list[tuple[Host, Service, int]]:
    return [
        (host, Service(protocol, port), ServiceSet.parse(f"{protocol}/{port}").first())
        for host in facts.cluster.hosts
        for protocol in ("tcp", "udp")
        for port in PORTS
    ]


@laws
@given(networks())
def test_paths_agree_with_a_walk_of_packets(facts: Snapshot) -> None:
    reach, topology = Reachability(facts), facts.topology
    for node, service, point in cases(facts):
        paths = list(reach.paths_to(target_of(reach, node)))
        direct = [path for path in paths if path.balancer is None]
        behind = [path for path in paths if path.balancer is not None]
        for address in OUTSIDE:
            truth = directly(topology, node.interfaces[0], Sender(address, internet=True), service)
            assert allows(direct, SenderKind.INTERNET, address, point) == (truth, truth), (node, address, service)
        for address in INSIDE:
            truth = directly(topology, node.interfaces[0], Sender(address), service)
            assert allows(direct, SenderKind.NETWORK, address, point) == (truth, truth), (node, address, service)
        for nlb in topology.balancers:
            exact = len(nlb.subnets) == 1 and nlb.listeners[0].client_address is ClientAddress.PRESERVED
            for address in OUTSIDE + INSIDE:
                internet = address in OUTSIDE
                kind = SenderKind.INTERNET if internet else SenderKind.NETWORK
                always, ever = through(topology, nlb, node, Sender(address, internet=internet), service)
                lower, upper = allows(behind, kind, address, point)
                assert lower <= always <= ever <= upper, (node, address, service)
                assert not exact or lower == upper, (node, address, service)


@laws
@given(networks())
def test_senders_behind_a_private_link_get_in_by_its_route(facts: Snapshot) -> None:
    """A default route does not say which networks are behind it, so only private addresses count."""
    reach, topology = Reachability(facts), facts.topology
    homes = {part.id: part for part in topology.subnets}
    for node, service, point in cases(facts):
        nic, paths = node.interfaces[0], list(reach.paths_to(target_of(reach, node)))
        straight = [path for path in paths if path.balancer is None]
        for address in ("172.16.0.9", "8.8.8.8", "9.9.9.9"):
            linked = hop(homes[nic.subnet], address) is NextHop.VPN
            listed = address != "9.9.9.9" and (address != "8.8.8.8" or homes[nic.subnet].routes[2].hop is NextHop.VPN)
            truth = linked and listed and directly(topology, nic, Sender(address), service)
            assert allows(straight, SenderKind.ROUTED, address, point) == (truth, truth), (address, service)


@laws
@given(networks())
def test_external_members_get_in_by_their_group(facts: Snapshot) -> None:
    reach, topology = Reachability(facts), facts.topology
    external = topology.external_members[0]
    for node, service, point in cases(facts):
        paths = [path for path in reach.paths_to(target_of(reach, node)) if path.balancer is None]
        nic = node.interfaces[0]
        named = passes(topology, nic.filters, Direction.INGRESS, "192.168.0.1", external.groups, service)
        nobody = passes(topology, nic.filters, Direction.INGRESS, "192.168.0.1", (), service)
        home = next(part for part in topology.subnets if part.id == nic.subnet)
        truth = named and crosses(topology, home, address_of(external), service)
        lower, _ = allows(paths, SenderKind.GROUP, address_of(external), point)
        assert lower <= truth
        assert nobody or lower == truth


@laws
@given(networks())
def test_hosts_of_the_cluster_get_in_by_address_or_group(facts: Snapshot) -> None:
    reach, topology = Reachability(facts), facts.topology
    source, target = facts.cluster.hosts
    path = reach.between(target_of(reach, source), target_of(reach, target))
    nic, sender = target.interfaces[0], source.interfaces[0]
    home = next(part for part in topology.subnets if part.id == sender.subnet)
    for _, service, point in cases(facts)[: 2 * len(PORTS)]:
        out = passes(topology, sender.filters, Direction.EGRESS, address_of(nic), nic.groups, service)
        out = out and crosses(topology, home, address_of(nic), service, Direction.EGRESS)
        truth = out and directly(topology, nic, Sender(address_of(sender), sender.groups), service)
        assert (point in path.allowed.lower.at(address_point(address_of(sender)))) == truth


@laws
@given(networks())
def test_members_of_a_group_get_in_by_the_balancers_filter(facts: Snapshot) -> None:
    reach, topology = Reachability(facts), facts.topology
    nlb, external = topology.balancers[0], topology.external_members[0]
    for node, service, point in cases(facts):
        behind = [path for path in reach.paths_to(target_of(reach, node)) if path.balancer is not None]
        sender = Sender(address_of(external), external.groups)
        always, ever = through(topology, nlb, node, sender, service)
        found = [allows(behind, kind, sender.address, point) for kind in (SenderKind.NETWORK, SenderKind.GROUP)]
        assert any(lower for lower, _ in found) <= always <= ever <= any(upper for _, upper in found)


@laws
@given(networks())
def test_hosts_of_the_cluster_get_in_by_the_balancer(facts: Snapshot) -> None:
    reach, topology = Reachability(facts), facts.topology
    source, target = facts.cluster.hosts
    paths = list(reach.host_paths(target_of(reach, source), target_of(reach, target), ServiceSet.everything()))
    nic, nlb = source.interfaces[0], topology.balancers[0]
    for _, service, point in cases(facts)[: 2 * len(PORTS)]:
        always, ever = through(topology, nlb, target, Sender(address_of(nic), nic.groups), service, nic)
        lower, upper = allows(paths[1:], SenderKind.HOSTS, address_of(nic), point)
        assert lower <= always <= ever <= upper


@laws
@given(networks(), st.lists(st.sampled_from(CIDRS), max_size=2))
def test_traffic_of_an_unread_list_lies_between_the_bounds(facts: Snapshot, office: list[str]) -> None:
    unread = AddressList("office", "office", (), known=False, source=facts.topology.external_members[0].source)
    blind = Reachability(replace(facts, topology=replace(facts.topology, address_lists=(unread,))))
    read = replace(unread, ranges=address_sets(*office), known=True)
    sighted = Reachability(replace(facts, topology=replace(facts.topology, address_lists=(read,))))
    for machine in facts.cluster.hosts:
        pairs = zip(
            blind.paths_to(target_of(blind, machine)), sighted.paths_to(target_of(sighted, machine)), strict=True
        )
        for before, after in pairs:
            assert before.allowed.lower <= after.allowed.lower
            assert after.allowed.upper <= before.allowed.upper


@laws
@given(networks(), st.sampled_from(("one", "two", "nacl-a", "nacl-b")))
def test_traffic_of_an_unread_filter_lies_between_the_bounds(facts: Snapshot, unread: str) -> None:
    guards: tuple[Filter, ...] = tuple(guard for guard in facts.topology.filters if guard.id != unread)
    blind, sighted = Reachability(replace(facts, topology=replace(facts.topology, filters=guards))), Reachability(facts)
    for machine in facts.cluster.hosts:
        after = {
            path.sender.name: path for path in sighted.paths_to(target_of(sighted, machine)) if path.balancer is None
        }
        for before in blind.paths_to(target_of(blind, machine)):
            if before.balancer is None and before.sender.name in after:
                assert before.allowed.lower <= after[before.sender.name].allowed.lower
                assert after[before.sender.name].allowed.upper <= before.allowed.upper


@laws
@given(networks())
def test_a_class_has_the_same_paths_as_each_of_its_hosts(facts: Snapshot) -> None:
    reach = Reachability(facts)
    for machine in facts.cluster.hosts:
        alone = Reachability(replace(facts, cluster=replace(facts.cluster, hosts=(machine,))))
        together = {path.sender.name: path.allowed for path in reach.paths_to(target_of(reach, machine))}
        apart = {path.sender.name: path.allowed for path in alone.paths_to(target_of(alone, machine))}
        assert together == apart
