"""etcd-access: the judged hosts, and the paths to them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    ETCD,
    NODE,
    RANGE,
    SOURCE,
    WORLD,
    WORLD6,
    balancer,
    group,
    host,
    snapshot,
    subnet,
    to,
)
from cloudguard.model.cluster import Host, Pool, Role
from cloudguard.model.network import NextHop
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

MASTER = host("cp", CONTROL_PLANE, "masters")
WORKER = host("n1", NODE, "nodes")


def row(facts: Snapshot) -> RowResult:
    return rows_of(facts)["etcd-access"]


def severities_of(result: RowResult) -> dict[str, Severity]:
    """Return severities by check, without the advice that every such cluster has."""
    return {finding.check: finding.severity for finding in result.findings if finding.check != "etcd-access/tls"}


def only_finding(result: RowResult, check: str) -> Finding:
    (finding,) = (finding for finding in result.findings if finding.check == check)
    return finding


def test_ipv6_and_a_balancer_open_hosts_that_are_closed_by_ipv4() -> None:
    six = host("cp", CONTROL_PLANE, "masters", where="public", v6="2001:db8:0:1::9")
    result = row(snapshot([six], [group("masters", ("tcp/2379", WORLD6))]))
    assert severities_of(result) == {"etcd-access/internet": Severity.CRITICAL}
    front = balancer("etcd", "tcp/443", [to(MASTER, "tcp/2379")])
    result = row(snapshot([MASTER], [group("masters", ("tcp/2379", WORLD))], balancers=[front]))
    assert severities_of(result) == {"etcd-access/internet": Severity.CRITICAL}
    assert "via nlb/etcd" in only_finding(result, "etcd-access/internet").witness.summary
    inner = replace(front, internet_facing=False, subnets=("private",))
    result = row(snapshot([MASTER], [group("masters", ("tcp/2379", RANGE))], balancers=[inner]))
    assert severities_of(result) == {"etcd-access/inside": Severity.HIGH}


def test_access_from_a_peered_network_is_high() -> None:
    linked = subnet("linked", ("10.0.1.0/24",), ("10.9.0.0/16", NextHop.PEER, "peering"))
    master = host("cp", CONTROL_PLANE, "masters", where="linked")
    facts = snapshot([master], [group("masters", ("tcp/2379", "10.9.0.0/16"))], subnets=[linked])
    assert severities_of(row(facts)) == {"etcd-access/inside": Severity.HIGH}


def test_a_pool_s_next_host_is_judged_and_does_not_replace_a_host() -> None:
    def pool(*allowed: tuple[str, str], hosts: tuple[Host, ...] = ()) -> RowResult:
        next_one = Pool("asg", "masters", CONTROL_PLANE, (), ("private",), ("new",), ("new",), SOURCE)
        return row(snapshot(hosts, [group("masters"), group("new", *allowed)], pools=[next_one]))

    assert (pool().verdict, "--etcd-tag" in pool().why) == (Verdict.UNKNOWN, True)
    assert pool(hosts=(MASTER,)).verdict is Verdict.PASS
    result = pool(("tcp/2379", RANGE), hosts=(MASTER,))
    assert severities_of(result) == {"etcd-access/inside": Severity.HIGH}
    assert "the next host of masters" in only_finding(result, "etcd-access/inside").message


def test_a_host_without_read_interfaces_never_passes() -> None:
    bare = replace(MASTER, id="cp2", interfaces=())
    result = row(snapshot([MASTER, bare], [group("masters")]))
    assert (result.verdict, result.why) == (Verdict.UNKNOWN, "no interface of cp2 (cp.prod) was read")
    assert row(snapshot([bare])).verdict is Verdict.UNKNOWN


def test_external_etcd_is_judged_on_its_own_hosts() -> None:
    def answer(*allowed: tuple[str, str]) -> RowResult:
        hosts = [host("cp", (Role.CONTROL_PLANE,), "masters"), host("e1", ETCD, "etcd"), WORKER]
        filters = [group("masters", ("tcp/2379", RANGE)), group("etcd", *allowed), group("nodes")]
        return row(snapshot(hosts, filters))

    assert answer(("tcp/2379", "masters"), ("tcp/2379-2380", "etcd")).verdict is Verdict.PASS
    result = answer(("tcp/2379", "nodes"))
    assert severities_of(result) == {"etcd-access/inside": Severity.HIGH}
    assert only_finding(result, "etcd-access/inside").hosts == ("e1",)


@pytest.mark.parametrize("roles", [(), (Role.BASTION,)])
def test_access_from_bastions_and_hosts_without_a_role_is_high(roles: tuple[Role, ...]) -> None:
    facts = snapshot([MASTER, host("b", roles, "nodes")], [group("masters", ("tcp/2379", "nodes")), group("nodes")])
    assert severities_of(row(facts)) == {"etcd-access/inside": Severity.HIGH}
