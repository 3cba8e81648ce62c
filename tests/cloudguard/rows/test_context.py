"""The shared facts of all rows: ports behind balancers, declarations, gaps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, WORLD, WORLD6, balancer, group, host, snapshot, to
from cloudguard.model.cluster import Role
from cloudguard.model.load_balancers import Balancer, ClientAddress
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations, DeclaredNeed, DeclaredService
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Reachability
from cloudguard.results.change import KeptTraffic
from cloudguard.rows.context import Context, incidental_ports

MASTER = host("cp", CONTROL_PLANE, "masters")
WORKER = host("n1", NODE, "nodes")
CLIENTS = "10.7.0.0/24"


def context(facts: Snapshot, policy: Declarations | None = None) -> Context:
    return Context(facts, policy or Declarations(), Reachability(facts))


def one_class(made: Context, role: Role) -> HostClass:
    (host_class,) = made.with_role(role)
    return host_class


def pair(peer: str, services: str) -> tuple[str, ServiceSet]:
    return peer, ServiceSet.parse(services)


def pairs(kept: tuple[KeptTraffic, ...]) -> tuple[tuple[str, ServiceSet], ...]:
    return tuple((kept_traffic.peer.value, kept_traffic.services) for kept_traffic in kept)


def fronted_by(*fronts: Balancer, allowed: tuple[tuple[str, str], ...] = ()) -> Context:
    return context(snapshot([WORKER, MASTER], [group("nodes", *allowed), group("masters")], balancers=fronts))


@pytest.mark.parametrize(
    ("listening", "reached", "service", "api"),
    [
        ("tcp/443", "tcp/7443", "", "tcp/6443,tcp/7443"),
        ("tcp/6443", "tcp/6443", "", "tcp/6443"),
        ("tcp/9000", "tcp/9000", "", "tcp/6443"),
        ("tcp/9000", "tcp/8443", "", "tcp/6443,tcp/8443"),
        ("tcp/443", "tcp/7443", "default/web", "tcp/6443"),
        ("tcp/443", "tcp/2379", "", "tcp/6443"),
    ],
)
def test_a_host_port_behind_a_balancer_on_the_api_s_port_is_the_api(
    listening: str, reached: str, service: str, api: str
) -> None:
    front = balancer("lb", listening, [to(MASTER, reached)], service=service)
    assert fronted_by(front).ports.api == ServiceSet.parse(api)


def test_a_node_port_behind_a_balancer_is_not_the_api() -> None:
    assert fronted_by(balancer("lb", "tcp/443", [to(WORKER, "tcp/7443")])).ports.api == ServiceSet.parse("tcp/6443")


def test_declared_services_are_for_nodes_and_needs_for_their_role() -> None:
    declarations = Declarations(
        services=(DeclaredService("tcp/443", (CLIENTS,)),),
        needs=(
            DeclaredNeed("10.8.0.1", "etcd", "tcp/2379", "backup"),
            DeclaredNeed("ci", "etcd", "tcp/2380", "ci"),
            DeclaredNeed("ci", "etcd", "tcp/22", "ci"),
            DeclaredNeed("ci", "node", "tcp/22", "ci"),
        ),
    )
    made = context(snapshot([MASTER, WORKER], [group("masters"), group("nodes")]), declarations)
    etcd, node = one_class(made, Role.ETCD), one_class(made, Role.NODE)
    by_address = PacketSet.product(AddressSet.parse("10.8.0.1"), ServiceSet.parse("tcp/2379"))
    assert made.declared_packets(etcd) == by_address
    assert pairs(made.declared_traffic(etcd)) == (
        pair("10.8.0.1", "tcp/2379"),
        pair("ci", "tcp/2380"),
        pair("ci", "tcp/22"),
    )
    assert [kept_traffic.why for kept_traffic in made.declared_traffic(etcd)] == ["backup", "ci", "ci"]
    assert pairs(made.declared_traffic(node)) == (pair(CLIENTS, "tcp/443"), pair("ci", "tcp/22"))
    assert made.declared_groups(etcd) == {"ci": ServiceSet.parse("tcp/22,tcp/2380")}
    assert made.declared_groups(node) == {"ci": ServiceSet.parse("tcp/22")}


def test_a_balancer_s_own_addresses_are_needed_if_no_rule_names_its_group() -> None:
    front = balancer("lb", "tcp/8080", [to(WORKER, "tcp/8080")], "front")
    made = fronted_by(front)
    assert pairs(made.needed_by_balancers(one_class(made, Role.NODE))) == (
        pair("10.0.0.0/24", "tcp/8080"),
        pair("2001:db8:0:1::/64", "tcp/8080"),
    )
    named = fronted_by(front, allowed=(("tcp/8080", "front"),))
    assert named.needed_by_balancers(one_class(named, Role.NODE)) == ()


def test_clients_of_a_service_are_needed_if_the_host_sees_their_addresses() -> None:
    def clients(front: Balancer) -> set[str]:
        made = fronted_by(front)
        own = {"10.0.0.0/24", "2001:db8:0:1::/64"}
        return {peer for peer, _ in pairs(made.needed_by_balancers(one_class(made, Role.NODE)))} - own

    service = balancer("lb", "tcp/80", [to(WORKER, "tcp/8080")], service="default/web")
    assert clients(service) == {WORLD, WORLD6}
    assert clients(replace(service, declared_service="")) == set()
    by_port = balancer("lb", "tcp/80", [to(WORKER, "tcp/30080")])
    assert clients(by_port) == {WORLD, WORLD6}
    hidden = balancer("lb", "tcp/80", [to(WORKER, "tcp/8080")], service="default/web", seen=ClientAddress.REPLACED)
    assert clients(hidden) == set()
    inner = balancer("lb", "tcp/80", [to(WORKER, "tcp/8080")], service="default/web", facing=False)
    assert "10.0.0.0/16" in clients(inner)
    assert WORLD not in clients(inner)


def test_ports_that_another_row_judges_are_not_needed() -> None:
    made = fronted_by(balancer("lb", "tcp/443", [to(MASTER, "tcp/6443")]))
    assert made.needed_by_balancers(one_class(made, Role.CONTROL_PLANE)) == ()


def test_a_gap_is_listed_once_with_the_missing_permission() -> None:
    gap = Gap("test:Read", "a", Reason.DENIED, "denied", (FactKind.HOSTS, FactKind.POOLS), "test:read")
    other = replace(gap, resource="b", permission="", hides=(FactKind.KEYS,))
    made = context(snapshot(gaps=[gap, gap, other]))
    assert made.missing(frozenset({FactKind.HOSTS, FactKind.POOLS})) == ("test:Read on a: denied; grant test:read",)
    assert made.missing(frozenset({FactKind.KEYS})) == ("test:Read on b: denied",)
    assert made.missing(frozenset({FactKind.DISKS})) == ()


@pytest.mark.parametrize(
    ("listening", "left"),
    [
        ("tcp/22", "none"),
        ("tcp/80,tcp/10250", "none"),
        ("tcp/80-8443", "tcp/3389"),
        ("tcp/22,tcp", "tcp/3389,tcp/10250,tcp/10255"),
        ("all", "tcp/22,tcp/3389,tcp/10250,tcp/10255"),
        ("udp", "none"),
    ],
)
def test_a_service_with_a_port_range_does_not_mean_to_include_remote_login(listening: str, left: str) -> None:
    (listener,) = balancer("lb", listening, [to(WORKER, listening)], service="default/web").listeners
    assert incidental_ports(listener) == ServiceSet.parse(left)
    made = fronted_by(balancer("lb", listening, [to(WORKER, listening)], service="default/web"))
    clients = [
        services for peer, services in pairs(made.needed_by_balancers(one_class(made, Role.NODE))) if peer == WORLD
    ]
    assert not any(services & ServiceSet.parse(left) for services in clients)
