"""IP versions: a sender connects directly to a host only by an IP version that both have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, WORLD, WORLD6, balancer, group, host, interface, snapshot, to
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import ALL4, ALL6
from cloudguard.reachability.paths import Reachability
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

V6 = "2001:db8:0:1::7"


def row(facts: Snapshot, name: str) -> RowResult:
    return rows_of(facts)[name]


def checks(result: RowResult) -> dict[str, Severity]:
    return {finding.check: finding.severity for finding in result.findings}


def test_an_ipv6_rule_lets_nobody_in_to_a_host_without_an_ipv6_address() -> None:
    plain = row(snapshot([host("n", NODE, "nodes")], [group("nodes", ("tcp/22", WORLD6))]), "node-access")
    assert checks(plain) == {}
    both = row(snapshot([host("n", NODE, "nodes", v6=V6)], [group("nodes", ("tcp/22", WORLD6))]), "node-access")
    assert checks(both) == {"node-access/inside": Severity.LOW}


@pytest.mark.parametrize(
    ("peer", "public_ipv4", "expected"),
    [
        (WORLD, True, Verdict.FAIL),
        (WORLD6, True, Verdict.FAIL),
        (WORLD6, False, Verdict.FAIL),
        (WORLD, False, Verdict.PASS),
        ("10.0.0.0/16", False, Verdict.PASS),
    ],
)
def test_a_dual_stack_balancer_may_have_no_public_ipv4_address(
    peer: str, expected: Verdict, *, public_ipv4: bool
) -> None:
    """Without a public IPv4 address, senders on the internet use IPv6; senders inside the network use both."""
    master = host("m", CONTROL_PLANE, "masters")
    client = ClientAddress.REPLACED
    front = balancer("api", "tcp/443", [to(master, "tcp/6443")], "front", seen=client, dual=True)
    facts = snapshot(
        [master, host("n", NODE, "nodes")],
        [group("masters", ("tcp/6443", "front")), group("nodes"), group("front", ("tcp/443", peer))],
        balancers=[replace(front, public_ipv4=public_ipv4)],
    )
    assert row(facts, "api-server-access").verdict is expected


@pytest.mark.parametrize("services", ["tcp/4001", "all"])
def test_external_members_and_hosts_connect_only_by_the_target_s_ip_versions(services: str) -> None:
    external = interface("eni-x", "public", "10.0.0.9", "friends", v6="2001:db8:0:1::9")
    target = host("cp", CONTROL_PLANE, "masters")
    rules = [group("masters", (services, "friends"), (services, WORLD6), (services, WORLD)), group("friends")]
    node = host("n", NODE, "friends", where="public", v6=V6)
    reach = Reachability(snapshot([target, node], rules, external_members=[external]))
    master = next(host_class for host_class in reach.classes if host_class.has(CONTROL_PLANE[0]))
    paths = [*reach.paths_to(master), *(reach.between(other, master) for other in reach.classes)]
    assert any(path.allowed.lower.addresses() & ALL4 for path in paths)
    assert not any(path.allowed.upper.addresses() & ALL6 for path in paths)
