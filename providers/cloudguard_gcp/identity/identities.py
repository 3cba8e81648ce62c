"""The service accounts of a cluster's machines: the roles bound to them, and the scopes of the machines' tokens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeAlias, TypeVar

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.identity import (
    SERVICE_ACCOUNT,
    Identities,
    Identity,
    PolicyDocument,
    PolicyKind,
)
from cloudguard.model.source import Source
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.resource_names import account, owner_of
from cloudguard_gcp.access.session import Caller
from cloudguard_gcp.cluster.find import FoundCluster
from cloudguard_gcp.cluster.instances import Instance
from cloudguard_gcp.identity.bindings import Binding, Principal, concerns, service_account
from cloudguard_gcp.identity.kubernetes_accounts import IdentityPools, SelfManaged
from cloudguard_gcp.identity.levels import Level, organization_of, read_level, read_levels, sets_of_accounts
from cloudguard_gcp.identity.policies import denied_to, granted
from cloudguard_gcp.identity.roles import Roles
from cloudguard_gcp.identity.scopes import statements_of
from cloudguard_gcp.identity.service_accounts import (
    Account,
    accounts_taken,
    bound_pods,
    outsiders_bound,
    pods_of,
    pools_of,
    providers_of,
    read_accounts,
    service_accounts,
    trust_of,
)

_UNREAD_GRANTS: Final = (
    "grants in other projects and in resource policies (buckets, secrets, keys, repositories) were not read"
)
Bindings: TypeAlias = "Sequence[tuple[str, Binding]]"
"""Bindings, each with the name of its level."""
HeldAccount = tuple[str, Sequence[str], Sequence[str]]
"""A service account's address, its holder's roles (such as "node"), and the scopes of its tokens there."""
_NODE: Final = ("node",)
_Holding = TypeVar("_Holding", Host, Pool)


@dataclass(frozen=True, slots=True)
class Holder:
    """The holders of a service account: their roles, and all scopes of their tokens."""

    roles: tuple[str, ...]
    scopes: frozenset[str]


_OF_PODS: Final = Holder((SERVICE_ACCOUNT,), frozenset({"https://www.googleapis.com/auth/cloud-platform"}))
"""The holder of pods' service accounts: their Workload Identity tokens have every scope."""


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


def holders_of(pairs: Iterable[tuple[str, Sequence[str], Sequence[str]]]) -> dict[str, Holder]:
    """Return holders by address, from (address, roles, scopes) of each host and pool."""
    holders: dict[str, Holder] = {}
    for email, roles, scopes in pairs:
        known = holders.get(email, Holder((), frozenset()))
        holders[email] = Holder(tuple(sorted({*known.roles, *roles})), known.scopes | frozenset(scopes))
    return {email: holders[email] for email in sorted(holders) if email}


def read_identities(
    api: Api,
    names: tuple[str, ...],
    holders: Mapping[str, Holder],
    cluster: IdentityPools | SelfManaged,
    outside_groups: Iterable[str] = (),
) -> Identities:
    """Return the identities with every policy that grants to them, denies them or bounds them.

    The identities are the ``holders``, by address, and those that service accounts of the ``cluster`` take on: of its
    identity pools, which are searched for a self-managed cluster. ``others`` are the accounts as which they may act.
    The policies of projects that own holders are read too. ``names``: the project's id, then its other names.
    ``outside_groups``: Google groups that, as the user says, contain none of the cluster's service accounts.
    """
    project, *numbers = names
    homes = sorted({owner_of(email) for email in holders} - {*names, ""})
    levels, accounts, homes_read = api.parallel(
        lambda: read_levels(api, project),
        lambda: read_accounts(api, project, holders),
        lambda: api.gather(*(partial(read_level, api, home) for home in homes)),
    )
    roles, inherited, granting = Roles(api), outsiders_bound(levels, {*names}), (*levels, *homes_read)
    above = {home: outsiders_bound([level], {*names, home}) for home, level in zip(homes, homes_read, strict=True)}
    pools = cluster if isinstance(cluster, IdentityPools) else pools_of(api, cluster, accounts, inherited)
    roles.prefetch([binding.role for bindings in (inherited, *above.values()) for _, binding in bindings])
    roles.prefetch([binding.role for known in accounts for binding in known.bindings])
    pods = {known.email: pod_names for known in accounts if (pod_names := pods_of(known, inherited, roles, pools))}
    with_pods = _with_pods(holders, pods)
    sets, outside = sets_of_accounts(levels, numbers), frozenset(group.lower() for group in outside_groups)

    def principal_of(email: str) -> Principal:
        return service_account(email, project, sets if owner_of(email) in names else (), outside)

    principals = [(principal_of(email), holder) for email, holder in with_pods.items()]
    principals += [(principal, _OF_PODS) for principal in bound_pods(inherited, roles, project, pools)]
    gained = accounts_taken([principal for principal, _ in principals], accounts, roles, principal_of)
    others = [(principal, replace(_OF_PODS, roles=())) for principal in gained]
    roles.prefetch([role for principal, _ in (*principals, *others) for role in _bound_roles(granting, principal)])
    around = _Around(project, granting, {known.email: known for known in accounts}, roles, inherited, above)
    attached = {principal.id: [*_attached(principal, holder, around)] for principal, holder in (*principals, *others)}
    policies = {policy.id: policy for documents in attached.values() for policy in documents}
    identities = [
        _identity(principal, holder, attached[principal.id], project) for principal, holder in (*principals, *others)
    ]
    unseen = "; ".join(sorted({level.unseen for level in granting if level.unseen}))
    return Identities(
        tuple(identities[: len(principals)]),
        tuple(policies.values()),
        tuple(service_accounts([principal for principal, _ in principals], pods, pools, policies)),
        unread_limits=unseen,
        providers=providers_of(pools),
        account_names=tuple(numbers),
        organization=organization_of(levels),
        unread_grants=_unread_grants(outside),
        others=tuple(identities[len(principals) :]),
    )


@dataclass(frozen=True, slots=True)
class _Around:
    """What grants to the identities: the policies of ``levels`` and of ``accounts`` (by address).

    ``inherited``: the bindings above the project's accounts; ``above``: the same for other projects, by project.
    """

    project: str
    levels: tuple[Level, ...]
    accounts: Mapping[str, Account]
    roles: Roles
    inherited: Bindings
    above: Mapping[str, Bindings]


def _attached(principal: Principal, holder: Holder, around: _Around) -> Iterator[PolicyDocument]:
    """Yield the policies of an identity, and its trust policy if it is the cluster's."""
    accounts = [*around.accounts.values()]
    yield from granted(around.levels, accounts, principal, around.roles, around.project)
    yield from denied_to(around.levels, principal)
    yield _bounded(principal.name, holder)
    known = around.accounts.get(principal.name) if holder.roles else None
    inherited = around.above.get(owner_of(principal.name), around.inherited)
    if known and (trust := trust_of(known, inherited, around.roles)):
        yield trust


def _identity(principal: Principal, holder: Holder, attached: Iterable[PolicyDocument], project: str) -> Identity:
    source = Source(calls.GET_PROJECT_POLICY.name, project)
    return Identity(principal.id, principal.name, holder.roles, tuple(policy.id for policy in attached), source)


def _unread_grants(outside: frozenset[str]) -> str:
    """Return which grants were not read, and which groups are known only from the user."""
    named = ", ".join(sorted(outside))
    return f"{_UNREAD_GRANTS}; by --outside-group, no service account is in {named}" if named else _UNREAD_GRANTS


def _with_pods(holders: Mapping[str, Holder], pods: Iterable[str]) -> dict[str, Holder]:
    """Return the holders by address, together with the accounts of pods, whose tokens have every scope."""
    nobody = Holder((), frozenset())
    more = [(email, holders.get(email, nobody)) for email in pods]
    united = {email: Holder((*known.roles, *_OF_PODS.roles), known.scopes | _OF_PODS.scopes) for email, known in more}
    return dict(sorted({**holders, **united}.items()))


def _bound_roles(levels: Iterable[Level], principal: Principal) -> Iterator[str]:
    """Yield the roles that a principal is bound to, or may be bound to."""
    for level in levels:
        for binding in level.bindings:
            if concerns(binding.members, principal) is not None:
                yield binding.role


def _bounded(email: str, holder: Holder) -> PolicyDocument:
    """Return a boundary policy with the permissions that the scopes of the holders' tokens allow."""
    text = json.dumps(sorted(holder.scopes))
    statements = statements_of(holder.scopes)
    source = Source(calls.LIST_INSTANCES.name)
    return PolicyDocument(f"scopes of {email}", "access scopes", PolicyKind.BOUNDARY, "user", text, statements, source)
