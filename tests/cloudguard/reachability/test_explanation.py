"""The path of a witness names the gates it passes, and at each a rule that really lets it pass."""

from __future__ import annotations

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    OPEN,
    RANGE,
    SOURCE,
    WORLD,
    balancer,
    border,
    group,
    host,
    interface,
    segment,
    snapshot,
    to,
)
from cloudguard.model.network import ClientAddress, Endpoint, NextHop
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Finding
from cloudguard.rows.judge import judge


def paths(made: Snapshot, check: str) -> list[tuple[str, ...]]:
    found: list[Finding] = [finding for row in judge(made, Declarations())[0] for finding in row.findings]
    return [finding.witness.path for finding in found if finding.check == check]


def test_from_the_internet_by_the_border_and_the_filter() -> None:
    home = segment("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"), guard="acl")
    one = host("n1", NODE, "nodes", where="public", public="203.0.113.9")
    acl = border("acl", ("deny in", "udp", WORLD), ("deny in", "tcp/22", "203.0.113.0/24"), *OPEN)
    filters = [group("nodes", ("tcp/22", RANGE), ("tcp/22", WORLD)), acl]
    (path,) = paths(snapshot([one], filters, segments=[home]), "node-access/internet")
    assert path == (
        "public address, routed to the internet by public",
        "network ACL acl: rule acl-2 (all from 0.0.0.0/0)",
        "security group nodes (nodes.prod): rule nodes-1 (tcp/22 from 0.0.0.0/0)",
    )


def through(seen: ClientAddress, *, where: str = "private", named: str = "") -> tuple[str, ...]:
    """A host behind a balancer in another segment: its filter lets in the client, and the balancer's segment."""
    homes = (
        segment("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw")),
        segment("private", ("10.0.1.0/24",), (WORLD, NextHop.OUTBOUND, "nat"), guard="acl"),
    )
    acl = border("acl", ("deny in", "tcp/9", WORLD), ("permit in", "tcp", "10.0.0.0/24"), *OPEN)
    one = host("n1", NODE, "nodes", where=where)
    allowed = [("tcp/22", "front")] if named else [("tcp/22", "198.51.100.0/24"), ("tcp/22", "10.0.0.0/24")]
    nlb = balancer("ssh", "tcp/2222", [to(one, "tcp/22")], *(("front",) if named else ()), seen=seen)
    filters = [group("nodes", *allowed), acl, group("front", ("tcp/2222", WORLD))]
    (path,) = paths(snapshot([one], filters, segments=homes, balancers=[nlb]), "node-access/internet")
    return path


def test_behind_a_balancer_that_keeps_the_clients_address() -> None:
    assert through(ClientAddress.PRESERVED) == (
        "nlb/ssh listens on tcp/2222",
        "nlb/ssh has no filter of its own",
        "the target sees the client's address",
        "network ACL acl: rule acl-2 (all from 0.0.0.0/0)",
        "security group nodes (nodes.prod): rule nodes-0 (tcp/22 from 198.51.100.0/24)",
    )


def test_behind_a_balancer_that_shows_its_own() -> None:
    assert through(ClientAddress.REPLACED)[2:] == (
        "the target sees the balancer's own address",
        "network ACL acl: rule acl-1 (tcp from 10.0.0.0/24)",
        "security group nodes (nodes.prod): rule nodes-1 (tcp/22 from 10.0.0.0/24)",
    )


def test_behind_a_balancer_whose_group_the_hosts_filter_names() -> None:
    assert through(ClientAddress.REPLACED, named="front") == (
        "nlb/ssh listens on tcp/2222",
        "security group front (front.prod): rule front-0 (tcp/2222 from 0.0.0.0/0)",
        "the target sees the balancer's own address",
        "network ACL acl: rule acl-1 (tcp from 10.0.0.0/24)",
        "security group nodes (nodes.prod): rule nodes-0 (tcp/22 from front)",
    )


def test_beside_a_balancer_no_border_is_passed() -> None:
    assert not any("network ACL" in step for step in through(ClientAddress.PRESERVED, where="public"))


def test_an_address_that_is_not_told_is_said_so() -> None:
    one = host("n1", NODE, "nodes")
    nlb = balancer("ssh", "tcp/22", [to(one, "tcp/22")], seen=ClientAddress.UNKNOWN)
    made = snapshot([one], [group("nodes", ("tcp/22", WORLD))], balancers=[nlb])
    (path,) = paths(made, "node-access/internet")
    assert "the target sees an address that could not be told" in path


@pytest.mark.parametrize(("where", "bordered"), [("private", False), ("public", True)])
def test_a_stranger_passes_the_border_only_from_outside(where: str, *, bordered: bool) -> None:
    homes = (segment("public", ("10.0.0.0/24",)), segment("private", ("10.0.1.0/24",), guard="acl"))
    ci = interface("ci", where, "10.0.1.250" if where == "private" else "10.0.0.250", "shared")
    filters = [group("nodes", ("tcp/10250", "shared")), border("acl", *OPEN)]
    made = snapshot([host("n1", NODE, "nodes")], filters, segments=homes, strangers=[ci])
    (path,) = paths(made, "node-access/inside")
    assert path[-1] == "security group nodes (nodes.prod): rule nodes-0 (tcp/10250 from shared)"
    assert (path[0] == "network ACL acl: rule acl-0 (all from 0.0.0.0/0)") is bordered


def test_an_endpoint_says_which_side_of_it() -> None:
    ends = Endpoint("api", "tcp/443", True, (WORLD,), True, "net", ("private",), ("guard",), (), SOURCE)  # noqa: FBT003
    made = snapshot(
        [host("cp", CONTROL_PLANE, "m")], [group("m"), group("guard", ("tcp/443", RANGE))], endpoints=[ends]
    )
    assert paths(made, "api-server-access/internet") == [("public endpoint api on tcp/443",)]
    assert paths(made, "api-server-access/inside") == [
        (
            "private endpoint api on tcp/443",
            "security group guard (guard.prod): rule guard-0 (tcp/443 from 10.0.0.0/16)",
        )
    ]
