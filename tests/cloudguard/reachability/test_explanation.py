"""A witness's path names its hops, and at each filter a rule that really permits the packet."""

from __future__ import annotations

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    OPEN,
    RANGE,
    WORLD,
    balancer,
    group,
    host,
    interface,
    managed_endpoint,
    network_acl,
    snapshot,
    subnet,
    to,
)
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import NextHop
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.change import RuleTraffic
from cloudguard.results.finding import Finding
from cloudguard.results.hop import Hop, HopKind
from edits import lets
from judged import rows_of

Brief = tuple[HopKind, str, str, RuleTraffic | str]
"""A hop's (kind, id, rule id, permitted traffic)."""
LISTENS: Brief = (HopKind.BALANCER, "ssh", "", "tcp/2222")


def witness_paths(facts: Snapshot, check: str) -> list[tuple[Hop, ...]]:
    findings: list[Finding] = [finding for row in rows_of(facts).values() for finding in row.findings]
    return [finding.witness.path for finding in findings if finding.check == check]


def paths(facts: Snapshot, check: str) -> list[tuple[Brief, ...]]:
    return [tuple((hop.kind, hop.id, hop.rule, hop.lets) for hop in path) for path in witness_paths(facts, check)]


def acl(number: int, services: str, who: str) -> Brief:
    return HopKind.SUBNET_FILTER, "acl", f"acl-{number}", lets(services, who)


def nodes(number: int, services: str, who: str) -> Brief:
    return HopKind.TARGET_FILTER, "nodes", f"nodes-{number}", lets(services, who)


def sees(client_address: ClientAddress) -> Brief:
    return HopKind.CLIENT_ADDRESS, "ssh", "", client_address


def test_a_path_from_the_internet_passes_the_subnet_s_and_the_host_s_filter() -> None:
    home = subnet("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"), guard="acl")
    node = host("n1", NODE, "nodes", where="public", public="203.0.113.9")
    guard = network_acl("acl", ("deny in", "udp", WORLD), ("deny in", "tcp/22", "203.0.113.0/24"), *OPEN)
    filters = [group("nodes", ("tcp/22", RANGE), ("tcp/22", WORLD)), guard]
    (path,) = witness_paths(snapshot([node], filters, subnets=[home]), "node-access/internet")
    assert path == (
        Hop(HopKind.INTERNET, "public"),
        Hop(HopKind.SUBNET_FILTER, "acl", "", "network ACL", "acl-2", lets("all", WORLD)),
        Hop(
            HopKind.TARGET_FILTER,
            "nodes",
            "nodes.prod",
            "security group",
            "nodes-1",
            lets("tcp/22", WORLD),
            attributed=True,
        ),
    )


def path_through(seen: ClientAddress, *, where: str = "private", named: str = "") -> tuple[Brief, ...]:
    """Return the path to a host behind a balancer in another subnet; its filter lets in the client and that subnet."""
    homes = (
        subnet("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw")),
        subnet("private", ("10.0.1.0/24",), (WORLD, NextHop.OUTBOUND, "nat"), guard="acl"),
    )
    guard = network_acl("acl", ("deny in", "tcp/9", WORLD), ("permit in", "tcp", "10.0.0.0/24"), *OPEN)
    node = host("n1", NODE, "nodes", where=where)
    allowed = [("tcp/22", "front")] if named else [("tcp/22", "198.51.100.0/24"), ("tcp/22", "10.0.0.0/24")]
    nlb = balancer("ssh", "tcp/2222", [to(node, "tcp/22")], *(("front",) if named else ()), seen=seen)
    filters = [group("nodes", *allowed), guard, group("front", ("tcp/2222", WORLD))]
    (path,) = paths(snapshot([node], filters, subnets=homes, balancers=[nlb]), "node-access/internet")
    return path


def test_a_path_through_a_balancer_that_preserves_the_client_address() -> None:
    assert path_through(ClientAddress.PRESERVED) == (
        LISTENS,
        (HopKind.BALANCER_FILTER, "ssh", "", ""),
        sees(ClientAddress.PRESERVED),
        acl(2, "all", WORLD),
        nodes(0, "tcp/22", "198.51.100.0/24"),
    )


def test_a_path_through_a_balancer_that_replaces_the_client_address() -> None:
    assert path_through(ClientAddress.REPLACED)[2:] == (
        sees(ClientAddress.REPLACED),
        acl(1, "tcp", "10.0.0.0/24"),
        nodes(1, "tcp/22", "10.0.0.0/24"),
    )


def test_a_path_through_a_balancer_whose_group_the_host_s_filter_names() -> None:
    assert path_through(ClientAddress.REPLACED, named="front") == (
        LISTENS,
        (HopKind.BALANCER_FILTER, "front", "front-0", lets("tcp/2222", WORLD)),
        sees(ClientAddress.REPLACED),
        acl(1, "tcp", "10.0.0.0/24"),
        nodes(0, "tcp/22", "front"),
    )


def test_a_path_inside_the_balancer_s_subnet_passes_no_subnet_filter() -> None:
    kinds = {kind for kind, *_ in path_through(ClientAddress.PRESERVED, where="public")}
    assert HopKind.SUBNET_FILTER not in kinds


def test_a_path_through_a_balancer_without_a_filter_names_the_balancer() -> None:
    node = host("n1", NODE, "nodes")
    nlb = balancer("ssh", "tcp/22", [to(node, "tcp/22")], seen=ClientAddress.REPLACED)
    facts = snapshot([node], [group("nodes", ("tcp/22", "10.0.0.0/24"))], balancers=[nlb])
    (path,) = witness_paths(facts, "node-access/internet")
    assert [hop.kind for hop in path if hop.attributed] == [HopKind.BALANCER]


def test_a_path_says_that_the_client_address_is_unknown() -> None:
    node = host("n1", NODE, "nodes")
    nlb = balancer("ssh", "tcp/22", [to(node, "tcp/22")], seen=ClientAddress.UNKNOWN)
    facts = snapshot([node], [group("nodes", ("tcp/22", WORLD))], balancers=[nlb])
    (path,) = paths(facts, "node-access/internet")
    assert sees(ClientAddress.UNKNOWN) in path


@pytest.mark.parametrize(("where", "bordered"), [("private", False), ("public", True)])
def test_an_external_member_passes_the_subnet_filter_only_from_another_subnet(where: str, *, bordered: bool) -> None:
    homes = (subnet("public", ("10.0.0.0/24",)), subnet("private", ("10.0.1.0/24",), guard="acl"))
    ci = interface("ci", where, "10.0.1.250" if where == "private" else "10.0.0.250", "shared")
    filters = [group("nodes", ("tcp/10250", "shared")), network_acl("acl", *OPEN)]
    facts = snapshot([host("n1", NODE, "nodes")], filters, subnets=homes, external_members=[ci])
    (path,) = paths(facts, "node-access/inside")
    assert path[-1] == nodes(0, "tcp/10250", "shared")
    assert (path[0] == acl(0, "all", WORLD)) is bordered


def test_a_path_says_whether_the_endpoint_is_public_or_private() -> None:
    ends = managed_endpoint(WORLD, private=True, filters=("guard",))
    facts = snapshot(
        [host("cp", CONTROL_PLANE, "m")], [group("m"), group("guard", ("tcp/443", RANGE))], endpoints=[ends]
    )
    public = Hop(HopKind.ENDPOINT, "api", "api", word="public endpoint", lets="tcp/443", attributed=True)
    assert witness_paths(facts, "api-server-access/internet") == [(public,)]
    (inside,) = witness_paths(facts, "api-server-access/inside")
    assert [(hop.kind, hop.word, hop.rule) for hop in inside] == [
        (HopKind.ENDPOINT, "private endpoint", ""),
        (HopKind.TARGET_FILTER, "security group", "guard-0"),
    ]
