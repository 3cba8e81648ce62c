"""Add to each change the owner of what it edits, when the owner undoes a manual edit, and where an edit lasts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from cloudguard.model.filters import Rule
from cloudguard.model.owner import Owner
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.provider.ownership.facts import Edited, OwnerFacts, Place, filled
from cloudguard.results.change import AttributeEdit, Change, GroupEdit, MembershipEdit, Resource
from cloudguard.values import dataclass

_EDITED = {
    "balancer": Edited.BALANCER,
    "endpoint": Edited.ENDPOINT,
    "disk": Edited.DISK,
    "pool": Edited.NEXT_DISKS,
    "identity": Edited.PERMISSIONS,
}
"""Kind of a change's resource → what the change edits, if the kind of the change says nothing more specific."""


@dataclass(frozen=True, slots=True)
class Owned:
    """A thing that a change edits, with its owner. ``rule``: the existing rule that the change edits, if any."""

    edited: Edited
    owner: Owner
    rule: Rule | None = None


def with_owners(snapshot: Snapshot, changes: Iterable[Change], table: Mapping[str, OwnerFacts]) -> tuple[Change, ...]:
    """Return ``changes`` with ``owner``, ``undone`` and ``where`` set. ``table``: the owners that the provider knows.

    A change of resources without a known owner is returned as it is.
    """
    known = SnapshotOwners(snapshot)
    return tuple(_with_owner(change, tuple(known.owned(change)), table) for change in changes)


def place_of(resource: Owned, table: Mapping[str, OwnerFacts]) -> Place | None:
    """Return the place where an edit of ``resource`` lasts. None if the owner has no such place."""
    facts = table.get(resource.owner.id)
    return next((place for place in facts.places if _fits(place, resource)), None) if facts else None


def _fits(place: Place, resource: Owned) -> bool:
    names = dict(resource.owner.names)
    if resource.edited not in place.of:
        return False
    if not all(name in names and pattern.fullmatch(names[name]) for name, pattern in place.named.items()):
        return False
    if place.services is not None and (resource.rule is None or not resource.rule.services <= place.services):
        return False
    return not place.peers or (resource.rule is not None and resource.rule.peer.kind in place.peers)


def _with_owner(change: Change, resources: Sequence[Owned], table: Mapping[str, OwnerFacts]) -> Change:
    if not resources:
        return change
    return replace(
        change,
        owner=_joined(resource.owner.who for resource in resources),
        undone=_joined(resource.owner.undone for resource in resources),
        where=_joined(_place_text(resource, table) for resource in resources),
    )


def _place_text(resource: Owned, table: Mapping[str, OwnerFacts]) -> str:
    place = place_of(resource, table)
    return filled(place.where, dict(resource.owner.names)) if place else resource.owner.instead


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(filter(None, texts)))


class SnapshotOwners:
    """The owners in a snapshot, by the kinds and ids of their resources."""

    def __init__(self, snapshot: Snapshot) -> None:
        cluster, topology = snapshot.cluster, snapshot.topology
        self._index = SnapshotIndex(snapshot)
        self._balancers = topology.balancers
        self._writers: dict[tuple[str, str], Owner | None] = {
            **{("balancer", balancer.id): balancer.written_by for balancer in topology.balancers},
            **{("endpoint", endpoint.id): endpoint.written_by for endpoint in topology.endpoints},
            **{("disk", disk.id): disk.written_by for disk in cluster.disks},
            **{("pool", pool.id): pool.written_by for pool in cluster.pools},
            **{("host", host.id): host.written_by for host in cluster.hosts},
            **{("identity", identity.id): identity.written_by for identity in snapshot.identities.identities},
        }
        for host in cluster.hosts:
            self._writers |= {("interface", interface.id): host.written_by for interface in host.interfaces}
        self._pools = {host.id: ("pool", host.pool) for host in cluster.hosts if host.pool}

    def owned(self, change: Change) -> Iterator[Owned]:
        """Yield the things that ``change`` edits and that have an owner; each owner once."""
        if change.resource.kind == "filter":
            yield from self._of_rule(change)
            return
        edited, resources = _edited(change)
        owners = dict.fromkeys(filter(None, map(self._writer, resources)))
        yield from (Owned(edited, self._of_service(owner, change.resource)) for owner in owners)

    def _of_rule(self, change: Change) -> Iterator[Owned]:
        of, rule = self._index.filters.get(change.resource.id), self._index.rules.get((change.resource.id, change.rule))
        owner = rule.written_by if rule else of.written_by if of else None
        if owner:
            yield Owned(Edited.RULE, self._of_service(owner, change.resource), rule)

    def _writer(self, resource: Resource) -> Owner | None:
        """Return the owner of a resource. For a host of a pool, return the pool's owner if it is known."""
        key = (resource.kind, resource.id)
        pool = self._pools.get(resource.id, key) if resource.kind == "host" else key
        return self._writers.get(pool) or self._writers.get(key)

    def _of_service(self, owner: Owner, resource: Resource) -> Owner:
        """Return ``owner`` with the name of the Service whose load balancer is ``resource``, or uses it as a filter."""
        if "service" in dict(owner.names):
            return owner
        guarded = (balancer for balancer in self._balancers if resource.id in {balancer.id, *balancer.all_filters})
        declared = next((balancer.declared_service for balancer in guarded if "/" in balancer.declared_service), "")
        if not declared:
            return owner
        namespace, _, name = declared.partition("/")
        return replace(owner, names=(*owner.names, ("namespace", namespace), ("service", name)))


def _edited(change: Change) -> tuple[Edited, tuple[Resource, ...]]:
    """Return what ``change`` edits, and the resources on which it is set."""
    for edit in change.edits:
        if isinstance(edit, GroupEdit | MembershipEdit):
            return Edited.MEMBERSHIP, edit.members
        if isinstance(edit, AttributeEdit) and edit.of:
            return Edited.METADATA, edit.of
    if change.kind.startswith("trust."):
        return Edited.TRUST, (change.resource,)
    return _EDITED.get(change.resource.kind, Edited.OTHER), (change.resource,)
