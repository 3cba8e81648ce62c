"""The service accounts of a cluster's hosts: the roles bound to them, and the scopes of their machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cloudguard.model.identity import (
    SERVICE_ACCOUNT,
    Condition,
    Effect,
    Identities,
    Identity,
    PolicyDocument,
    PolicyKind,
    Statement,
)
from cloudguard.model.source import Source
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.identity.bindings import (
    EVERYONE,
    GROUPS,
    Binding,
    DenyRule,
    Level,
    Principal,
    concerns,
    denied,
    organization_of,
    read_levels,
    service_account,
    sets_of_accounts,
)
from cloudguard_gcp.identity.conditions import OPAQUE, conditions_of
from cloudguard_gcp.identity.kubernetes_accounts import IdentityPools, SelfManaged
from cloudguard_gcp.identity.resource_attributes import permissions_left
from cloudguard_gcp.identity.resource_names import account, action, owner_of
from cloudguard_gcp.identity.roles import Role, Roles
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

_PREDEFINED: Final = "roles/"
_UNREAD_GRANTS: Final = "grants in resource policies (buckets, secrets, keys, repositories) were not read"


@dataclass(frozen=True, slots=True)
class Holder:
    """The holders of a service account: their roles, and all scopes of their tokens."""

    roles: tuple[str, ...]
    scopes: frozenset[str]


_OF_PODS: Final = Holder((SERVICE_ACCOUNT,), frozenset({"https://www.googleapis.com/auth/cloud-platform"}))
"""The holder of pods' service accounts: their Workload Identity tokens have every scope."""


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
    ``names``: the project's id, then its other names. ``outside_groups``: Google groups that, as the user says, contain
    none of the cluster's service accounts.
    """
    project, *numbers = names
    levels, accounts = api.parallel(lambda: read_levels(api, project), lambda: read_accounts(api, project, holders))
    roles, inherited = Roles(api), outsiders_bound(levels, {*names})
    pools = cluster if isinstance(cluster, IdentityPools) else pools_of(api, cluster, accounts, inherited)
    roles.prefetch([binding.role for _, binding in inherited])
    roles.prefetch([binding.role for known in accounts for binding in known.bindings])
    pods = {known.email: pod_names for known in accounts if (pod_names := pods_of(known, inherited, roles, pools))}
    with_pods = _with_pods(holders, pods)
    sets, outside = sets_of_accounts(levels, numbers), frozenset(group.lower() for group in outside_groups)

    def principal_of(email: str) -> Principal:
        return service_account(email, project, sets if owner_of(email) in names else (), outside)

    principals = [(principal_of(email), holder) for email, holder in with_pods.items()]
    principals += [(principal, _OF_PODS) for principal in bound_pods(inherited, roles, project, pools)]
    gained = accounts_taken([one for one, _ in principals], accounts, roles, principal_of)
    others = [(principal, replace(_OF_PODS, roles=())) for principal in gained]
    roles.prefetch([role for one, _ in (*principals, *others) for role in _bound_roles(levels, one)])
    by_email = {known.email: known for known in accounts}
    identities = list[Identity]()
    policies = dict[str, PolicyDocument]()
    for principal, holder in (*principals, *others):
        known = by_email.get(principal.name) if holder.roles else None
        read = [*_granted(levels, accounts, principal, roles, project), *_denied(levels, principal)]
        read += [_bounded(principal.name, holder)]
        trust = trust_of(known, inherited, roles) if known else None
        read += [trust] if trust else []
        policies.update((policy.id, policy) for policy in read)
        source = Source(calls.GET_PROJECT_POLICY.name, project)
        identities.append(Identity(principal.id, principal.name, holder.roles, tuple(each.id for each in read), source))
    unseen = "; ".join(sorted({level.unseen for level in levels if level.unseen}))
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


def _granted(
    levels: Iterable[Level], accounts: Iterable[Account], principal: Principal, roles: Roles, project: str
) -> Iterator[PolicyDocument]:
    """Yield a policy for each binding that applies, or may apply, to a principal."""
    for level in levels:
        yield from _policies_of(level.bindings, principal, roles, (level.name, level.reach, level.call))
    for holder in accounts:
        where = (
            f"serviceAccounts/{holder.email}",
            account(holder.email, project),
            calls.GET_SERVICE_ACCOUNT_POLICY.name,
        )
        yield from _policies_of(holder.bindings, principal, roles, where)


def _policies_of(
    bindings: Iterable[Binding], principal: Principal, roles: Roles, where: tuple[str, str, str]
) -> Iterator[PolicyDocument]:
    place, reach, call = where
    for number, binding in enumerate(bindings):
        among = concerns(binding.members, principal)
        if among is None:
            continue
        role, named = roles.role(binding.role), not principal.names.isdisjoint(binding.members)
        name = f"{place}#{binding.role}" + (f"#{number}" if binding.condition else "")
        policy_id = name if named else f"{name}#{among or 'everyone'}"
        granted = (
            statement
            for conditions in conditions_of(binding.condition)
            for statement in _statements(binding.role, role, reach, (*_undecided_member(among), *conditions))
        )
        statements = tuple(replace(each, name=f"#{place}") for place, each in enumerate(granted, 1))
        if statements:
            yield PolicyDocument(
                id=policy_id,
                name=f"{binding.role} on {place}" + (f", as of {role.read}" if role and role.read else ""),
                kind=PolicyKind.GRANT,
                managed_by="provider" if binding.role.startswith(_PREDEFINED) else "user",
                document=_written(binding, principal),
                statements=statements,
                source=Source(call, place),
            )


def _written(binding: Binding, principal: Principal) -> str:
    """Return a binding as JSON, with the member that names the principal, and the members that are everyone, if any."""
    member = next((member for member in binding.members if member in principal.names), None)
    everyone = sorted(EVERYONE.intersection(binding.members))
    fields = {"role": binding.role, "member": member, "condition": binding.condition or None}
    return json.dumps(fields | ({"everyone": everyone} if everyone else {}), sort_keys=True)


def _statements(name: str, role: Role | None, reach: str, conditions: tuple[Condition, ...]) -> Iterator[Statement]:
    """Yield the statements of a role: its known permissions, and possibly anything if it was not read now."""
    permissions = permissions_left(conditions, role.permissions if role else ())
    if permissions:
        yield Statement("", Effect.ALLOW, tuple(map(action, permissions)), resources=(reach,), conditions=conditions)
    if role is None or role.read:
        unread = Condition(OPAQUE, "role", (name,))
        yield Statement("", Effect.ALLOW, ("*",), resources=(reach,), conditions=(*conditions, unread))


def _denied(levels: Iterable[Level], principal: Principal) -> Iterator[PolicyDocument]:
    for level in levels:
        for policy in level.denials:
            statements = tuple(
                _denial(rule, f"#{number}", level.reach, among)
                for number, rule in enumerate(policy.rules, 1)
                if (among := denied(rule, principal)) is not None and rule.permissions
            )
            if statements:
                source = Source(calls.GET_DENY_POLICY.name, policy.name)
                policy_id = f"{policy.name}#{principal.name}"
                yield PolicyDocument(policy_id, policy.title, PolicyKind.GRANT, "user", policy.text, statements, source)


def _undecided_member(among: str) -> tuple[Condition, ...]:
    """Return the undecided condition that a principal is in a set or a group; none for ""."""
    key = "membership" if among.startswith(GROUPS) else "principal"
    return (Condition(OPAQUE, key, (among,)),) if among else ()


def _denial(rule: DenyRule, name: str, reach: str, among: str) -> Statement:
    """Return a deny rule as a statement. It is undecided if its principals or permissions are not fully known."""
    spared = set(rule.spared_permissions)
    wide = any("*" in permission for permission in rule.permissions) and bool(spared)
    assumptions = filter(None, (rule.condition, f"all but {', '.join(sorted(spared))}" if wide else ""))
    return Statement(
        name=name,
        effect=Effect.DENY,
        actions=tuple(_of_api(permission) for permission in rule.permissions if permission not in spared),
        resources=(reach,),
        conditions=(*_undecided_member(among), *(Condition(OPAQUE, "condition", (text,)) for text in assumptions)),
    )


def _of_api(text: str) -> str:
    """Return the action of a permission in a deny policy: "compute.googleapis.com/instances.delete"."""
    host, _, rest = text.partition("/")
    service = host.removesuffix(".googleapis.com")
    return f"{'resourcemanager' if service == 'cloudresourcemanager' else service}:{rest}"


def _bounded(email: str, holder: Holder) -> PolicyDocument:
    """Return a boundary policy with the permissions that the scopes of the holders' tokens allow."""
    text = json.dumps(sorted(holder.scopes))
    statements = statements_of(holder.scopes)
    source = Source(calls.LIST_INSTANCES.name)
    return PolicyDocument(f"scopes of {email}", "access scopes", PolicyKind.BOUNDARY, "user", text, statements, source)
