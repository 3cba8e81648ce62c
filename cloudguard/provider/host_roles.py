"""Which roles hosts have, and what shows it: evidence, its precedence, stacked etcd, roles that stay unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cloudguard.model.cluster import EvidenceKind, Host, Role, RoleEvidence
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.reader import Call, Reader

_FEW = 3
"""So many hosts are named where many have the same trouble."""
_NAME_IT = "name it with --control-plane-tag, --node-tag or --etcd-tag KEY=VALUE, or --host ID=ROLE"
_STACKED = RoleEvidence(EvidenceKind.HOSTS, "no host is etcd's alone, so control-plane hosts run it")


@dataclass(frozen=True, slots=True)
class HostRoles:
    """The roles of a host with the evidence for them; without roles: why they are unknown, if anything shows it.

    ``without_etcd``: the installer never runs etcd on such a control-plane host.
    """

    roles: tuple[Role, ...] = ()
    evidence: tuple[RoleEvidence, ...] = ()
    without_etcd: bool = False

    @property
    def why(self) -> str:
        """The evidence in words."""
        return "; ".join(one.text for one in self.evidence)

    def and_also(self, roles: Sequence[Role], evidence: RoleEvidence) -> HostRoles:
        """Return these roles and more, with the evidence for both."""
        united = tuple(dict.fromkeys((*self.roles, *roles)))
        return replace(self, roles=united, evidence=(*self.evidence, evidence))


UNKNOWN = HostRoles()


def stacks_etcd(roles: Iterable[Sequence[Role]]) -> bool:
    """Whether control-plane hosts run etcd: where no host of the cluster is etcd's alone."""
    return not any(Role.ETCD in one and Role.CONTROL_PLANE not in one for one in roles)


def with_roles(
    reader: Reader[Any], call: Call, hosts: Iterable[Host], found: Mapping[str, HostRoles]
) -> tuple[Host, ...]:
    """Return hosts with their roles, by id; hosts whose role is unknown leave a Gap, one for each reason."""
    unknown: dict[str, list[Host]] = {}
    stacked = stacks_etcd(one.roles for one in found.values())
    made = list[Host]()
    for host in hosts:
        known = found.get(host.id, UNKNOWN)
        roles, evidence = known.roles, known.evidence
        if not roles:
            unknown.setdefault(known.why, []).append(host)
        if stacked and Role.CONTROL_PLANE in roles and Role.ETCD not in roles and not known.without_etcd:
            roles, evidence = (*roles, Role.ETCD), (*evidence, _STACKED)
        made.append(replace(host, roles=roles, role_evidence=evidence))
    for why, those in unknown.items():
        more = f" and {len(those) - _FEW} more" if len(those) > _FEW else ""
        names = ", ".join(map(_named, those[:_FEW])) + more
        message = f"the role of {names} is unknown{f' ({why})' if why else ''}; {_NAME_IT}"
        ids = ", ".join(one.id for one in those[:_FEW]) + more
        reader.add_gap(Gap(call.name, ids, Reason.MISSING, message, (FactKind.HOSTS,)))
    return tuple(made)


def _named(host: Host) -> str:
    return f"{host.id} ({host.name})" if host.name and host.name != host.id.rpartition("/")[2] else host.id


def roles_of_pool(
    reader: Reader[Any], call: Call, pool: str, hosts: Iterable[Host], otherwise: HostRoles | None
) -> HostRoles:
    """Return the roles of a pool's next hosts: those that its hosts have, else ``otherwise``; a Gap if unknown."""
    listed = list(hosts)
    made = next((host for host in listed if host.pool == pool and host.roles), None)
    if made is not None:
        first = made.role_evidence[0]
        evidence = RoleEvidence(EvidenceKind.HOSTS, f"its host {made.id}: {first.text}", first.strength)
        return HostRoles(made.roles, (evidence,))
    known = otherwise or UNKNOWN
    if not known.roles:
        why = f" ({known.why})" if known.why else ""
        message = f"the role of the next hosts of {pool} is unknown{why}; {_NAME_IT}"
        reader.add_gap(Gap(call.name, pool, Reason.MISSING, message, (FactKind.POOLS,)))
    if known.roles == (Role.CONTROL_PLANE,) and not known.without_etcd and stacks_etcd(host.roles for host in listed):
        return replace(known, roles=(*known.roles, Role.ETCD))
    return known
