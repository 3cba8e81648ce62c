"""The service accounts of a cluster's machines: of its hosts, its pools' next hosts, and its future node pools."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from cloudguard.model.cluster import Host, Pool
from cloudguard_gcp.access.session import Caller
from cloudguard_gcp.cluster.find import FoundCluster
from cloudguard_gcp.cluster.instances import Instance
from cloudguard_gcp.identity.resource_names import account

HeldAccount = tuple[str, Sequence[str], Sequence[str]]
"""A service account's address, its holder's roles (such as "node"), and the scopes of its tokens there."""
_NODE: Final = ("node",)
_Holding = TypeVar("_Holding", Host, Pool)


def held_accounts(
    found: FoundCluster, caller: Caller, hosts: Iterable[Host], pools: Iterable[Pool], templates: Mapping[str, Instance]
) -> Iterator[HeldAccount]:
    """Yield the service account of each host, pool and node pool.

    ``templates``: map of a pool's id → its next instance.
    """
    instances = {instance.id: instance for instance in found.instances}
    for holders, known in ((hosts, instances), (pools, templates)):
        for holder in holders:
            if (instance := known.get(holder.id)) and instance.scopes:
                yield named(instance.host.identity, caller), [str(role) for role in holder.roles], instance.scopes
    for pool in found.gke.node_pools if found.gke else ():
        if pool.account or pool.scopes:
            yield named(pool.account, caller), _NODE, pool.scopes


def named(email: str, caller: Caller) -> str:
    """Return a service account's address. "default" is the project's default account for machines."""
    return caller.default_account or email if email in {"default", ""} else email


def known(ones: Iterable[_Holding], caller: Caller) -> tuple[_Holding, ...]:
    """Return hosts or pools with the identity name of their service account."""
    return tuple(
        replace(candidate, identity=account(named(candidate.identity, caller), caller.project))
        if candidate.identity
        else candidate
        for candidate in ones
    )
