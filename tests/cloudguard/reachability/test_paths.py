"""Paths that are easily overlooked, and facts that must stay unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    OPEN,
    RANGE,
    RANGE6,
    SOURCE,
    WORLD,
    WORLD6,
    address_sets,
    balancer,
    group,
    host,
    interface,
    network_acl,
    rule,
    snapshot,
    subnet,
    to,
)
from cloudguard.model.cluster import Pool
from cloudguard.model.filters import Action, AddressList
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import NextHop, Subnet
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.addresses import ALL6
from cloudguard.reachability.paths import Reachability
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from judged import changes_of, rows_of

PRIVATE = subnet("private", ("10.0.1.0/24",), (WORLD, NextHop.OUTBOUND, "nat"))
MASTER = host("cp", CONTROL_PLANE, "masters")
WORKER = host("n1", NODE, "nodes")


def row(facts: Snapshot, name: str, policy: Declarations | None = None) -> RowResult:
    return rows_of(facts, policy)[name]


def checks(result: RowResult) -> dict[str, Severity]:
    return {finding.check: finding.severity for finding in result.findings}


def test_nodes_reach_etcd_through_a_balancer_whose_filter_names_their_group() -> None:
    front = balancer("etcd", "tcp/2379", [to(MASTER, "tcp/2379")], "front", facing=False, seen=ClientAddress.REPLACED)
    facts = snapshot(
        [MASTER, WORKER],
        [group("masters", ("tcp/2379", "front")), group("nodes"), group("front", ("tcp/2379", "nodes"))],
        balancers=[front],
    )
    result = row(facts, "etcd-access")
    assert result.verdict is Verdict.FAIL
    inside = next(finding for finding in result.findings if finding.check == "etcd-access/inside")
    assert inside.resource.id == "front"
    assert "1 node host" in inside.message
    assert "via nlb/etcd" in inside.witness.summary


def test_a_node_whose_own_filter_lets_nothing_out_does_not_reach_the_balancer() -> None:
    front = balancer("etcd", "tcp/2379", [to(MASTER, "tcp/2379")], "front", facing=False)
    filters = [group("masters", ("tcp/2379", "front")), group("nodes", closed=True)]
    facts = snapshot([MASTER, WORKER], [*filters, group("front", ("tcp/2379", "nodes"))], balancers=[front])
    assert row(facts, "etcd-access").verdict is Verdict.PASS


def test_external_members_reach_the_api_by_a_group_in_the_balancer_s_filter() -> None:
    front = balancer("api", "tcp/443", [to(MASTER, "tcp/6443")], "front", seen=ClientAddress.REPLACED)
    facts = snapshot(
        [MASTER],
        [group("masters", ("tcp/6443", "front")), group("front", ("tcp/443", "builders"))],
        balancers=[front],
        external_members=[interface("ci", "public", "10.0.0.200", "builders")],
    )
    result = row(facts, "api-server-access", Declarations(admin_cidrs=("198.51.100.0/24",)))
    assert checks(result) == {"api-server-access/inside": Severity.MEDIUM}
    assert "builders" in result.findings[0].message


def test_an_internet_balancer_is_reached_from_inside_the_network_too() -> None:
    front = balancer("api", "tcp/443", [to(MASTER, "tcp/6443")], "front", seen=ClientAddress.REPLACED)
    filters = [group("masters", ("tcp/6443", "front")), group("front", ("tcp/443", RANGE))]
    facts = snapshot([MASTER], filters, balancers=[front])
    result = row(facts, "api-server-access", Declarations(admin_cidrs=("198.51.100.0/24",)))
    assert checks(result) == {"api-server-access/inside": Severity.MEDIUM}


def test_a_private_ipv6_address_does_not_count_as_public() -> None:
    facts = snapshot([host("n1", NODE, "nodes", where="public", v6="fd00::7")], [group("nodes", ("tcp/22", WORLD6))])
    assert "node-access/internet" not in checks(row(facts, "node-access"))


@pytest.mark.parametrize("route", [WORLD, WORLD6])
def test_a_default_route_to_a_hub_is_no_path_from_the_internet(route: str) -> None:
    home = subnet("private", ("10.0.1.0/24",), (route, NextHop.HUB, "tgw"))
    node = host("n1", NODE, "nodes", v6="2001:db8:0:1::7")
    facts = snapshot([node], [group("nodes", ("tcp/22", "198.51.100.0/24"), ("tcp/22", "2600::/16"))], subnets=[home])
    assert not row(facts, "node-access").findings


def unread(*hops: NextHop) -> Subnet:
    """Return a subnet whose routes name a list that was not read."""
    return subnet("public", ("10.0.0.0/24",), *(("list:pl-1", hop, hop.value) for hop in hops))


@pytest.mark.parametrize(
    ("routes", "verdict"),
    [
        ((NextHop.INTERNET,), Verdict.UNKNOWN),
        ((NextHop.APPLIANCE,), Verdict.UNKNOWN),
        ((NextHop.HUB,), Verdict.PASS),
        ((NextHop.SERVICE,), Verdict.PASS),
    ],
)
def test_a_route_to_an_unread_list_may_lead_anywhere(routes: tuple[NextHop, ...], verdict: Verdict) -> None:
    node = host("n1", NODE, "nodes", where="public", public="203.0.113.9")
    facts = snapshot([node], [group("nodes", ("tcp/22", "198.51.100.0/24"))], subnets=[unread(*routes)])
    assert row(facts, "node-access").verdict is verdict


def test_a_route_to_an_unread_list_may_override_the_internet_route() -> None:
    home = subnet("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"), ("list:pl-1", NextHop.BLACKHOLE, "none"))
    node = host("n1", NODE, "nodes", where="public", public="203.0.113.9")
    facts = snapshot([node], [group("nodes", ("tcp/22", "198.51.100.0/24"))], subnets=[home])
    assert row(facts, "node-access").verdict is Verdict.UNKNOWN
    listed = AddressList("pl-1", "", address_sets("192.0.2.0/24"), known=True, source=SOURCE)
    known = snapshot([node], [group("nodes", ("tcp/22", "198.51.100.0/24"))], subnets=[home], lists=[listed])
    assert row(known, "node-access").verdict is Verdict.FAIL


def test_senders_behind_a_hub_with_an_unread_list_may_get_in() -> None:
    facts = snapshot(
        [host("n1", NODE, "nodes", where="public")],
        [group("nodes", ("tcp/10250", "192.168.0.0/16"))],
        subnets=[unread(NextHop.HUB)],
    )
    result = row(facts, "node-access")
    assert result.verdict is Verdict.UNKNOWN
    assert "behind the hub hub, by a route to pl-1" in result.why


@pytest.mark.parametrize("subnets", [(PRIVATE,), ()])
def test_a_network_with_unread_ranges_makes_the_row_unknown(subnets: tuple[Subnet, ...]) -> None:
    facts = snapshot([WORKER], [group("nodes", ("tcp/10250", "10.0.0.0/8"))], subnets=subnets)
    blind = replace(facts, topology=replace(facts.topology, networks=()))
    result = row(blind, "node-access")
    assert result.verdict is Verdict.UNKNOWN
    assert any("could not be read" in line for line in result.unknown)


def pool(*subnets: str) -> Pool:
    return Pool("asg", "asg", NODE, (), subnets, ("nodes",), ("nodes",), SOURCE, desired=1)


def test_the_next_host_of_a_pool_has_an_ipv6_address_if_its_hosts_have_one() -> None:
    node = host("n1", NODE, "nodes", where="public", v6="2001:db8:0:1::7", pool="asg")
    facts = snapshot([node], [group("nodes", ("tcp/22", WORLD6))], pools=[pool("public")])
    assert [(target.hosts, target.pools) for target in Reachability(facts).classes] == [([node], [pool("public")])]


def test_a_pool_without_a_known_subnet_is_judged() -> None:
    facts = snapshot(
        [WORKER], [group("nodes"), group("open", ("tcp/22", RANGE))], pools=[replace(pool(), filters=("open",))]
    )
    result = row(facts, "node-access")
    assert result.verdict is Verdict.UNKNOWN
    assert "the next host of asg" in result.why


def test_a_balancer_of_one_ip_version_lets_no_other_version_in() -> None:
    home = subnet("public", ("10.0.0.0/24", RANGE6), (WORLD6, NextHop.INTERNET, "gw"))
    node = host("n1", NODE, "nodes", where="public", v6="2001:db8:0:1::7")
    filters = [group("nodes", ("tcp/80", WORLD6))]
    for dual in (False, True):
        nlb = balancer("web", "tcp/80", [to(node, "tcp/80")], facing=False, dual=dual)
        reach = Reachability(snapshot([node], filters, subnets=[home], balancers=[nlb]))
        paths = [path for path in reach.paths_to(reach.classes[0]) if path.balancer is not None]
        assert any((path.allowed.upper.addresses() & ALL6).size for path in paths) is dual


def test_the_ip_version_between_balancer_and_target_is_unknown() -> None:
    node = host("n1", NODE, "nodes", where="public", v6="2001:db8:0:1::7")
    nlb = balancer("web", "tcp/80", [to(node, "tcp/80")], dual=True)
    facts = snapshot([node], [group("nodes", ("tcp/80", "10.0.0.0/24"))], balancers=[nlb])
    reach = Reachability(facts)
    (path,) = (
        path for path in reach.paths_to(reach.classes[0]) if path.balancer is not None and not path.sender.inside
    )
    assert not path.allowed.lower
    assert path.allowed.upper.addresses() <= ALL6
    assert path.allowed.upper


def test_a_balancer_s_filter_needs_to_let_out_only_the_first_ip_version() -> None:
    node = host("n1", NODE, "nodes", where="public", v6="2001:db8:0:1::7")
    front = group("front", ("tcp/80", WORLD), closed=True)
    front = replace(front, rules=(*front.rules, rule("out", "tcp/8080", RANGE, out=True)))
    nlb = balancer("web", "tcp/80", [to(node, "tcp/8080")], "front")
    facts = snapshot([node], [group("nodes", ("tcp/8080", "front")), front], balancers=[nlb])
    assert checks(row(facts, "node-access")) == {
        "node-access/internet": Severity.HIGH,
        "node-access/public-address": Severity.LOW,
    }


def test_the_sender_s_subnet_filter_can_keep_nodes_from_etcd() -> None:
    def answer(*lines: tuple[str, str, str]) -> Verdict:
        homes = (replace(PRIVATE, filters=("acl",)), subnet("masters", ("10.0.9.0/24",)))
        master = host("cp", CONTROL_PLANE, "masters", where="masters", address="10.0.9.9")
        filters = [group("masters", ("tcp/2379", "nodes")), group("nodes"), network_acl("acl", *lines, *OPEN)]
        return row(snapshot([master, WORKER], filters, subnets=homes), "etcd-access").verdict

    assert answer() is Verdict.FAIL
    assert answer(("deny out", "tcp/2379", "10.0.9.0/24")) is Verdict.PASS
    assert answer(("deny in", "tcp", "10.0.9.0/24")) is Verdict.PASS


def test_the_balancer_s_subnet_filter_can_keep_it_from_its_targets() -> None:
    def answer(*lines: tuple[str, str, str]) -> Verdict:
        homes = (
            subnet("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"), guard="acl"),
            PRIVATE,
        )
        nlb = balancer("ssh", "tcp/22", [to(WORKER, "tcp/22")])
        filters = [group("nodes", ("tcp/22", "198.51.100.0/24")), network_acl("acl", *lines, *OPEN)]
        return row(snapshot([WORKER], filters, subnets=homes, balancers=[nlb]), "node-access").verdict

    assert answer() is Verdict.FAIL
    assert answer(("deny out", "tcp/22", "10.0.1.0/24")) is Verdict.PASS


def test_a_deny_rule_in_an_unordered_filter_lets_nobody_in() -> None:
    guard = group("nodes")
    denied = replace(rule("no", "tcp/22", WORLD), action=Action.DENY)
    facts = snapshot([WORKER], [replace(guard, rules=(*guard.rules, denied))])
    assert row(facts, "node-access").verdict is Verdict.PASS


def test_traffic_from_inside_is_found_though_the_internet_gets_a_part_of_it() -> None:
    """The subnet's filter lets the internet ping only; the host's rule lets the inside do everything."""
    home = subnet("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"), guard="acl")
    acl = network_acl("acl", ("permit in", "icmp", WORLD), ("permit in", "all", RANGE), ("permit out", "all", WORLD))
    node = host("n1", NODE, "nodes", where="public", public="203.0.113.9")
    result = row(snapshot([node], [group("nodes", ("all", WORLD)), acl], subnets=[home]), "node-access")
    assert result.verdict is Verdict.FAIL
    assert checks(result) == {"node-access/internet": Severity.LOW, "node-access/inside": Severity.MEDIUM}


def test_a_finding_says_every_port_only_if_every_port_is_open() -> None:
    home = subnet("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"), guard="acl")
    acl = network_acl("acl", ("permit in", "tcp/80", WORLD), ("permit out", "all", WORLD))
    node = host("n1", NODE, "nodes", where="public", public="203.0.113.9")
    result = row(snapshot([node], [group("nodes", ("all", WORLD)), acl], subnets=[home]), "node-access")
    internet = next(finding for finding in result.findings if finding.check == "node-access/internet")
    assert internet.severity is Severity.HIGH
    assert "tcp/80 of" in internet.message


def test_an_unread_list_is_not_blamed_for_traffic_of_another_rule() -> None:
    unknown = AddressList("office", "office", (), known=False, source=SOURCE)
    node = host("n1", NODE, "nodes", where="public", public="203.0.113.9")
    filters = [group("nodes", ("tcp/22", WORLD), ("tcp/22", "list:office"))]
    facts = snapshot([node], filters, lists=[unknown])
    rows, changes = rows_of(facts), changes_of(facts)
    (finding,) = rows["node-access"].findings
    assert [evidence.rule for evidence in finding.evidence if evidence.rule] == ["nodes-0"]
    assert [change.rule for change in changes] == ["nodes-0"]
