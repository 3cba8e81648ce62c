"""Which service accounts a cluster's machines hold: today's, the next ones', and those of node pools to come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar, cast

from cloudguard.model.cluster import Host, Pool
from cloudguard.provider.answers import Item
from cloudguard_gcp.access.links import machine
from cloudguard_gcp.access.session import Caller
from cloudguard_gcp.cluster.find import Found, whole
from cloudguard_gcp.identity.resource_names import account

Held = tuple[str, Sequence[str], Sequence[str]]
"""A service account's address, what holds it ("node"), and the scopes of its tokens there."""
_NODE: Final = ("node",)
_Holding = TypeVar("_Holding", Host, Pool)


def held(
    found: Found, caller: Caller, hosts: Iterable[Host], pools: Iterable[Pool], templates: Mapping[str, Item]
) -> Iterator[Held]:
    """Yield what holds which service account; ``templates``: the next instance of each pool, by the pool's id."""
    items = {machine(str(one["selfLink"])): one for one in found.instances}
    for host in hosts:
        yield from _of(items.get(host.id, {}), [str(role) for role in host.roles], caller)
    for pool in pools:
        yield from _of(templates.get(pool.id, {}), [str(role) for role in pool.roles], caller)
    if found.gke:
        configs = [whole(one, "config") for one in cast("Sequence[Item]", found.gke.get("nodePools") or ())]
        configs.append(whole(found.gke, "autoscaling", "autoprovisioningNodePoolDefaults"))
        for config in configs:
            if config.get("serviceAccount") or config.get("oauthScopes"):
                email = named(str(config.get("serviceAccount", "default")), caller)
                yield email, _NODE, cast("Sequence[str]", config.get("oauthScopes") or ())


def _of(instance: Item, roles: Sequence[str], caller: Caller) -> Iterator[Held]:
    for one in cast("Sequence[Item]", instance.get("serviceAccounts") or ()):
        scopes = cast("Sequence[str]", one.get("scopes") or ())
        if scopes:
            yield named(str(one.get("email", "default")), caller), roles, scopes


def named(email: str, caller: Caller) -> str:
    """Return a service account's address; "default" is the project's own for machines."""
    return caller.default_account or email if email in {"default", ""} else email


def known(ones: Iterable[_Holding], caller: Caller) -> tuple[_Holding, ...]:
    """Return hosts or pools with their service account as identities are named."""
    return tuple(
        replace(one, identity=account(named(one.identity, caller), caller.project)) if one.identity else one
        for one in ones
    )
