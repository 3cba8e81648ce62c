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
from cloudguard.sets.services import ServiceSet

MOST_ADDRESSES = 8
"""Up to so many hosts without a group of their own are named by address."""


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
            if kept:
                yield f"{kept} from {peer}"
    for peer, services in sorted(_lost(reach, ports, edits[0], own & excess, edited).items()):
        yield f"{services} from {peer}"


def _lost(
    reach: Reach,
    ports: Ports,
    edit: Edit,
    excess: ServiceSet,
    edited: set[tuple[str, str]],
) -> dict[str, ServiceSet]:
    """Return what the cluster's own hosts get through this rule alone, by their group where they have one."""
    rule, lost = edit.rule, dict[str, ServiceSet]()
    for target in (one for one in reach.classes if edit.filter.id in one.signature.filters):
        rules = reach.gates.rules(target.signature.filters, Direction.INGRESS)
        rest = tuple(rule for one, rule in rules if (one.id, rule.id) not in edited)
        others = reach.gates.compile(rest, ordered=False)
        alone = reach.gates.compile((rule,), ordered=False)
        for source in reach.classes:
            allowed = excess & allowed_between(source, target, ports)
            if not allowed:
                continue
            origin = reach.origin_of(source)
            through = alone.admits(origin.addresses, origin.labels).possibly.only(allowed).services()
            missed = through - others.admits(origin.addresses, origin.labels).surely.only(allowed).services()
            for peer in _names(source, rule) if missed else ():
                lost[peer] = lost.get(peer, ServiceSet.nothing()) | missed
    return lost


def allowed_between(source: HostClass, target: HostClass, ports: Ports) -> ServiceSet:
    """Return what a class of the cluster's hosts may open on another: all but etcd, which is the control plane's."""
    if target.has(Role.ETCD) and not (source.has(Role.CONTROL_PLANE) or source.has(Role.ETCD)):
        return ServiceSet.everything() - ports.etcd - ports.etcd_auxiliary
    return ServiceSet.everything()


def _names(source: HostClass, rule: Rule) -> tuple[str, ...]:
    taken = rule.peer.value if rule.peer.kind is PeerKind.GROUP else ""
    groups = [label for label in source.signature.labels if label != taken]
    if groups:
        return (groups[0],)
    addresses = source.addresses.cidrs()
    return addresses if 0 < len(addresses) <= MOST_ADDRESSES else ("a group that only these hosts carry",)
