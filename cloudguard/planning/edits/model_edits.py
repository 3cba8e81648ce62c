"""Edits of the model: a snapshot with the changes of a plan applied, as if they had been made in the cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from cloudguard.model.cluster import Cluster, Host, Pool
from cloudguard.model.filters import Action, Direction, Filter, Group, Peer, Rule
from cloudguard.model.network import Endpoint, Interface, Topology
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES, read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.planning.edits.settings_edits import with_edited, with_setting
from cloudguard.results.change import (
    PRIVATE_RANGES,
    AttributeEdit,
    Change,
    Edit,
    GroupEdit,
    ListEdit,
    MembershipEdit,
    PeerOf,
    Procedure,
    RuleEdit,
    RuleOp,
    RulePeer,
    RuleTraffic,
)
from cloudguard.results.document_edit import DocumentEdit

PLANNED: Final = Source("planned")
"""The source of resources and rules that are not in the cloud yet."""
PRIVATE_SIDE: Final = "private side"
"""The name of an endpoint's attribute. It is "on" if hosts reach the endpoint inside their network."""
UNNAMED: Final = frozenset({PeerOf.ADMINISTRATORS, PeerOf.WAY_OUT})
"""Kinds of peers whose addresses are not known. An edit with such a peer cannot be made."""
NEW_GROUP: Final = "new:"
"""The ids of new groups and filters on the model begin with this."""
_ADDED: Final = "+rule:"
"""The separator in the id of an added rule, after the id of the rule that it replaces."""
EditOfChange = tuple[Change, Edit]
"""An edit and the change that it belongs to."""


def edits_with_changes(changes: Iterable[Change]) -> tuple[EditOfChange, ...]:
    """Return every edit of ``changes`` with its change, in the order of ``changes``."""
    return tuple((change, edit) for change in changes for edit in change.edits)


def new_group_id(peer: RulePeer) -> str:
    """Return the id that the model uses for a group that does not exist yet."""
    return f"{NEW_GROUP}{peer.value}"


def edited(snapshot: Snapshot, edits: Iterable[EditOfChange]) -> Snapshot:
    """Return ``snapshot`` with ``edits`` applied. Applying the same edits again changes nothing."""
    rules: dict[str, list[RuleEdit]] = {}
    for change, edit in edits:
        if isinstance(edit, RuleEdit):
            rules.setdefault(change.resource.id, []).append(edit)
        else:
            snapshot = _other(snapshot, change, edit)
    if not rules:
        return snapshot
    filters = tuple(
        _filter(guard, rules[guard.id]) if guard.id in rules else guard for guard in snapshot.topology.filters
    )
    return replace(snapshot, topology=replace(snapshot.topology, filters=filters))


def _other(snapshot: Snapshot, change: Change, edit: Edit) -> Snapshot:
    match edit:
        case GroupEdit():
            return _with_group(snapshot, edit)
        case MembershipEdit():
            return _with_moved_members(snapshot, {member.id for member in edit.members}, edit.leaves, edit.joins)
        case ListEdit():
            return _listed(snapshot, change.resource.id, edit)
        case AttributeEdit(name=name) if name == PRIVATE_SIDE:
            return _on_endpoint(
                snapshot, change.resource.id, lambda endpoint: replace(endpoint, private=edit.after == "on")
            )
        case AttributeEdit() | Procedure() | DocumentEdit():
            return with_setting(snapshot, change, edit)
        case _:
            return snapshot


def _filter(guard: Filter, edits: Iterable[RuleEdit]) -> Filter:
    """Return a filter with ``edits`` of its rules applied. An added rule follows the rule that it replaces."""
    rules = {rule.id: rule for rule in guard.rules}
    origins = dict(rules)
    added: dict[str, list[Rule]] = {}
    for edit in edits:
        if edit.op is RuleOp.REMOVE:
            rules.pop(edit.rule, None)
        elif edit.after and edit.op is RuleOp.MODIFY and edit.rule in rules:
            rules[edit.rule] = _with_traffic(rules[edit.rule], edit.after)
        elif edit.after and edit.op is RuleOp.ADD:
            new = _added(origins.get(edit.rule), edit, edit.after)
            if new.id not in origins:
                added.setdefault(edit.rule if edit.rule in origins else "", []).append(new)
    kept = [rule for name in origins for rule in (*((rules[name],) if name in rules else ()), *added.get(name, ()))]
    return replace(guard, rules=(*kept, *added.get("", ())))


def _added(origin: Rule | None, edit: RuleEdit, traffic: RuleTraffic) -> Rule:
    text = f"{traffic.action}:{traffic.services}:{traffic.peer.kind}:{traffic.peer.value}"
    name = f"{edit.rule}{_ADDED}{text.replace('/', '|')}"  # a rule's name is a part of ids in which "/" separates parts
    order = edit.order if edit.order is not None else origin.order if origin else 0
    blank = Rule(name, traffic.direction, traffic.action, traffic.services, peer_of(traffic.peer), PLANNED, order)
    if origin is None:
        return replace(blank, target_groups=edit.targets)
    return replace(blank, target_groups=origin.target_groups, target_ranges=origin.target_ranges)


def _with_traffic(rule: Rule, traffic: RuleTraffic) -> Rule:
    return replace(rule, action=traffic.action, services=traffic.services, peer=peer_of(traffic.peer))


def peer_of(peer: RulePeer) -> Peer:
    """Return the peer of an edit as the peer of a rule. Raises ValueError if its addresses are not known."""
    match peer.kind:
        case PeerOf.RANGE:
            return Peer(read_addresses(peer.value))
        case PeerOf.GROUP:
            return Peer(group=peer.value)
        case PeerOf.NEW_GROUP:
            return Peer(group=new_group_id(peer))
        case PeerOf.ADDRESS_LIST:
            return Peer(address_list=peer.value)
        case _:
            message = f"no rule can name {peer.kind}, because its addresses are unknown"
            raise ValueError(message)


def _with_group(snapshot: Snapshot, edit: GroupEdit) -> Snapshot:
    name = new_group_id(edit.group)
    if all(group.id != name for group in snapshot.topology.groups):
        groups = (*snapshot.topology.groups, Group(name, edit.name, PLANNED))
        snapshot = replace(snapshot, topology=replace(snapshot.topology, groups=groups))
    return _with_moved_members(snapshot, {member.id for member in edit.members}, (), (name,))


def _with_moved_members(
    snapshot: Snapshot, members: set[str], leaves: tuple[str, ...], joins: tuple[str, ...]
) -> Snapshot:
    """Return the snapshot with ``members`` (ids of interfaces and pools) moved from groups to other groups.

    Where a group is also a filter (a security group), the members' filters change in the same way.
    """
    filters = {guard.id for guard in snapshot.topology.filters}
    joined_filters = tuple(name for name in joins if name in filters)

    def moved(present: tuple[str, ...], joined: tuple[str, ...]) -> tuple[str, ...]:
        kept = tuple(name for name in present if name not in leaves)
        return (*kept, *(name for name in joined if name not in kept))

    def port(interface: Interface) -> Interface:
        if interface.id not in members:
            return interface
        groups, guards = moved(interface.groups, joins), moved(interface.filters, joined_filters)
        return replace(interface, groups=groups, filters=guards)

    def host(known: Host) -> Host:
        return replace(known, interfaces=tuple(map(port, known.interfaces)))

    def pool(known: Pool) -> Pool:
        if known.id not in members:
            return known
        further = tuple(
            replace(each, groups=moved(each.groups, joins), filters=moved(each.filters, joined_filters))
            for each in known.further
        )
        groups, guards = moved(known.groups, joins), moved(known.filters, joined_filters)
        return replace(known, groups=groups, filters=guards, further=further)

    cluster: Cluster = replace(
        snapshot.cluster, hosts=tuple(map(host, snapshot.cluster.hosts)), pools=tuple(map(pool, snapshot.cluster.pools))
    )
    known = snapshot.topology.neighbours
    topology: Topology = replace(
        snapshot.topology,
        external_members=tuple(map(port, snapshot.topology.external_members)),
        neighbours=None if known is None else tuple(map(port, known)),
    )
    return replace(snapshot, cluster=cluster, topology=topology)


def _on_endpoint(snapshot: Snapshot, name: str, with_edit: Callable[[Endpoint], Endpoint]) -> Snapshot:
    endpoints = with_edited(snapshot.topology.endpoints, name, with_edit)
    return replace(snapshot, topology=replace(snapshot.topology, endpoints=endpoints))


def _with_list(endpoint: Endpoint, peers: tuple[RulePeer, ...]) -> Endpoint:
    """Return an endpoint whose public side lets in only ``peers``. Without peers, its public side is off."""
    ranges = AddressSet.union(read_addresses(peer.value) for peer in peers if peer.kind is PeerOf.RANGE)
    lists = tuple(peer.value for peer in peers if peer.kind is PeerOf.ADDRESS_LIST)
    if not ranges and not lists:
        return replace(endpoint, public=False, public_ranges=NO_ADDRESSES, public_lists=())
    return replace(endpoint, public_ranges=ranges, public_lists=lists)


def _listed(snapshot: Snapshot, name: str, edit: ListEdit) -> Snapshot:
    """Return the snapshot with a new list of the endpoint ``name`` (an id). On the private side, it is a filter."""
    if edit.name != PRIVATE_RANGES:
        return _on_endpoint(snapshot, name, lambda endpoint: _with_list(endpoint, edit.after))
    own_addresses = AddressSet.union(
        endpoint.always_inside for endpoint in snapshot.topology.endpoints if endpoint.id == name
    )

    def rule(peer: RulePeer) -> Rule:
        services, addresses = ServiceSet.parse(edit.services), read_addresses(peer.value)
        made = Rule(f"{name}: {peer.value}", Direction.INGRESS, Action.PERMIT, services, Peer(addresses), PLANNED)
        return replace(made, provider_mandated=addresses <= own_addresses)

    guard = Filter(f"{NEW_GROUP}{name}", name, "list", tuple(map(rule, edit.after)), PLANNED)
    others = tuple(other for other in snapshot.topology.filters if other.id != guard.id)
    snapshot = replace(snapshot, topology=replace(snapshot.topology, filters=(*others, guard)))
    return _on_endpoint(snapshot, name, lambda endpoint: replace(endpoint, filters=(guard.id,)))


def origin_of(rule: str) -> str:
    """Return the id of the rule that an added rule replaces. For any other rule, return its own id."""
    return rule.partition(_ADDED)[0]


def can_be_made(edit: Edit) -> bool:
    """Whether the addresses of all peers in an edit are known."""
    if isinstance(edit, ListEdit):
        return all(peer.kind not in UNNAMED for peer in edit.after)
    return not isinstance(edit, RuleEdit) or edit.after is None or edit.after.peer.kind not in UNNAMED
