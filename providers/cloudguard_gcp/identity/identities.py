"""The service accounts of a cluster's hosts: what binds them to roles, what their machines' scopes let through."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cloudguard.model.identity import Condition, Effect, Identities, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.model.source import Source
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.identity.bindings import Binding, DenyRule, Level, concerns, denied, read_levels
from cloudguard_gcp.identity.conditions import OPAQUE, conditions_of
from cloudguard_gcp.identity.resource_names import account, action
from cloudguard_gcp.identity.roles import Role, Roles
from cloudguard_gcp.identity.scopes import statements_of
from cloudguard_gcp.identity.service_accounts import Account, read_accounts, trust_of, workloads_of

_PREDEFINED: Final = "roles/"
_GROUP: Final = "group:"
_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class Holder:
    """What holds a service account: its hosts' roles, and all scopes that their tokens have."""

    roles: tuple[str, ...]
    scopes: frozenset[str]


def holders_of(pairs: Iterable[tuple[str, Sequence[str], Sequence[str]]]) -> dict[str, Holder]:
    """Return holders by address, from (address, roles, scopes) of each host and pool."""
    found: dict[str, Holder] = {}
    for email, roles, scopes in pairs:
        known = found.get(email, Holder((), frozenset()))
        found[email] = Holder(tuple(sorted({*known.roles, *roles})), known.scopes | frozenset(scopes))
    return {email: found[email] for email in sorted(found) if email}


def read_identities(api: Api, project: str, holders: Mapping[str, Holder]) -> Identities:
    """Return the identities with every policy that grants to them, denies them or bounds them."""
    stated, known = api.two(lambda: read_levels(api, project), lambda: read_accounts(api, project, holders))
    roles = Roles(api)
    roles.prefetch(list(_named(stated, known, holders)))
    identities, policies = list[Identity](), dict[str, PolicyDocument]()
    for email, holder in holders.items():
        held = [*_granted(stated, known, email, roles, project), *_denied(stated, email), _bounded(email, holder)]
        trust = [trust_of(one, roles) for one in known if one.email == email]
        read = [*held, *(one for one in trust if one is not None)]
        policies.update((one.id, one) for one in read)
        name = account(email, project)
        identities.append(
            Identity(
                id=name,
                name=email,
                roles=holder.roles,
                policies=tuple(one.id for one in read),
                source=Source(calls.GET_PROJECT_POLICY.name, project),
            )
        )
    service_accounts, trusts = workloads_of(known, project, roles)
    policies.update((one.id, one) for one in trusts)
    unseen = "; ".join(sorted({level.unseen for level in stated if level.unseen}))
    return Identities(
        tuple(identities),
        tuple(policies.values()),
        service_accounts,
        unread_limits=unseen,
        unread_grants=_groups(stated),
    )


def _groups(levels: Iterable[Level]) -> str:
    """Return which groups are bound to roles, of whose members nothing is told."""
    members = {member for level in levels for binding in level.bindings for member in binding.members}
    groups = sorted(member.removeprefix(_GROUP) for member in members if member.startswith(_GROUP))
    few = ", ".join(groups[:_FEW]) + (f" and {len(groups) - _FEW} more" if len(groups) > _FEW else "")
    return f"whether they are members of {few}" if groups else ""


def _named(levels: Iterable[Level], accounts: Iterable[Account], holders: Iterable[str]) -> Iterator[str]:
    """Yield the roles that matter: those bound to the holders, and those on service accounts."""
    emails = list(holders)
    for level in levels:
        for binding in level.bindings:
            if any(concerns(binding.members, email) is not None for email in emails):
                yield binding.role
    yield from (binding.role for known in accounts for binding in known.bindings)


def _granted(
    levels: Iterable[Level], accounts: Iterable[Account], email: str, roles: Roles, project: str
) -> Iterator[PolicyDocument]:
    """Yield a policy a binding."""
    for level in levels:
        yield from _of(level.bindings, email, roles, (level.name, level.reach, level.call))
    for one in accounts:
        where = (f"serviceAccounts/{one.email}", account(one.email, project), calls.GET_SERVICE_ACCOUNT_POLICY.name)
        yield from _of(one.bindings, email, roles, where)


def _of(bindings: Iterable[Binding], email: str, roles: Roles, where: tuple[str, str, str]) -> Iterator[PolicyDocument]:
    place, reach, call = where
    for number, binding in enumerate(bindings):
        among = concerns(binding.members, email)
        if among is None:
            continue
        name = f"{place}#{binding.role}" + (f"#{number}" if binding.condition else "")
        role = roles.role(binding.role)
        assumptions = (*_doubt(among), *conditions_of(binding.condition))
        statements = tuple(_statements(binding.role, role, reach, assumptions))
        if statements:
            yield PolicyDocument(
                id=name,
                name=f"{binding.role} on {place}" + (f", as of {role.read}" if role and role.read else ""),
                kind=PolicyKind.GRANT,
                managed_by="provider" if binding.role.startswith(_PREDEFINED) else "user",
                document=json.dumps({"role": binding.role, "condition": binding.condition or None}, sort_keys=True),
                statements=statements,
                source=Source(call, place),
            )


def _statements(name: str, role: Role | None, reach: str, conditions: tuple[Condition, ...]) -> Iterator[Statement]:
    """Yield what a role grants: surely what is known of it; possibly anything, if it was not read now."""
    permissions = role.permissions if role else ()
    if permissions:
        yield Statement("#1", Effect.ALLOW, tuple(map(action, permissions)), resources=(reach,), conditions=conditions)
    if role is None or role.read:
        unread = Condition(OPAQUE, "role", (name,))
        yield Statement("unread", Effect.ALLOW, ("*",), resources=(reach,), conditions=(*conditions, unread))


def _denied(levels: Iterable[Level], email: str) -> Iterator[PolicyDocument]:
    for level in levels:
        for policy in level.denials:
            statements = tuple(
                _denial(rule, f"#{number}", level.reach, among)
                for number, rule in enumerate(policy.rules, 1)
                if (among := denied(rule, email)) is not None and rule.permissions
            )
            if statements:
                source = Source(calls.GET_DENY_POLICY.name, policy.name)
                yield PolicyDocument(
                    policy.name, policy.title, PolicyKind.GRANT, "user", policy.text, statements, source
                )


def _doubt(among: str) -> tuple[Condition, ...]:
    """Return the condition of being in a set of principals, none for ""."""
    return (Condition(OPAQUE, "principal", (among,)),) if among else ()


def _denial(rule: DenyRule, name: str, reach: str, among: str) -> Statement:
    """Return a deny rule; where it is not known whom or what it bars, it denies in doubt only."""
    spared = set(rule.spared_permissions)
    wide = any("*" in permission for permission in rule.permissions) and bool(spared)
    assumptions = filter(None, (rule.condition, f"all but {', '.join(sorted(spared))}" if wide else ""))
    return Statement(
        name=name,
        effect=Effect.DENY,
        actions=tuple(_of_api(permission) for permission in rule.permissions if permission not in spared),
        resources=(reach,),
        conditions=(*_doubt(among), *(Condition(OPAQUE, "condition", (text,)) for text in assumptions)),
    )


def _of_api(text: str) -> str:
    """Return the action of a permission as deny policies have it: "compute.googleapis.com/instances.delete"."""
    host, _, rest = text.partition("/")
    service = host.removesuffix(".googleapis.com")
    return f"{'resourcemanager' if service == 'cloudresourcemanager' else service}:{rest}"


def _bounded(email: str, holder: Holder) -> PolicyDocument:
    """Return what the scopes of the holders' tokens let through."""
    text = json.dumps(sorted(holder.scopes))
    statements = statements_of(holder.scopes)
    source = Source(calls.LIST_INSTANCES.name)
    return PolicyDocument(f"scopes of {email}", "access scopes", PolicyKind.BOUNDARY, "user", text, statements, source)
