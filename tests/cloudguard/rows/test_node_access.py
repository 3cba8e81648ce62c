"""node-access: the senders that can open a connection to a node."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    PRIVATE,
    PUBLIC,
    RANGE,
    SOURCE,
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
from cloudguard.model.filters import Group
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import NextHop
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.needs.declarations import Declarations, DeclaredNeed, DeclaredService
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.results.change import Change
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from edits import after, keeps, lets
from judged import changes_of, rows_of
from node_rows import (
    INSIDE,
    INTERNET,
    NODE_PORTS,
    PUBLIC_ADDRESS,
    checks_of,
    private_node,
    public_node,
    row,
)


@pytest.mark.parametrize(
    ("services", "check", "severity"),
    [
        ("all", INTERNET, Severity.CRITICAL),
        ("tcp", INTERNET, Severity.CRITICAL),
        ("tcp/22", INTERNET, Severity.CRITICAL),
        ("tcp/3000-4000", INTERNET, Severity.CRITICAL),
        ("tcp/10250", INTERNET, Severity.CRITICAL),
        ("tcp/10255", INTERNET, Severity.CRITICAL),
        ("tcp/8080", INTERNET, Severity.HIGH),
        ("udp/53", INTERNET, Severity.HIGH),
        ("proto/4", INTERNET, Severity.HIGH),
        ("proto/50", INTERNET, Severity.HIGH),
        ("icmp/8", INTERNET, Severity.LOW),
        ("tcp/30000-32767", NODE_PORTS, Severity.MEDIUM),
        ("udp/31000", NODE_PORTS, Severity.MEDIUM),
    ],
)
def test_the_severity_of_internet_access_depends_on_the_ports(services: str, check: str, severity: Severity) -> None:
    assert checks_of(row(public_node((services, WORLD)))) == [(check, severity)]


def test_path_mtu_messages_are_expected_from_anywhere() -> None:
    assert checks_of(row(public_node(("icmp/3/4", WORLD)))) == []


def test_each_problem_of_a_filter_is_one_finding_for_all_its_hosts() -> None:
    hosts = [host(f"n{n}", NODE, "nodes", where="public", public="203.0.113.9") for n in range(12)]
    filters = [group("nodes", ("tcp/22", "0.0.0.0/1"), ("tcp/22", "128.0.0.0/1"), ("tcp/31000", WORLD))]
    result = row(snapshot(hosts, filters))
    assert checks_of(result) == [(INTERNET, Severity.CRITICAL), (NODE_PORTS, Severity.MEDIUM)]
    assert "12 nodes" in result.findings[0].message
    assert [fact.rule for fact in result.findings[0].evidence if fact.rule] == ["nodes-0", "nodes-1"]


def test_a_node_open_by_ipv6_alone_is_found() -> None:
    result = row(public_node(("tcp/22", WORLD6), v6="2600::5", public=""))
    assert checks_of(result) == [(INTERNET, Severity.CRITICAL)]
    assert result.findings[0].witness.facts[1][1] == "2001:db8::7"


def test_a_subnet_filter_can_close_what_the_host_s_filter_opens() -> None:
    node = host("n", NODE, "nodes", where="a", public="203.0.113.9")
    guard = network_acl("nacl", ("deny in", "tcp/22", WORLD), ("permit in", "all", WORLD), ("permit out", "all", WORLD))
    shut = subnet("a", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"), guard="nacl")
    result = row(snapshot([node], [group("nodes", ("tcp/22", WORLD)), guard], subnets=[shut]))
    assert INTERNET not in {check for check, _ in checks_of(result)}
    assert any("latent" in finding.message and "blocks it" in finding.message for finding in result.findings)


def test_a_subnet_filter_without_return_traffic_lets_no_connection_in() -> None:
    node = host("n", NODE, "nodes", where="a", public="203.0.113.9")
    guard = network_acl("nacl", ("permit in", "all", WORLD), ("permit out", "all", RANGE))
    shut = subnet("a", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"), guard="nacl")
    result = row(snapshot([node], [group("nodes", ("tcp/22", WORLD)), guard], subnets=[shut]))
    assert INTERNET not in {check for check, _ in checks_of(result)}


def test_a_public_address_without_a_route_is_latent() -> None:
    node = host("n", NODE, "nodes", where="private", public="203.0.113.9")
    result = row(snapshot([node], [group("nodes", ("tcp/22", WORLD))]))
    assert checks_of(result) == [(INSIDE, Severity.LOW)]
    assert "no route to the internet" in result.findings[0].message


def test_a_public_address_without_access_is_advice() -> None:
    result = row(public_node(("tcp/10250", "10.0.1.5/32")))
    assert (PUBLIC_ADDRESS, Severity.LOW) in checks_of(result)
    assert row(snapshot([host("n", NODE, "nodes")], [group("nodes")])).findings == ()


def test_an_appliance_on_the_path_makes_the_row_unknown() -> None:
    watched = replace(PUBLIC, inspected=True)
    node = host("n", NODE, "nodes", where="public", public="203.0.113.9")
    result = row(snapshot([node], [group("nodes", ("tcp/22", WORLD))], subnets=[watched, PRIVATE]))
    assert any("the internet" in line for line in result.unknown)
    assert result.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("services", "severity"),
    [("tcp/10250", Severity.MEDIUM), ("all", Severity.MEDIUM), ("tcp", Severity.MEDIUM), ("tcp/22", Severity.LOW)],
)
def test_the_severity_of_inside_access_depends_on_the_ports(services: str, severity: Severity) -> None:
    assert checks_of(row(private_node((services, RANGE)))) == [(INSIDE, severity)]


@pytest.mark.parametrize("services", ["tcp/30000-32767", "tcp/10256", "icmp"])
def test_services_and_health_checks_are_expected_from_inside(services: str) -> None:
    assert checks_of(row(private_node((services, RANGE)))) == []


def test_open_node_ports_on_private_nodes_are_latent() -> None:
    result = row(private_node(("tcp/30000-32767", WORLD)))
    assert checks_of(result) == [(INSIDE, Severity.LOW)]
    assert "latent" in result.findings[0].message
    latent = result.findings[0].latent
    assert latent is not None
    assert (latent.resource.kind, latent.lets) == ("filter", f"tcp/30000-32767 from {WORLD}")
    assert latent.barrier in result.findings[0].message


def test_the_cluster_s_own_hosts_are_expected() -> None:
    hosts = [host("a", NODE, "nodes", address="10.0.1.4"), host("b", NODE, "nodes", address="10.0.1.5")]
    assert checks_of(row(snapshot(hosts, [group("nodes", ("all", "nodes"), ("all", "10.0.1.4/31"))]))) == []


def test_a_peered_network_with_a_route_gets_in() -> None:
    routed = replace(PRIVATE, routes=subnet("x", (), ("10.9.0.0/16", NextHop.PEER, "pcx-1")).routes)
    facts = private_node(("tcp/10250", "10.9.0.0/16"), subnets=(PUBLIC, routed))
    result = row(facts)
    assert checks_of(result) == [(INSIDE, Severity.MEDIUM)]
    assert "pcx-1" in result.findings[0].message
    assert checks_of(row(private_node(("tcp/10250", "10.9.0.0/16")))) == []


def test_a_default_route_to_a_hub_lets_in_only_private_addresses() -> None:
    routed = replace(PRIVATE, routes=subnet("x", (), (WORLD, NextHop.HUB, "tgw-1")).routes)
    result = row(private_node(("tcp/22", "172.16.0.0/12"), subnets=(PUBLIC, routed)))
    assert checks_of(result) == [(INSIDE, Severity.LOW)]
    assert checks_of(row(private_node(("tcp/22", "198.51.100.0/24"), subnets=(PUBLIC, routed)))) == []


def test_strangers_in_an_allowed_group_are_named() -> None:
    stranger = replace(interface("eni-x", "private", "10.0.1.99", "ci"), owner="instance i-ci")
    result = row(private_node(("tcp/10250", "ci"), external_members=(stranger,)))
    assert checks_of(result) == [(INSIDE, Severity.MEDIUM)]
    assert any(fact.resource.id == "eni-x" for fact in result.findings[0].evidence)
    assert checks_of(row(private_node(("tcp/10250", "ci")))) == []


def test_another_account_s_group_is_a_finding_and_an_unknown_group_is_unknown() -> None:
    foreign = Group("ci", "", SOURCE, members_known=False, owner="210987654321")
    assert checks_of(row(private_node(("tcp/10250", "ci"), groups=(foreign,)))) == [(INSIDE, Severity.MEDIUM)]
    result = row(private_node(("tcp/10250", "ci"), groups=(replace(foreign, owner=""),)))
    assert result.verdict is Verdict.UNKNOWN
    assert "cannot list them" in result.unknown[0]


def test_services_through_a_balancer_are_expected() -> None:
    machine = host("n", NODE, "nodes")
    filters = [group("nodes", ("all", WORLD))]
    node, pod = address_sets(str(machine.interfaces[0].addresses[0]), "10.0.1.250")
    nic = replace(machine.interfaces[0], addresses=(node, pod))
    machine = replace(machine, interfaces=(nic,))

    def found(port: str, service: str, at: AddressSet = NO_ADDRESSES) -> list[tuple[str, Severity]]:
        target = replace(to(machine, port), address=at)
        nlb = balancer("web", "tcp/80", [target], service=service)
        return [pair for pair in checks_of(row(snapshot([machine], filters, balancers=[nlb]))) if pair[0] == INTERNET]

    assert found("tcp/30080", "") == []
    assert found("tcp/30080", "shop/web") == []
    assert found("tcp/8080", "shop/web") == found("tcp/8080", "") == [(INTERNET, Severity.HIGH)]
    assert found("tcp/8080", "shop/web", pod) == found("tcp/8080", "shop/web", node) == []
    assert found("tcp/22", "git/ssh", pod) == []
    for port in ("tcp/22", "tcp/10250", "tcp/3389"):
        assert found(port, "shop/web", node) == found(port, "shop/web") == [(INTERNET, Severity.CRITICAL)]


def test_a_service_s_balancer_needs_its_node_port_open_to_its_clients() -> None:
    behind, other = host("n", NODE, "nodes"), host("m", NODE, "nodes")
    rules = [group("nodes", ("tcp/31222", WORLD))]
    nlb = balancer("web", "tcp/80", [to(behind, "tcp/31222"), to(other, "tcp/31222")], service="shop/web")
    assert checks_of(row(snapshot([behind, other], rules, balancers=[nlb]))) == []
    some = balancer("web", "tcp/80", [to(behind, "tcp/31222")], service="shop/web")
    facts = snapshot([behind, other], rules, balancers=[some])
    assert checks_of(row(facts)) == [(INSIDE, Severity.LOW)]
    assert changes_of(facts) == ()
    wider = snapshot([behind, other], [group("nodes", ("tcp", WORLD))], balancers=[some])
    assert keeps(changes_of(wider), "tcp/31222", WORLD)
    inner_only = balancer("web", "tcp/80", [to(behind, "tcp/31222")], service="shop/web", facing=False)
    edged = replace(behind, interfaces=host("n", NODE, "nodes", where="public", public="203.0.113.9").interfaces)
    assert checks_of(row(snapshot([edged], rules, balancers=[inner_only]))) == [(NODE_PORTS, Severity.MEDIUM)]


def test_a_balancer_that_no_rule_names_keeps_its_own_addresses() -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    api = balancer("api", "tcp/22623", [to(master, "tcp/22623")], seen=ClientAddress.REPLACED, facing=False)

    def changed(*allowed: tuple[str, str]) -> tuple[Change, ...]:
        return changes_of(snapshot([master], [group("masters", *allowed)], balancers=[api]))

    assert changed(("tcp/22623", RANGE)) == ()
    assert keeps(changed(("tcp", RANGE)), "tcp/22623", "10.0.0.0/24")
    named = replace(api, groups=("front",))
    filters = [group("masters", ("tcp", RANGE), ("tcp/22623", "front"))]
    (change, *_) = changes_of(snapshot([master], filters, balancers=[named]))
    assert not keeps([change], "tcp/22623", "10.0.0.0/24")


def test_the_hosts_path_to_the_control_plane_by_a_public_balancer_is_kept() -> None:
    master = host("cp", CONTROL_PLANE, "masters")
    filters = [group("masters", ("tcp/9345", "front")), group("front", ("tcp/9345", WORLD))]
    front = balancer("api", "tcp/9345", [to(master, "tcp/9345")], "front")
    facts = snapshot([master], filters, balancers=[front], outbound=("192.0.2.7/32",))
    rows, changes = rows_of(facts), changes_of(facts)
    assert checks_of(rows["node-access"]) == [(INTERNET, Severity.HIGH)]
    assert after(changes[0]) == (lets("tcp/9345", "192.0.2.7/32"),)
    narrowed = [filters[0], group("front", ("tcp/9345", "192.0.2.7/32"))]
    assert checks_of(row(snapshot([master], narrowed, balancers=[front], outbound=("192.0.2.7/32",)))) == []


def test_outbound_addresses_and_administrators_of_the_api_are_expected() -> None:
    facts = public_node(("tcp/6443", "198.51.100.0/24"), ("tcp/22", "192.0.2.7/32"))
    facts = replace(facts, topology=replace(facts.topology, outbound_addresses=AddressSet.parse("192.0.2.7")))
    admins = Declarations(admin_cidrs=("198.51.100.0/24",))
    assert checks_of(row(facts, admins)) == []
    assert checks_of(row(facts)) == [(INTERNET, Severity.HIGH)]
    assert checks_of(row(public_node(("tcp/22", "198.51.100.0/24")), admins)) == [(INTERNET, Severity.CRITICAL)]


def test_a_host_with_an_unknown_role_may_serve_the_api_and_gets_no_change() -> None:
    node = host("x", (), "all")
    assert checks_of(row(snapshot([node], [group("all", ("tcp/6443,tcp/2379-2380", RANGE))]))) == []
    facts = snapshot([node], [group("all", ("tcp/22", RANGE))])
    rows, changes = rows_of(facts), changes_of(facts)
    assert checks_of(rows["node-access"]) == [(INSIDE, Severity.LOW)]
    assert "role" in rows["node-access"].findings[0].advice
    assert changes == ()


def test_declared_services_and_needs_are_expected() -> None:
    services = Declarations(services=(DeclaredService("tcp/31443", ("192.0.2.0/24",)),))
    assert NODE_PORTS not in {
        check for check, _ in checks_of(row(public_node(("tcp/31443", "192.0.2.0/24")), services))
    }
    assert NODE_PORTS in {check for check, _ in checks_of(row(public_node(("tcp/31443", WORLD)), services))}
    need = Declarations(needs=(DeclaredNeed("10.0.0.0/24", "node", "tcp/9100", "prometheus"),))
    assert checks_of(row(private_node(("tcp/9100", "10.0.0.0/24")), need)) == []
    assert checks_of(row(private_node(("tcp/9101", "10.0.0.0/24")), need)) == [(INSIDE, Severity.LOW)]
    by_group = Declarations(needs=(DeclaredNeed("ci", "node", "tcp/9100", "prometheus"),))
    stranger = interface("eni-x", "private", "10.0.1.99", "ci")
    assert checks_of(row(private_node(("tcp/9100", "ci"), external_members=(stranger,)), by_group)) == []
