"""Least privilege for filters: what to remove or narrow of the rules that exist, and to what.

A rule is edited, never synthesised: services beyond need are cut, group names are kept, and what the cluster's own
hosts get only through an edited rule is given back to them by their group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from cloudguard.engine.change import Change, Resource
from cloudguard.engine.classes import HostClass
from cloudguard.engine.reach import Reach
from cloudguard.engine.trace import rule_text
from cloudguard.model.cluster import Role
from cloudguard.model.network import Direction, Filter, PeerKind, Rule
from cloudguard.needs.ports import Ports
from cloudguard.sets.addresses import AddressSet
from cloudguard.sets.services import ServiceSet

MOST_ADDRESSES = 8
"""Up to so many hosts without a group of their own are named by address."""
Guarded = tuple[tuple[str, ...], HostClass | None]
"""Filters that apply together, and the class of hosts behind them; None behind a balancer."""
OWN_GROUP = "a group that only these hosts carry"
"""Stands for a group that is still to be made."""


@dataclass(frozen=True, eq=False)
class Edit:
    """A rule to cut: ``services`` are in excess, ``keep`` what its filter must go on letting in (peer, services).

    ``narrow``: all that the rule's own peer needs, where that is known.
    """

    row: str
    filter: Filter
    rule: Rule
    why: str
    keep: tuple[tuple[str, ServiceSet], ...] = ()
    narrow: ServiceSet | None = None
    services: ServiceSet = field(default_factory=ServiceSet.nothing)

    def also(self, services: ServiceSet) -> Edit:
        """Return the edit with more excess."""
        return replace(self, services=self.services | services)


def plan(reach: Reach, ports: Ports, edits: Iterable[Edit]) -> dict[tuple[str, str], Change]:
    """Return one change a rule, by (filter id, rule id), from every row's edits."""
    by_rule: dict[tuple[str, str], list[Edit]] = {}
    for edit in edits:
        by_rule.setdefault((edit.filter.id, edit.rule.id), []).append(edit)
    edited = set(by_rule)
    return {key: _change(reach, ports, found, edited) for key, found in sorted(by_rule.items())}


def _change(reach: Reach, ports: Ports, edits: list[Edit], edited: set[tuple[str, str]]) -> Change:
    first = edits[0]
    one, rule = first.filter, first.rule
    after = tuple(dict.fromkeys(_after(reach, ports, edits, edited)))
    why = first.why if one.editable or not one.note else f"{first.why} ({one.note})"
    return Change(
        id=sha256(f"{one.id}\0{rule.id}".encode()).hexdigest()[:12],
        row=first.row,
        kind="rule.narrow" if after else "rule.remove",
        resource=Resource("filter", one.id, one.name),
        before=(rule_text(rule),),
        after=after,
        why=why,
        rule=rule.id,
    )


def _after(reach: Reach, ports: Ports, edits: list[Edit], edited: set[tuple[str, str]]) -> Iterator[str]:
    rule = edits[0].rule
    own = ServiceSet.parse(rule.services)
    needed = [edit.narrow for edit in edits if edit.narrow is not None]
    if len(needed) == len(edits):
        if own & needed[0]:
            yield f"{own & needed[0]} from {rule.peer.value}"
        return
    edits = [edit for edit in edits if edit.narrow is None]
    targets = [target for target in reach.classes if edits[0].filter.id in target.signature.filters]
    excess = ServiceSet.nothing()
    for edit in edits:
        excess |= edit.services if targets else own
    if own - excess:
        yield f"{own - excess} from {rule.peer.value}"
    for edit in edits:
        for peer, services in edit.keep:
            kept = services & own & excess if targets else own
            for part in _let_in(reach, rule, peer) if kept else ():
                yield f"{kept} from {part}"
    for peer, services in sorted(_lost(reach, ports, edits[0], own & excess, edited).items()):
        yield f"{services} from {peer}"


def _let_in(reach: Reach, rule: Rule, peer: str) -> tuple[str, ...]:
    """Return the part of ``peer`` that a rule lets in today, as peers: a diff opens nothing."""
    known = reach.gates.peers(rule)
    if known is None or "/" not in peer:
        return () if rule.peer.kind is PeerKind.GROUP and peer != rule.peer.value else (peer,)
    return (AddressSet.parse(peer) & known).cidrs()


def _lost(
    reach: Reach,
    ports: Ports,
    edit: Edit,
    excess: ServiceSet,
    edited: set[tuple[str, str]],
) -> dict[str, ServiceSet]:
    """Return what the cluster's own hosts get through this rule alone, by a group that only such hosts carry."""
    rule, lost = edit.rule, dict[str, ServiceSet]()
    alone = reach.gates.compile((rule,), ordered=False)
    guarded = list(_guarded(reach, edit.filter.id))
    for filters, _ in guarded:
        rules = reach.gates.rules(filters, Direction.INGRESS)
        others = reach.gates.compile(tuple(r for one, r in rules if (one.id, r.id) not in edited), ordered=False)
        for source in reach.classes:
            allowed = _allowed(source, guarded, excess, ports)
            origin = reach.origin_of(source)
            through = alone.admits(origin.addresses, origin.labels).possibly.only(allowed).services()
            missed = through - others.admits(origin.addresses, origin.labels).surely.only(allowed).services()
            refused = [one for one in reach.classes if _allowed(one, guarded, missed, ports) != missed]
            for peer in _names(reach, source, rule, refused) if missed else ():
                lost[peer] = lost.get(peer, ServiceSet.nothing()) | missed
    return lost


def _allowed(source: HostClass, guarded: list[Guarded], services: ServiceSet, ports: Ports) -> ServiceSet:
    """Return what of ``services`` a class may open on every one of what a filter guards."""
    for _, target in guarded:
        services &= allowed_between(source, target, ports)
    return services


def _guarded(reach: Reach, name: str) -> Iterator[Guarded]:
    """Yield what a filter guards: classes of hosts, and balancers that the cluster's hosts reach from inside."""
    for target in reach.classes:
        if name in target.signature.filters:
            yield target.signature.filters, target
    for balancer in reach.topology.balancers:
        if name in balancer.filters and not balancer.internet_facing:
            yield balancer.filters, None


def allowed_between(source: HostClass, target: HostClass | None, ports: Ports) -> ServiceSet:
    """Return what a class of the cluster's hosts may open on another: all but etcd, which is the control plane's."""
    trusted = source.has(Role.CONTROL_PLANE) or source.has(Role.ETCD)
    if target is not None and target.has(Role.ETCD) and not trusted:
        return ServiceSet.everything() - ports.etcd - ports.etcd_auxiliary
    return ServiceSet.everything()


def _names(reach: Reach, source: HostClass, rule: Rule, refused: list[HostClass]) -> tuple[str, ...]:
    """Return what to name a class by: a group that neither strangers nor ``refused`` carry, else its addresses."""
    taken = {label for one in refused for label in one.signature.labels}
    taken |= {label for stranger in reach.topology.strangers for label in stranger.labels}
    if rule.peer.kind is PeerKind.GROUP:
        taken.add(rule.peer.value)
    groups = [label for label in source.signature.labels if label not in taken]
    if groups:
        return (groups[0],)
    addresses = source.addresses.cidrs()
    return addresses if 0 < len(addresses) <= MOST_ADDRESSES else (OWN_GROUP,)
