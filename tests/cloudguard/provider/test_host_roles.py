"""Typed evidence for the roles of hosts and pools. The control plane runs etcd unless a host runs only etcd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from builders import SAID, host
from cloudguard.model.cluster import EvidenceKind, Host, Role, RoleEvidence, Strength
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.host_roles import UNKNOWN, HostRoles, roles_of_pool, with_roles

MASTER, ETCD, NODE = (Role.CONTROL_PLANE,), (Role.ETCD,), (Role.NODE,)
WEAK = RoleEvidence(EvidenceKind.NAME, "name master-1", Strength.WEAK)


@dataclass(frozen=True)
class Call:
    """A call by its name."""

    name: str = "list"
    permissions: tuple[str, ...] = ()


class Gaps:
    """A reader that only records gaps."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []

    def missed(self, call: Call, about: str, why: str, hides: tuple[FactKind, ...]) -> None:
        """Note a gap."""
        self.gaps.append(Gap(call.name, about, Reason.MISSING, why, hides))


def hosts_with(**found: HostRoles) -> tuple[dict[str, Host], list[Gap]]:
    """Return hosts by name with their derived roles, and the gaps."""
    reader: Any = Gaps()
    hosts = with_roles(reader, Call(), [host(name, ()) for name in found], found)
    return {host.id: host for host in hosts}, reader.gaps


def test_control_plane_hosts_run_etcd_if_no_host_runs_only_etcd() -> None:
    stacked, _ = hosts_with(m=HostRoles(MASTER, (SAID,)), api=HostRoles(MASTER, (SAID,), without_etcd=True))
    assert (stacked["m"].roles, stacked["m"].role_evidence[0]) == ((*MASTER, *ETCD), SAID)
    assert stacked["m"].role_evidence[1].kind is EvidenceKind.HOSTS
    assert stacked["api"].roles == MASTER
    apart, _ = hosts_with(m=HostRoles(MASTER, (SAID,)), e=HostRoles(ETCD, (SAID,)))
    assert apart["m"].roles == MASTER


def test_hosts_with_unknown_roles_make_a_gap_for_each_reason() -> None:
    contradiction = RoleEvidence(EvidenceKind.NAME, "its names contradict each other", Strength.WEAK)
    hosts, gaps = hosts_with(a=UNKNOWN, b=UNKNOWN, c=HostRoles((), (contradiction,)))
    assert hosts["c"].evidence == ("its names contradict each other",)
    assert [gap.resource for gap in gaps] == ["a, b", "c"]
    assert "contradict" in gaps[1].message
    assert {gap.hides for gap in gaps} == {(FactKind.HOSTS,)}


def test_a_host_s_name_alone_does_not_remove_etcd_from_the_control_plane() -> None:
    hosts, _ = hosts_with(m=HostRoles(MASTER, (SAID,)), backup=HostRoles(ETCD, (WEAK,)))
    assert hosts["m"].roles == (*MASTER, *ETCD)
    by_names, _ = hosts_with(m=HostRoles(MASTER, (WEAK,)), backup=HostRoles(ETCD, (WEAK,)))
    assert by_names["m"].roles == (*MASTER, *ETCD)
    assert {evidence.strength for evidence in by_names["m"].role_evidence} == {Strength.WEAK}


def test_with_strong_evidence_of_the_control_plane_other_hosts_are_nodes() -> None:
    contradiction = RoleEvidence(EvidenceKind.NAME, "its names contradict each other", Strength.WEAK)
    hosts, gaps = hosts_with(
        m=HostRoles(MASTER, (SAID,)),
        silent=UNKNOWN,
        torn=HostRoles((), (contradiction,)),
        named=HostRoles(NODE, (WEAK,)),
        other=HostRoles(MASTER, (WEAK,)),
    )
    assert [hosts[name].roles for name in ("silent", "torn", "named")] == [NODE] * 3
    assert all(hosts[name].role_evidence[-1].strength is Strength.STRONG for name in ("silent", "torn", "named"))
    assert (hosts["other"].roles, gaps) == ((*MASTER, *ETCD), [])


def test_roles_and_evidence_are_combined() -> None:
    both = HostRoles(MASTER, (SAID,)).and_also(ETCD, WEAK)
    assert (both.roles, both.evidence, both.why) == ((*MASTER, *ETCD), (SAID, WEAK), "said so; name master-1")


@pytest.mark.parametrize("evidence", [SAID, WEAK])
def test_a_pool_s_evidence_is_as_strong_as_that_of_its_hosts(evidence: RoleEvidence) -> None:
    reader: Any = Gaps()
    node = Host("h", "h", NODE, (evidence,), (), host("x", ()).source, pool="asg")
    known = roles_of_pool(reader, Call(), "asg", [node], None)
    assert known == HostRoles(
        NODE, (RoleEvidence(EvidenceKind.HOSTS, f"its host h: {evidence.text}", evidence.strength),)
    )
    assert roles_of_pool(reader, Call(), "other", [node], None) == UNKNOWN
    assert [gap.resource for gap in reader.gaps] == ["other"]
