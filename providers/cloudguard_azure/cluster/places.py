"""Two clusters of one name are in two places: in no group and no network of one another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cloudguard.errors import ClusterNotFoundError, UsageError
from cloudguard.model.cluster import Role
from cloudguard_azure.cluster import installer_tags
from cloudguard_azure.cluster.aks import ManagedCluster
from cloudguard_azure.cluster.inventory import Interfaces, Inventory
from cloudguard_azure.cluster.machines import Machine, ScaleSet
from cloudguard_azure.cluster.members import Members

_CHOOSE = "Choose one with --resource-group"


@dataclass(frozen=True, slots=True)
class _Place:
    """Machines (their ids) that share groups or networks."""

    groups: frozenset[str]
    networks: frozenset[str]
    machines: frozenset[str]

    def touches(self, other: _Place) -> bool:
        """Whether it shares a group or a network with another."""
        return not self.groups.isdisjoint(other.groups) or not self.networks.isdisjoint(other.networks)

    def and_all(self, others: Iterable[_Place]) -> _Place:
        """Return it and others as one."""
        every = (self, *others)
        return _Place(
            frozenset[str]().union(*(one.groups for one in every)),
            frozenset[str]().union(*(one.networks for one in every)),
            frozenset[str]().union(*(one.machines for one in every)),
        )


def in_one_place(name: str, group: str, members: Members, interfaces: Interfaces) -> Members:
    """Return the members in the place of a ``group`` (lower case, "" for any), and those that ``--host`` names.

    Raises UsageError where several places are left, ClusterNotFoundError where none is. Where the network of a machine
    is not known, all is one place.
    """
    places = list[_Place]()
    for one in members.machines:
        if one.id not in members.guests:
            place = _place(one, interfaces)
            touching = [other for other in places if other.touches(place) or not place.networks or not other.networks]
            places = [place.and_all(touching), *(other for other in places if other not in touching)]
    here = [place for place in places if group in {"", *place.groups}]
    if len(here) > 1:
        each = " and in ".join(sorted(", ".join(sorted(place.groups)) for place in here))
        message = f"{len(here)} clusters are called {name!r}: in {each}"
        raise UsageError(message, hint=_CHOOSE)
    if places and not here:
        message = f"the cluster {name!r} is in {', '.join(sorted(g for place in places for g in place.groups))}"
        raise ClusterNotFoundError(message, hint=f"It is not in {group}: change or leave out --resource-group")
    if len(places) <= 1:
        return members
    machines = tuple(one for one in members.machines if one.id in here[0].machines or one.id in members.guests)
    pools = {one.pool for one in machines}
    sets = tuple(one for one in members.scale_sets if one.id in pools or one.group in here[0].groups)
    return replace(members, machines=machines, scale_sets=sets)


def _place(machine: Machine, interfaces: Interfaces) -> _Place:
    networks = interfaces.networks.get(machine.id, frozenset())
    return _Place(frozenset({machine.group}), networks, frozenset({machine.id}))


def refuse_another(name: str, aks: ManagedCluster, read: Inventory, members: Members) -> None:
    """Raise UsageError where control-plane hosts outside of AKS's node groups are tagged as a cluster of its name."""
    managed = {one.node_group for one in read.clusters}
    every: tuple[Machine | ScaleSet, ...] = (*members.everyone, *read.sets)
    for one in (one for one in every if one.group not in managed and installer_tags.is_of(one.tags, name)):
        known = installer_tags.roles_by_tags(one.tags, name, one.name)
        if known and Role.CONTROL_PLANE in known.roles:
            message = f"an AKS cluster in {aks.group} and one with hosts in {one.group} are called {name!r}"
            raise UsageError(message, hint=_CHOOSE)
