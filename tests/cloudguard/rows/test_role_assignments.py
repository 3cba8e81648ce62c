"""Each row is judged for every possible role of each host. Weak evidence adds a role and removes none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, SOURCE, WORLD, group, host, snapshot
from cloudguard.model.cluster import Disk, EvidenceKind, Host, Role, RoleEvidence, Strength
from cloudguard.model.filters import Filter
from cloudguard.model.possible_roles import possible_roles
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

NAMED = RoleEvidence(EvidenceKind.NAME, "its name", Strength.WEAK)
BASTION, ETCD = (Role.BASTION,), (Role.ETCD,)
MASTERS = group("masters", ("tcp/2379-2380", "masters"), ("tcp/6443", "10.0.0.0/16"))
NODES = group("nodes", ("tcp/10250", "masters"))
FLAGS = "--control-plane-tag, --node-tag, --etcd-tag or --host"


def weak(name: str, roles: tuple[Role, ...], *filters: str, **where: str) -> Host:
    """Return a host whose only evidence of its roles is its name."""
    return replace(host(name, roles, *filters, **where), role_evidence=(NAMED,))


def disk(node: Host, *, encrypted: bool = True) -> Disk:
    return Disk(f"disk-{node.id}", "", node.id, "/dev/a", encrypted, "", SOURCE)


def judged_row(row: str, hosts: Iterable[Host], *filters: Filter, plain: Iterable[str] = ()) -> RowResult:
    listed = [*hosts]
    disks = [disk(host, encrypted=host.id not in {*plain}) for host in listed]
    return rows_of(snapshot(listed, [MASTERS, NODES, *filters], disks=disks))[row]


def test_with_names_as_the_only_evidence_a_row_must_pass_for_every_possible_role() -> None:
    hosts = [weak("m", CONTROL_PLANE, "masters"), weak("w", NODE, "nodes")]
    assert judged_row("etcd-encryption", hosts).verdict is Verdict.PASS
    row = judged_row("etcd-encryption", hosts, plain=["w"])
    assert row.verdict is Verdict.UNKNOWN
    assert "disk-w" in row.why
    assert row.why.endswith(FLAGS)
    assert judged_row("etcd-encryption", hosts, plain=["m"]).verdict is Verdict.FAIL


def test_with_strong_evidence_of_the_control_plane_other_hosts_are_nodes() -> None:
    hosts = [host("m", CONTROL_PLANE, "masters"), host("w", NODE, "nodes")]
    assert judged_row("etcd-encryption", hosts, plain=["w"]).verdict is Verdict.PASS
    assert possible_roles([hosts[0], weak("e", ETCD)]) == {"e": frozenset({Role.ETCD, Role.NODE})}


def test_a_bastion_s_name_alone_does_not_exclude_the_host_from_a_row() -> None:
    open_ = group("open", ("tcp/22", WORLD))
    jump = weak("bastion", BASTION, "open", where="public", public="8.8.8.8")
    hosts = [host("m", CONTROL_PLANE, "masters"), host("w", NODE, "nodes"), jump]
    row = judged_row("node-access", hosts, open_)
    assert (row.verdict, "bastion" in row.why) == (Verdict.UNKNOWN, True)
    hosts_without_roles = [*hosts[:2], replace(jump, role_evidence=host("x", ()).role_evidence)]
    assert judged_row("node-access", hosts_without_roles, open_).verdict is Verdict.PASS


@pytest.mark.parametrize(("roles", "verdict"), [(BASTION, Verdict.PASS), ((*NODE, *BASTION), Verdict.FAIL)])
def test_a_host_that_is_node_and_bastion_is_judged_as_a_node(roles: tuple[Role, ...], verdict: Verdict) -> None:
    """Tags of two installers, or a flag, can give a host both roles. One role does not remove the other."""
    both = host("both", roles, "open", where="public", public="8.8.8.8")
    hosts = [host("m", CONTROL_PLANE, "masters"), host("w", NODE, "nodes"), both]
    assert judged_row("node-access", hosts, group("open", ("tcp/22", WORLD))).verdict is verdict


def test_an_etcd_name_alone_does_not_allow_access_to_etcd() -> None:
    hosts = [
        host("m", CONTROL_PLANE, "masters"),
        host("w", NODE, "nodes"),
        weak("etcd-backup", ETCD, "backup"),
    ]
    etcd = group("masters", ("tcp/2379-2380", "backup"))
    facts = snapshot(hosts, [etcd, NODES, group("backup")])
    row = rows_of(facts)["etcd-access"]
    assert (row.verdict, "etcd-backup" in row.why) == (Verdict.UNKNOWN, True)


def test_each_host_is_judged_as_the_possible_only_server() -> None:
    """Servers may connect to each other, so each host is tested as the only server: nodes must not reach its etcd."""
    shared = group("nodes", ("all", "masters"))
    hosts = [weak("m", CONTROL_PLANE, "masters"), weak("w", NODE, "nodes")]
    row = rows_of(snapshot(hosts, [MASTERS, shared]))["etcd-access"]
    assert (row.verdict, "w.prod" in row.why) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize("row", ["node-access", "cloud-api-access"])
def test_without_nodes_the_rows_about_nodes_are_unknown(row: str) -> None:
    result = judged_row(row, [host("m", CONTROL_PLANE, "masters")])
    assert (result.verdict, "--node-tag" in result.why) == (Verdict.UNKNOWN, True)
    both = judged_row(row, [host("m", (*CONTROL_PLANE, *NODE), "masters")])
    assert both.verdict is Verdict.PASS
