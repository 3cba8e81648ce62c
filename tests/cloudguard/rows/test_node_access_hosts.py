"""node-access: the judged hosts, and unknown facts about them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    PRIVATE,
    PUBLIC,
    SOURCE,
    WORLD,
    balancer,
    group,
    host,
    managed_endpoint,
    snapshot,
    to,
)
from cloudguard.model.cluster import NextInterface, Pool, Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.hop import HopKind
from cloudguard.results.report import Verdict
from edits import lets
from judged import changes_of
from node_rows import (
    FROM_CONTROL_PLANE,
    INSIDE,
    INTERNET,
    NODE_PORTS,
    checks_of,
    private_node,
    public_node,
    row,
)


def pool(*filters: str, public: bool | None = None, roles: tuple[Role, ...] = NODE) -> Pool:
    return Pool("asg", "asg", roles, (), ("public",), filters, filters, SOURCE, public=public)


def test_a_pool_s_next_host_is_judged_today() -> None:
    filters = [group("nodes", ("tcp/22", WORLD))]
    result = row(snapshot([], filters, pools=[pool("nodes", public=True)]))
    assert checks_of(result) == [(INTERNET, Severity.CRITICAL)]
    assert "the next host of asg" in result.findings[0].message
    assert checks_of(row(snapshot([], filters, pools=[pool("nodes", public=False)]))) == [(INSIDE, Severity.LOW)]
    default = [replace(PUBLIC, public_by_default=True), PRIVATE]
    assert checks_of(row(snapshot([], filters, subnets=default, pools=[pool("nodes")]))) == [
        (INTERNET, Severity.CRITICAL)
    ]


def test_every_interface_and_ipv6_address_of_the_next_host_is_judged() -> None:
    filters = [group("nodes"), group("wide", ("tcp/22", WORLD), ("tcp/22", "::/0"))]
    shut = pool("nodes", public=False)
    six = [replace(PUBLIC, ipv6_by_default=True), PRIVATE]
    wide = pool("wide", public=False)
    assert checks_of(row(snapshot([], filters, subnets=six, pools=[shut]))) == []
    assert checks_of(row(snapshot([], filters, subnets=six, pools=[wide])))[0] == (INTERNET, Severity.CRITICAL)
    assert checks_of(row(snapshot([], filters, pools=[replace(wide, public_ipv6=True)])))[0] == (
        INTERNET,
        Severity.CRITICAL,
    )
    assert checks_of(row(snapshot([], filters, pools=[wide]))) == [(INSIDE, Severity.LOW)]
    beside = replace(shut, further=(NextInterface(("wide",), ("wide",), ("private",)),))
    assert checks_of(row(snapshot([], filters, pools=[beside]))) == [(INSIDE, Severity.LOW)]


def test_bastions_are_not_judged_and_hosts_without_a_role_are() -> None:
    filters = [group("open", ("tcp/22", WORLD))]
    bastion = host("b", (Role.BASTION,), "open", where="public", public="203.0.113.9")
    assert row(snapshot([bastion], filters)).verdict is Verdict.UNKNOWN
    unknown = host("x", (), "open", where="public", public="203.0.113.9")
    assert checks_of(row(snapshot([unknown], filters))) == [(INTERNET, Severity.CRITICAL)]


def test_an_unread_filter_makes_the_row_unknown() -> None:
    result = row(snapshot([host("n", NODE, "unread", where="public", public="203.0.113.9")]))
    assert result.verdict is Verdict.UNKNOWN
    assert any("filter unread could not be read" in line for line in result.unknown)


def test_without_any_filter_everyone_gets_in() -> None:
    result = row(snapshot([host("n", NODE, where="public", public="203.0.113.9")]))
    assert result.verdict is Verdict.FAIL
    assert result.findings[0].severity is Severity.CRITICAL


def test_a_cluster_without_nodes_never_passes() -> None:
    assert row(snapshot()).verdict is Verdict.UNKNOWN


ELSEWHERE = {
    *(FactKind.ADDRESS_LISTS, FactKind.IDENTITIES, FactKind.DISKS, FactKind.ETCD_CLUSTERS),
    *(FactKind.KEYS, FactKind.ENDPOINT),
}


@pytest.mark.parametrize("facet", [*FactKind])
def test_a_gap_in_the_row_s_facts_makes_it_unknown(facet: FactKind) -> None:
    gap = Gap("test:Call", "*", Reason.THROTTLED, "Throttled", (facet,))
    facts = replace(private_node(), gaps=(gap,))
    assert row(facts).verdict is (Verdict.PASS if facet in ELSEWHERE else Verdict.UNKNOWN)


def test_a_finding_has_a_witness_that_names_the_blamed_rule() -> None:
    finding: Finding = row(public_node(("tcp/22", WORLD))).findings[0]
    assert finding.witness.summary == "198.51.100.7 → tcp 22 on n (n.prod)"
    last = finding.witness.path[-1]
    assert (last.kind, last.id, last.rule) == (HopKind.TARGET_FILTER, "nodes", "nodes-0")
    assert (last.lets, last.attributed) == (lets("tcp/22", WORLD), True)


def test_if_pods_share_the_nodes_filter_the_control_plane_needs_every_port() -> None:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes", address="10.0.1.5")]
    facts = snapshot(hosts, [group("masters"), group("nodes", ("all", "masters"))])
    assert [finding.check for finding in row(facts, Declarations(cni="flannel")).findings] == [
        "node-access/control-plane"
    ]
    assert row(facts, Declarations(cni="vpc")).findings == ()


def test_the_cluster_s_own_pods_are_expected() -> None:
    node = host("a", NODE, "nodes")
    facts = snapshot([node], [group("nodes", ("all", "10.0.128.0/20"))], pods=("10.0.128.0/20",))
    assert checks_of(row(facts)) == []
    wider = snapshot([node], [group("nodes", ("all", "10.0.128.0/19"))], pods=("10.0.128.0/20",))
    assert checks_of(row(wider)) == [(INSIDE, Severity.MEDIUM)]


def pair_of_hosts(services: str, **more: object) -> Snapshot:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")]
    facts = snapshot(hosts, [group("masters"), group("nodes", (services, "masters"))])
    return replace(facts, **more) if more else facts  # type: ignore[arg-type]


def test_control_plane_access_to_every_node_port_is_advice() -> None:
    result = row(pair_of_hosts("all"))
    assert checks_of(result) == [(FROM_CONTROL_PLANE, Severity.LOW)]
    assert "--cni" in result.findings[0].advice
    assert checks_of(row(pair_of_hosts("tcp/10250"))) == []


def test_with_a_declared_cni_the_advice_lists_the_control_plane_s_ports() -> None:
    result = row(pair_of_hosts("all"), Declarations(cni="calico"))
    assert "tcp/179" in result.findings[0].advice
    assert changes_of(pair_of_hosts("all"), Declarations(cni="calico")) == ()


def test_managed_control_plane_access_to_every_port_is_advice_too() -> None:
    managed = managed_endpoint(private=True, filters=("eks",), groups=("eks",))
    facts = snapshot([host("n", NODE, "eks")], [group("eks", ("all", "eks"))], endpoints=[managed], managed=True)
    assert checks_of(row(facts)) == [(FROM_CONTROL_PLANE, Severity.LOW)]


@pytest.mark.parametrize(
    ("service", "port", "admits", "expected"),
    [
        ("", "tcp/30080", ("198.51.100.0/24",), NODE_PORTS),
        ("web", "tcp/30080", ("198.51.100.0/24",), NODE_PORTS),
        ("web", "tcp/30080", (), NODE_PORTS),
        ("web", "tcp/8080", (), INTERNET),
        ("web", "tcp/22", (), INTERNET),
        ("web", "tcp/30080", (WORLD,), ""),
    ],
)
def test_a_host_s_rule_wider_than_its_balancer_s_is_a_finding(
    service: str, port: str, admits: tuple[str, ...], expected: str
) -> None:
    """The balancer preserves client addresses, so the host must let in the balancer's clients, and nobody else."""
    public = host("n", NODE, "nodes", where="public", public="203.0.113.9")
    front = balancer("front", "tcp/80", [to(public, port)], "front", service=service)
    groups = [group("masters"), group("nodes", (port, WORLD)), group("front", *(("tcp/80", admit) for admit in admits))]
    result = row(snapshot([host("m", CONTROL_PLANE, "masters"), public], groups, balancers=[front]))
    worst = [finding.check for finding in result.findings if finding.message.startswith("the internet can")]
    assert worst == ([expected] if expected else [])
