"""Separates two clusters of one name: they share no resource group and no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cloudguard.errors import ClusterNotFoundError, UsageError
from cloudguard.model.cluster import Role
from cloudguard_azure.cluster import installer_tags
from cloudguard_azure.cluster.aks import ManagedCluster
from cloudguard_azure.cluster.inventory import Interfaces, Inventory
from cloudguard_azure.cluster.machines import Machine, ScaleSet
from cloudguard_azure.cluster.members import Members

_CHOOSE = "Choose one with --resource-group"


def in_one_place(name: str, group: str, members: Members, interfaces: Interfaces) -> Members:
    """Return the members in the place of a ``group`` (lower case, "" for any), and those that ``--host`` names.

    A place is a set of groups and networks that machines share. Raises UsageError if several places are left,
    ClusterNotFoundError if none is. If the network of a machine is unknown, all machines are in one place.
    """
    places_of = {machine.id: {machine.group, *interfaces.networks.get(machine.id, ())} for machine in members.machines}
    placed = [keys for machine, keys in places_of.items() if machine not in members.guests]
    places = [set[str]().union(*placed)] if any(len(keys) == 1 for keys in placed) else [*_disjoint(placed)]
    here = [place for place in places if group in {"", *place}]
    if len(here) > 1:
        each = " and in ".join(sorted(", ".join(_groups(place)) for place in here))
        message = f"{len(here)} clusters are called {name!r}: in {each}"
        raise UsageError(message, hint=_CHOOSE)
    if places and not here:
        message = f"the cluster {name!r} is in {', '.join(_groups(set[str]().union(*places)))}"
        raise ClusterNotFoundError(message, hint=f"It is not in {group}: change or omit --resource-group")
    if len(places) <= 1:
        return members
    machines = tuple(
        machine for machine in members.machines if places_of[machine.id] & here[0] or machine.id in members.guests
    )
    pools = {machine.pool for machine in machines}
    sets = tuple(scale_set for scale_set in members.scale_sets if scale_set.id in pools or scale_set.group in here[0])
    return replace(members, machines=machines, scale_sets=sets)


def _disjoint(placed: Iterable[set[str]]) -> list[set[str]]:
    """Return sets of groups and networks. Sets with a common element are merged."""
    places = list[set[str]]()
    for keys in placed:
        touching = [place for place in places if place & keys]
        places = [*(place for place in places if place not in touching), keys.union(*touching)]
    return places


def _groups(place: Iterable[str]) -> list[str]:
    """Return the names of resource groups in a place. Only the ids of networks have slashes."""
    return sorted(key for key in place if "/" not in key)


def refuse_another(name: str, aks: ManagedCluster, read: Inventory, members: Members) -> None:
    """Raise UsageError if control-plane hosts outside of AKS's node groups have tags of a cluster of its name."""
    managed = {cluster.node_group for cluster in read.clusters}
    every: tuple[Machine | ScaleSet, ...] = (*members.everyone, *read.sets)
    for machine in (
        machine for machine in every if machine.group not in managed and installer_tags.is_of(machine.tags, name)
    ):
        known = installer_tags.roles_by_tags(machine.tags, name, machine.name)
        if known and Role.CONTROL_PLANE in known.roles:
            message = (
                f"an AKS cluster in {aks.group} and a self-managed cluster in {machine.group} are both called {name!r}"
            )
            raise UsageError(message, hint=_CHOOSE)
