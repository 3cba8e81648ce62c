"""The service accounts of a cluster's machines: the roles bound to them, and the scopes of the machines' tokens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, TypeVar

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
) -> dict[str, Holder]:
    """Return the holders of the service accounts of hosts, pools and node pools, by the accounts' addresses.

    ``templates``: map of a pool's id → its next instance.
    """
    pairs = list[tuple[str, Holder]]()
    instances = {instance.id: instance for instance in found.instances}
    for holders, known in ((hosts, instances), (pools, templates)):
        for holder in holders:
            if (instance := known.get(holder.id)) and instance.scopes:
                roles = tuple(map(str, holder.roles))
                pairs.append((instance.host.identity, Holder(roles, frozenset(instance.scopes))))
    for pool in found.gke.node_pools if found.gke else ():
        if pool.account or pool.scopes:
            pairs.append((pool.account, Holder(_NODE, frozenset(pool.scopes))))
    return united((named(email, caller), holder) for email, holder in pairs)


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


def united(pairs: Iterable[tuple[str, Holder]]) -> dict[str, Holder]:
    """Return the holders of each account by its address, with all their roles and scopes."""
    holders: dict[str, Holder] = {}
    for email, holder in pairs:
        known = holders.get(email, Holder((), frozenset()))
        holders[email] = Holder(tuple(sorted({*known.roles, *holder.roles})), known.scopes | holder.scopes)
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
    outside = frozenset(group.lower() for group in outside_groups)
    around = _read_around(api, names, holders, outside)
    inherited = around.inherited[names[0]]
    pools = cluster if isinstance(cluster, IdentityPools) else pools_of(api, cluster, around.accounts, inherited)
    around.roles.prefetch([binding.role for bindings in around.inherited.values() for binding in bindings])
    around.roles.prefetch([binding.role for known in around.accounts for binding in known.bindings])
    bound = {known.email: pods_of(known, inherited, around.roles, pools) for known in around.accounts}
    pods = {email: accounts for email, accounts in bound.items() if accounts}
    with_pods = united([*holders.items(), *((email, _OF_PODS) for email in pods)])
    holding = [(around.principal(email), holder) for email, holder in with_pods.items()]
    holding += [(principal, _OF_PODS) for principal in bound_pods(inherited, around.roles, names[0], pools)]
    principals = [principal for principal, _ in holding]
    gained = accounts_taken(principals, around.accounts, around.roles, around.principal)
    others = [(principal, replace(_OF_PODS, roles=())) for principal in gained]
    every = (*holding, *others)
    around.roles.prefetch([role for principal, _ in every for role in _bound_roles(around, principal)])
    attached = {principal.id: [*_attached(principal, holder, around)] for principal, holder in every}
    policies = {policy.id: policy for documents in attached.values() for policy in documents}
    identities, of_others = (
        tuple(_identity(principal, holder, attached[principal.id], names[0]) for principal, holder in pairs)
        for pairs in (holding, others)
    )
    return Identities(
        identities,
        tuple(policies.values()),
        tuple(service_accounts(principals, pods, pools, policies)),
        unread_limits="; ".join(sorted({level.unseen for level in around.granting if level.unseen})),
        providers=providers_of(pools),
        account_names=names[1:],
        organization=organization_of(around.levels),
        unread_grants=_unread_grants(outside),
        others=of_others,
    )


@dataclass(frozen=True, slots=True)
class _Around:
    """What grants to the identities of a project. ``names``: its id, then its other names.

    ``levels``: the project and what is above it. ``granting``: these, and other projects that own accounts of holders.
    ``inherited``: by project, the bindings that its accounts inherit. ``accounts``: the service accounts. ``outside``:
    groups without the cluster's service accounts, in lower case.
    """

    names: tuple[str, ...]
    levels: tuple[Level, ...]
    granting: tuple[Level, ...]
    inherited: Mapping[str, Sequence[Binding]]
    accounts: tuple[Account, ...]
    roles: Roles
    outside: frozenset[str]

    def principal(self, email: str) -> Principal:
        """Return a service account as a principal."""
        own = owner_of(email) in self.names
        sets = sets_of_accounts(self.levels, self.names[1:]) if own else ()
        return service_account(email, self.names[0], sets, self.outside)

    def trust(self, email: str) -> PolicyDocument | None:
        """Return the trust policy of a service account; None if it is not known or lets nobody act as it."""
        known = next((known for known in self.accounts if known.email == email), None)
        if known is None:
            return None
        inherited = self.inherited.get(owner_of(email), self.inherited[self.names[0]])
        return trust_of(known, inherited, self.roles)


def _read_around(api: Api, names: tuple[str, ...], emails: Iterable[str], outside: frozenset[str]) -> _Around:
    """Read what grants to a project's service accounts and to the accounts with these addresses."""
    homes = sorted({owner_of(email) for email in emails} - {*names, ""})
    levels, accounts, of_homes = api.parallel(
        lambda: read_levels(api, names[0]),
        lambda: read_accounts(api, names[0], emails),
        lambda: api.gather(*(partial(read_level, api, home) for home in homes)),
    )
    inherited = {home: outsiders_bound([level], {*names, home}) for home, level in zip(homes, of_homes, strict=True)}
    inherited[names[0]] = outsiders_bound(levels, {*names})
    return _Around(names, levels, (*levels, *of_homes), inherited, accounts, Roles(api), outside)


def _bound_roles(around: _Around, principal: Principal) -> Iterator[str]:
    """Yield the roles that a principal is bound to, or may be bound to."""
    for level in around.granting:
        yield from (each.role for each in level.bindings if concerns(each.members, principal) is not None)


def _attached(principal: Principal, holder: Holder, around: _Around) -> Iterator[PolicyDocument]:
    """Yield the policies of an identity, and its trust policy if it is the cluster's."""
    yield from granted(around.granting, around.accounts, principal, around.roles, around.names[0])
    yield from denied_to(around.granting, principal)
    yield _bounded(principal.name, holder)
    if holder.roles and (trust := around.trust(principal.name)):
        yield trust


def _identity(principal: Principal, holder: Holder, attached: Iterable[PolicyDocument], project: str) -> Identity:
    source = Source(calls.GET_PROJECT_POLICY.name, project)
    return Identity(principal.id, principal.name, holder.roles, tuple(policy.id for policy in attached), source)


def _unread_grants(outside: frozenset[str]) -> str:
    """Return which grants were not read, and which groups are known only from the user."""
    named = ", ".join(sorted(outside))
    return f"{_UNREAD_GRANTS}; by --outside-group, no service account is in {named}" if named else _UNREAD_GRANTS


def _bounded(email: str, holder: Holder) -> PolicyDocument:
    """Return a boundary policy with the permissions that the scopes of the holders' tokens allow."""
    text = json.dumps(sorted(holder.scopes))
    statements = statements_of(holder.scopes)
    source = Source(calls.LIST_INSTANCES.name)
    return PolicyDocument(f"scopes of {email}", "access scopes", PolicyKind.BOUNDARY, "user", text, statements, source)
