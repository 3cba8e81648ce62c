"""The roles of hosts and the evidence for them: precedence of evidence, stacked etcd, roles that stay unknown.

Weak evidence can add a role but not remove one. If strong evidence shows the control plane, the other hosts are nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cloudguard.model.cluster import EvidenceKind, Host, Role, RoleEvidence, Strength
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.reader import Call, Reader
from cloudguard.values import dataclass

API_PORTS: Final = frozenset({6443, 9345, 16443, 50000})
"""Target ports that only control-plane hosts serve: the API, RKE2's supervisor, Talos' API. Port 443 is not included,
because an ingress may serve it too (rancher/rke2-docs docs/install/requirements.md; siderolabs/talos
pkg/machinery/constants)."""
CLUSTER_PORTS: Final = ServiceSet.parse(",".join(f"tcp/{port}" for port in sorted(API_PORTS))) | ServiceSet.parse(
    "tcp/30000-32767,udp/30000-32767"
)
"""The API's ports and NodePorts. All targets registered together with a cluster's host on such a port are its hosts."""
_FEW = 3
"""The largest number of hosts that one Gap names."""
_NAME_IT = "name it with --control-plane-tag, --node-tag or --etcd-tag KEY=VALUE, or --host ID=ROLE"
_STACKED = RoleEvidence(EvidenceKind.HOSTS, "no host runs only etcd, so control-plane hosts run it")
_SERVERS = frozenset({Role.CONTROL_PLANE, Role.ETCD})
_ANOTHER = RoleEvidence(
    EvidenceKind.HOSTS, "strong evidence shows the control-plane hosts, and this host is not one of them"
)


@dataclass(frozen=True, slots=True)
class HostRoles:
    """The roles of a host with the evidence for them. Without roles, ``evidence`` says why the roles are unknown.

    ``without_etcd``: the installer never runs etcd on this control-plane host.
    """

    roles: tuple[Role, ...] = ()
    evidence: tuple[RoleEvidence, ...] = ()
    without_etcd: bool = False

    @property
    def why(self) -> str:
        """The evidence in words."""
        return "; ".join(evidence.text for evidence in self.evidence)

    @property
    def strength(self) -> Strength:
        """The strength of the strongest evidence."""
        return max_strength(self.evidence)

    def and_also(self, roles: Sequence[Role], evidence: RoleEvidence) -> HostRoles:
        """Return these roles together with ``roles``, with the evidence for both."""
        united = tuple(dict.fromkeys((*self.roles, *roles)))
        return replace(self, roles=united, evidence=(*self.evidence, evidence))

    def and_all(self, *others: HostRoles) -> HostRoles:
        """Return these roles together with all roles of ``others``, with the evidence for each."""
        result = self
        for other in others:
            for evidence in other.evidence:
                result = result.and_also(other.roles, evidence)
        return result


UNKNOWN = HostRoles()


def managed_node(why: str) -> HostRoles:
    """Return the role of a host if the provider runs the control plane: a node. ``why``: the fact that shows it."""
    return HostRoles((Role.NODE,), (RoleEvidence(EvidenceKind.MANAGED, why),))


def tag_flags(role_tags: Mapping[Role, Sequence[str]]) -> Iterator[tuple[str, Role, str]]:
    """Yield the user's flags for tags: the flag as written, its role, and the pattern of the tag."""
    for role, pairs in role_tags.items():
        yield from ((f"--{role}-tag {pair}", role, pair) for pair in pairs)


def roles_by_flags(role_tags: Mapping[Role, Sequence[str]], matches: Callable[[str], bool]) -> HostRoles | None:
    """Return the roles that the user's flags for tags give to a resource; None if they give none.

    ``matches``: whether the resource has a tag that matches a pattern.
    """
    named = [(flag, role) for flag, role, pair in tag_flags(role_tags) if matches(pair)]
    evidence = tuple(RoleEvidence(EvidenceKind.USER, flag) for flag, _ in named)
    return HostRoles(tuple(role for _, role in named), evidence) if named else None


class FlaggedHosts:
    """The roles that the user's flags give to hosts: ``by_host``, by host id. ``call`` lists the hosts."""

    def __init__(self, reader: Reader[Any], call: Call) -> None:
        self._reader = reader
        self._call = call
        self.by_host: dict[str, HostRoles] = {}

    def add(self, flag: str, roles: Sequence[Role], hosts: Collection[str]) -> None:
        """Add the ``roles`` that a flag gives to ``hosts`` (ids). A flag without hosts leaves a Gap."""
        if not hosts:
            message = f"{flag} matches no host, or only hosts of other clusters"
            self._reader.missed(self._call, flag, message, (FactKind.HOSTS,))
        for host in hosts:
            known = self.by_host.get(host, UNKNOWN)
            self.by_host[host] = known.and_also(roles, RoleEvidence(EvidenceKind.USER, flag))


def flagged_or_tagged(flagged: HostRoles | None, tagged: HostRoles | None) -> HostRoles | None:
    """Return the roles by the user's flags, or else those by tags. Control plane and etcd are united."""
    if flagged and tagged and _SERVERS.issuperset((*flagged.roles, *tagged.roles)):
        return tagged.and_all(flagged)
    return flagged or tagged


def united(facts: Iterable[HostRoles]) -> HostRoles | None:
    """Return the first of ``facts`` with all roles that the others add. None if ``facts`` is empty.

    The tags of two installers, for example, can show different roles of one host.
    """
    result: HostRoles | None = None
    for roles in facts:
        if result is None:
            result = roles
        elif not set(roles.roles) <= set(result.roles):
            result = result.and_all(roles)
    return result


def max_strength(evidence: Iterable[RoleEvidence]) -> Strength:
    """Return the strength of the strongest evidence."""
    return Strength.STRONG if any(fact.strength is Strength.STRONG for fact in evidence) else Strength.WEAK


def stacks_etcd(hosts: Iterable[HostRoles | Host]) -> bool:
    """Whether control-plane hosts run etcd: true unless strong evidence shows a host that runs only etcd."""
    alone = (host for host in hosts if Role.ETCD in host.roles and Role.CONTROL_PLANE not in host.roles)
    return not any(_is_strong(host) for host in alone)


def _is_strong(host: HostRoles | Host) -> bool:
    return max_strength(host.evidence if isinstance(host, HostRoles) else host.role_evidence) is Strength.STRONG


def _shows_control_plane(hosts: Iterable[HostRoles | Host]) -> bool:
    return any(Role.CONTROL_PLANE in host.roles and _is_strong(host) for host in hosts)


def _or_node(known: HostRoles) -> HostRoles:
    """Return the roles of a host if strong evidence shows the control plane: a node, if nothing shows another role."""
    if known.strength is Strength.STRONG or set(known.roles) - {Role.NODE}:
        return known
    return HostRoles((Role.NODE,), (*known.evidence, _ANOTHER))


def may_run_etcd(known: HostRoles, hosts: Iterable[Host]) -> bool:
    """Whether a host with these roles runs etcd, or may run it. Weak evidence does not exclude etcd."""
    return Role.ETCD in known.roles or not (known.strength is Strength.STRONG or _shows_control_plane(hosts))


def _with_etcd(known: HostRoles, *, stacked: bool) -> HostRoles:
    """Return the roles with etcd added, if control-plane hosts run it (``stacked``). The evidence is equally strong."""
    if not stacked or Role.CONTROL_PLANE not in known.roles or Role.ETCD in known.roles or known.without_etcd:
        return known
    return known.and_also([Role.ETCD], replace(_STACKED, strength=known.strength))


def with_roles(
    reader: Reader[Any], call: Call, hosts: Iterable[Host], roles: Mapping[str, HostRoles]
) -> tuple[Host, ...]:
    """Return ``hosts`` with their roles. ``roles``: host id → roles.

    Hosts with an unknown role are recorded in a Gap, one for each reason.
    """
    unknown: dict[str, list[Host]] = {}
    stacked, settled = stacks_etcd(roles.values()), _shows_control_plane(roles.values())
    result = list[Host]()
    for host in hosts:
        known = roles.get(host.id, UNKNOWN)
        known = _with_etcd(_or_node(known) if settled else known, stacked=stacked)
        if not known.roles:
            unknown.setdefault(known.why, []).append(host)
        result.append(replace(host, roles=known.roles, role_evidence=known.evidence))
    for why, unknown_hosts in unknown.items():
        more = f" and {len(unknown_hosts) - _FEW} more" if len(unknown_hosts) > _FEW else ""
        names = ", ".join(map(_quoted_names, unknown_hosts[:_FEW])) + more
        message = f"the role of {names} is unknown{f' ({why})' if why else ''}; {_NAME_IT}"
        ids = ", ".join(host.id for host in unknown_hosts[:_FEW]) + more
        reader.missed(call, ids, message, (FactKind.HOSTS,))
    return tuple(result)


def _quoted_names(host: Host) -> str:
    return f"{host.id} ({host.name})" if host.name and host.name != host.id.rpartition("/")[2] else host.id


def roles_of_pool(
    reader: Reader[Any], call: Call, pool: str, hosts: Iterable[Host], otherwise: HostRoles | None
) -> HostRoles:
    """Return the roles of the next hosts of ``pool`` (an id): the roles of its hosts, or else ``otherwise``.

    Unknown roles are recorded as a Gap.
    """
    listed = list(hosts)
    members = sorted(
        (host for host in listed if host.pool == pool and host.roles), key=lambda host: not _is_strong(host)
    )
    if members:
        first, strength = members[0].role_evidence[0], max_strength(members[0].role_evidence)
        evidence = RoleEvidence(EvidenceKind.HOSTS, f"its host {members[0].id}: {first.text}", strength)
        return HostRoles(members[0].roles, (evidence,))
    known = otherwise or UNKNOWN
    known = _or_node(known) if _shows_control_plane(listed) else known
    if not known.roles:
        why = f" ({known.why})" if known.why else ""
        message = f"the role of the next hosts of {pool} is unknown{why}; {_NAME_IT}"
        reader.missed(call, pool, message, (FactKind.POOLS,))
    return _with_etcd(known, stacked=stacks_etcd(listed))
