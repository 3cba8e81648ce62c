"""The project's service accounts: who may act as them, and which Kubernetes service accounts can take them on.

https://cloud.google.com/iam/docs/service-account-impersonation,
https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from cloudguard.model.identity import (
    Effect,
    IdentityProvider,
    PolicyDocument,
    PolicyKind,
    ServiceAccountIdentity,
    Statement,
)
from cloudguard.model.source import Gap, Reason, Source
from cloudguard.provider.answers import flag, required
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.resource_names import is_consumers, owner_of
from cloudguard_gcp.identity.bindings import HIDES, Binding, Principal, bindings_of, concerns
from cloudguard_gcp.identity.conditions import conditions_of
from cloudguard_gcp.identity.kubernetes_accounts import IdentityPools, SelfManaged, service_accounts_of
from cloudguard_gcp.identity.levels import Level, organization_of
from cloudguard_gcp.identity.resource_attributes import by_conditions
from cloudguard_gcp.identity.roles import Roles

ABOVE: Final = "on"
"""The key of a binding, as a policy's document has it, that is on what is above the service account."""
_OWN_KINDS: Final = frozenset({"user", "group", "deleted"})
"""Kinds of members that are assumed to belong to the organization."""
BECOMING: Final = frozenset(
    {
        "iam.serviceAccounts.actAs",
        "iam.serviceAccounts.getAccessToken",
        "iam.serviceAccounts.getOpenIdToken",
        "iam.serviceAccounts.implicitDelegation",
        "iam.serviceAccounts.signBlob",
        "iam.serviceAccounts.signJwt",
        "iam.serviceAccounts.setIamPolicy",
        "iam.serviceAccountKeys.create",
    }
)
"""Permissions on a service account that let the holder act as it
(https://cloud.google.com/iam/docs/service-account-permissions).
"""


@dataclass(frozen=True, slots=True)
class Account:
    """A service account and the bindings on it."""

    email: str
    bindings: tuple[Binding, ...]


def read_accounts(api: Api, project: str, names: Iterable[str]) -> tuple[Account, ...]:
    """Return the project's service accounts, and those of the hosts, of any project."""
    call = calls.LIST_SERVICE_ACCOUNTS
    listed = api.read(call, hides=HIDES, about=project, project=project)
    enabled = api.mapped(
        call, listed, lambda item: "" if flag(item, "disabled") else required(item, "email"), hides=HIDES
    )
    emails = sorted({*enabled, *names} - {""})
    answers = api.gather(*(partial(_bindings, api, email) for email in emails))
    return tuple(Account(email, bindings) for email, bindings in zip(emails, answers, strict=True))


def _bindings(api: Api, email: str) -> tuple[Binding, ...]:
    """Return the bindings on a service account. Most accounts have no policy: their answer is an empty one.

    https://cloud.google.com/iam/docs/reference/rest/v1/Policy
    """
    call = calls.GET_SERVICE_ACCOUNT_POLICY
    policies = [policy for policy in api.read(call, hides=HIDES, about=email, account=email) if policy != {}]
    return bindings_of(api, call, policies, email)[0]


def trust_of(known: Account, inherited: Sequence[Binding], roles: Roles) -> PolicyDocument | None:
    """Return the trust policy of a service account: who may act as it; None if no binding lets anyone.

    The bindings are on the account itself, or on a level above it (``inherited``).
    """
    listed = [binding for binding in (*known.bindings, *inherited) if lets_act(roles, binding)]
    if not listed:
        return None
    statements = tuple(
        Statement(
            name=f"{binding.role} on {binding.above}" if binding.above else binding.role,
            effect=Effect.ALLOW,
            actions=("iam:serviceAccounts.actAs",),
            resources=("*",),
            principals=tuple(binding.members),
            conditions=left,
        )
        for binding in listed
        for conditions in conditions_of(binding.condition)
        for left in by_conditions(conditions, _becoming(roles, binding))
    )
    document = json.dumps({"bindings": [_written(binding) for binding in listed]}, sort_keys=True)
    source = Source(calls.GET_SERVICE_ACCOUNT_POLICY.name, known.email)
    return PolicyDocument(
        f"{known.email}#trust", "its allow policy", PolicyKind.TRUST, "user", document, statements, source
    )


def _written(binding: Binding) -> dict[str, object]:
    """Return a binding as it is in an allow policy, and the level that it is on if it is inherited."""
    on = {ABOVE: binding.above} if binding.above else {}
    return {"role": binding.role, "members": list(binding.members), "condition": binding.condition or None, **on}


def _becoming(roles: Roles, binding: Binding) -> frozenset[str]:
    """Return the permissions of a binding by which its members act as service accounts. An unread role may have all."""
    role = roles.role(binding.role)
    return BECOMING.intersection(role.permissions) if role else BECOMING


def lets_act(roles: Roles, binding: Binding) -> bool:
    """Whether a binding lets its members act as the service accounts in its reach. An unread role may do so."""
    role = roles.role(binding.role)
    return role is None or not BECOMING.isdisjoint(role.permissions)


def outsiders_bound(levels: Sequence[Level], own_members: Container[str]) -> tuple[Binding, ...]:
    """Return the bindings on the project and above it, without the owner's own members.

    ``own_members``: the project's id and number. In an organization, private Google Accounts are not the owner's own.
    Service accounts inherit the bindings (https://cloud.google.com/iam/docs/allow-policies#inheritance).
    """
    consumers = organization_of(levels) is None
    return tuple(
        Binding(binding.role, members, binding.condition, above=level.name)
        for level in levels
        for binding in level.bindings
        if (members := [member for member in binding.members if not _is_own(member, own_members, consumers=consumers)])
    )


def _is_own(member: str, own_members: Container[str], *, consumers: bool) -> bool:
    if is_consumers(member):
        return consumers
    kind, _, name = member.partition(":")
    return kind in _OWN_KINDS or (kind == "serviceAccount" and owner_of(name) in own_members)


def accounts_taken(
    principals: Iterable[Principal],
    accounts: Sequence[Account],
    roles: Roles,
    principal_of: Callable[[str], Principal],
) -> Iterator[Principal]:
    """Yield the other accounts as which a binding on them lets one of the principals act, also through others."""
    known = [*principals]
    seen = {principal.name for principal in known}
    for principal in known:
        for account in accounts:
            if account.email not in seen and any(
                concerns(binding.members, principal) == "" and lets_act(roles, binding) for binding in account.bindings
            ):
                seen.add(account.email)
                known.append(principal_of(account.email))
                yield known[-1]


def pods_of(known: Account, inherited: Iterable[Binding], roles: Roles, pools: IdentityPools) -> tuple[str, ...]:
    """Return the Kubernetes service accounts of ``pools`` ("namespace:name") that can take on a service account."""
    bindings = (*known.bindings, *inherited)
    named = [(binding, {service_accounts_of(member, pools) for member in binding.members}) for binding in bindings]
    letting = (accounts for binding, accounts in named if accounts != {""} and lets_act(roles, binding))
    return tuple(sorted({account for accounts in letting for account in accounts} - {""}))


def pools_of(
    api: Api, cluster: SelfManaged, accounts: Iterable[Account], inherited: Iterable[Binding]
) -> IdentityPools:
    """Return the identity pools of a self-managed cluster. One that may be the cluster's or another's leaves a Gap."""
    bindings = (*(binding for known in accounts for binding in known.bindings), *inherited)
    identity_pools, unclear = cluster.pools(member for binding in bindings for member in binding.members)
    for name in unclear:
        message = f"service accounts of Kubernetes are in the identity pool {name}, whose name shows no cluster"
        api.add_gap(Gap(calls.GET_SERVICE_ACCOUNT_POLICY.name, name, Reason.MISSING, message, HIDES))
    return identity_pools


def providers_of(pools: IdentityPools) -> tuple[IdentityProvider, ...]:
    """Return the identity pools as identity providers."""
    source = Source(calls.GET_SERVICE_ACCOUNT_POLICY.name)
    return tuple(IdentityProvider(name, pools.strength, source) for name in sorted(pools.names))


def bound_pods(inherited: Iterable[Binding], roles: Roles, project: str, pools: IdentityPools) -> Iterator[Principal]:
    """Yield the Kubernetes service accounts that are bound to roles directly.

    A role that only lets them act as a service account does not count.
    """
    names: dict[str, set[str]] = {}
    for binding in inherited:
        for member in binding.members:
            if accounts := service_accounts_of(member, pools):
                role = roles.role(binding.role)
                if role is None or not BECOMING.issuperset(role.permissions):
                    names.setdefault(accounts, set()).add(member)
    for accounts, members in sorted(names.items()):
        name = accounts.replace(":", "/")
        account_id = f"gcp:{project}:iam:workload::{name}"
        yield Principal(account_id, name, frozenset(members), frozenset(members), joins_groups=False)


def service_accounts(
    principals: Iterable[Principal],
    pods: Mapping[str, tuple[str, ...]],
    pools: IdentityPools,
    policies: Mapping[str, PolicyDocument],
) -> Iterator[ServiceAccountIdentity]:
    """Yield the identities that Kubernetes service accounts take on."""
    provider = min(pools.names, default="")
    for principal in principals:
        bound = {account for name in principal.names if (account := service_accounts_of(name, pools))}
        accounts = pods.get(principal.name, tuple(sorted(bound)))
        if accounts:
            trust = f"{principal.name}#trust"
            source = Source(calls.GET_SERVICE_ACCOUNT_POLICY.name, principal.name)
            yield ServiceAccountIdentity(
                principal.id, principal.name, accounts, trust if trust in policies else "", source, provider
            )
