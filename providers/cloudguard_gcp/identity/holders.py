"""Which service accounts a cluster's machines hold: today's, the next ones', and those of node pools to come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from cloudguard.model.cluster import Host, Pool
from cloudguard_gcp.access.session import Caller
from cloudguard_gcp.cluster.find import Found
from cloudguard_gcp.cluster.instances import Instance
from cloudguard_gcp.identity.resource_names import account

Held = tuple[str, Sequence[str], Sequence[str]]
"""A service account's address, what holds it ("node"), and the scopes of its tokens there."""
_NODE: Final = ("node",)
_Holding = TypeVar("_Holding", Host, Pool)


def held(
    found: Found, caller: Caller, hosts: Iterable[Host], pools: Iterable[Pool], templates: Mapping[str, Instance]
) -> Iterator[Held]:
    """Yield what holds which service account; ``templates``: the next instance of each pool, by the pool's id."""
    instances = {instance.id: instance for instance in found.instances}
    for holders, known in ((hosts, instances), (pools, templates)):
        for holder in holders:
            if (instance := known.get(holder.id)) and instance.scopes:
                yield named(instance.host.identity, caller), [str(role) for role in holder.roles], instance.scopes
    for pool in found.gke.node_pools if found.gke else ():
        if pool.account or pool.scopes:
            yield named(pool.account, caller), _NODE, pool.scopes


def named(email: str, caller: Caller) -> str:
    """Return a service account's address; "default" is the project's own for machines."""
    return caller.default_account or email if email in {"default", ""} else email


def known(ones: Iterable[_Holding], caller: Caller) -> tuple[_Holding, ...]:
    """Return hosts or pools with their service account as identities are named."""
    return tuple(
        replace(one, identity=account(named(one.identity, caller), caller.project)) if one.identity else one
        for one in ones
    )
