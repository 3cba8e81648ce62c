"""Every row by every role that hosts may have: weak evidence adds a role, and takes none from the others."""

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
    """Return a host whose roles nothing but its name tells."""
    return replace(host(name, roles, *filters, **where), role_evidence=(NAMED,))


def disk(one: Host, *, encrypted: bool = True) -> Disk:
    return Disk(f"disk-{one.id}", "", one.id, "/dev/a", encrypted, "", SOURCE)


def judged(row: str, hosts: Iterable[Host], *filters: Filter, plain: Iterable[str] = ()) -> RowResult:
    listed = [*hosts]
    disks = [disk(one, encrypted=one.id not in {*plain}) for one in listed]
    return rows_of(snapshot(listed, [MASTERS, NODES, *filters], disks=disks))[row]


def test_where_names_alone_tell_who_is_who_a_row_passes_only_if_it_does_for_all() -> None:
    hosts = [weak("m", CONTROL_PLANE, "masters"), weak("w", NODE, "nodes")]
    assert judged("etcd-encryption", hosts).verdict is Verdict.PASS
    found = judged("etcd-encryption", hosts, plain=["w"])
    assert found.verdict is Verdict.UNKNOWN
    assert "disk-w" in found.why
    assert found.why.endswith(FLAGS)
    assert judged("etcd-encryption", hosts, plain=["m"]).verdict is Verdict.FAIL


def test_where_strong_evidence_shows_the_control_plane_the_other_hosts_are_nodes() -> None:
    hosts = [host("m", CONTROL_PLANE, "masters"), host("w", NODE, "nodes")]
    assert judged("etcd-encryption", hosts, plain=["w"]).verdict is Verdict.PASS
    assert possible_roles([hosts[0], weak("e", ETCD)]) == {"e": frozenset({Role.ETCD, Role.NODE})}


def test_a_name_takes_no_host_out_of_a_row() -> None:
    open_ = group("open", ("tcp/22", WORLD))
    jump = weak("bastion", BASTION, "open", where="public", public="8.8.8.8")
    hosts = [host("m", CONTROL_PLANE, "masters"), host("w", NODE, "nodes"), jump]
    found = judged("node-access", hosts, open_)
    assert (found.verdict, "bastion" in found.why) == (Verdict.UNKNOWN, True)
    told = [*hosts[:2], replace(jump, role_evidence=host("x", ()).role_evidence)]
    assert judged("node-access", told, open_).verdict is Verdict.PASS


@pytest.mark.parametrize(("roles", "verdict"), [(BASTION, Verdict.PASS), ((*NODE, *BASTION), Verdict.FAIL)])
def test_a_node_that_is_a_bastion_too_is_a_node(roles: tuple[Role, ...], verdict: Verdict) -> None:
    """Tags of two installers, or a flag, give a host both roles: the second takes nothing from the first."""
    both = host("both", roles, "open", where="public", public="8.8.8.8")
    hosts = [host("m", CONTROL_PLANE, "masters"), host("w", NODE, "nodes"), both]
    assert judged("node-access", hosts, group("open", ("tcp/22", WORLD))).verdict is verdict


def test_a_name_makes_no_host_trusted_with_etcd() -> None:
    hosts = [
        host("m", CONTROL_PLANE, "masters"),
        host("w", NODE, "nodes"),
        weak("etcd-backup", ETCD, "backup"),
    ]
    etcd = group("masters", ("tcp/2379-2380", "backup"))
    made = snapshot(hosts, [etcd, NODES, group("backup")])
    found = rows_of(made)["etcd-access"]
    assert (found.verdict, "etcd-backup" in found.why) == (Verdict.UNKNOWN, True)


def test_any_of_the_hosts_may_be_the_only_server() -> None:
    """Servers trust one another, so each is asked as the only one: nodes must not reach the etcd that it may run."""
    shared = group("nodes", ("all", "masters"))
    hosts = [weak("m", CONTROL_PLANE, "masters"), weak("w", NODE, "nodes")]
    found = rows_of(snapshot(hosts, [MASTERS, shared]))["etcd-access"]
    assert (found.verdict, "w.prod" in found.why) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize("row", ["node-access", "cloud-api-access"])
def test_without_any_node_the_rows_about_nodes_are_unknown(row: str) -> None:
    found = judged(row, [host("m", CONTROL_PLANE, "masters")])
    assert (found.verdict, "--node-tag" in found.why) == (Verdict.UNKNOWN, True)
    both = judged(row, [host("m", (*CONTROL_PLANE, *NODE), "masters")])
    assert both.verdict is Verdict.PASS
