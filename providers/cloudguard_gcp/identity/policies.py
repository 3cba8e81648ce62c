"""The policies of one identity: the bindings that may include it, and the deny policies that may apply to it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.model.source import Source
from cloudguard.provider.iam.expressions import opaque
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.resource_names import account, action
from cloudguard_gcp.identity.bindings import EVERYONE, Binding, DenyRule, Principal, concerns, denied, group_in
from cloudguard_gcp.identity.conditions import conditions_of
from cloudguard_gcp.identity.levels import Level
from cloudguard_gcp.identity.resource_attributes import by_conditions
from cloudguard_gcp.identity.roles import Role, Roles
from cloudguard_gcp.identity.service_accounts import Account

_PREDEFINED: Final = "roles/"


def granted(
    levels: Iterable[Level], accounts: Iterable[Account], principal: Principal, roles: Roles, project: str
) -> Iterator[PolicyDocument]:
    """Yield a policy for each binding that applies, or may apply, to a principal."""
    call = calls.GET_SERVICE_ACCOUNT_POLICY.name
    of_accounts = (
        Level(f"serviceAccounts/{known.email}", account(known.email, project), call, known.bindings, ())
        for known in accounts
    )
    for level in (*levels, *of_accounts):
        yield from _policies_of(level, principal, roles)


def _policies_of(level: Level, principal: Principal, roles: Roles) -> Iterator[PolicyDocument]:
    place = level.name
    for number, binding in enumerate(level.bindings):
        among = concerns(binding.members, principal)
        if among is None:
            continue
        role, named = roles.role(binding.role), not principal.names.isdisjoint(binding.members)
        name = f"{place}#{binding.role}" + (f"#{number}" if binding.condition else "")
        policy_id = name if named else f"{name}#{among or 'everyone'}"
        granted = (
            statement
            for conditions in conditions_of(binding.condition)
            for statement in _statements(binding.role, role, level.reach, (*_undecided_member(among), *conditions))
        )
        statements = tuple(replace(each, name=f"#{position}") for position, each in enumerate(granted, 1))
        if statements:
            yield PolicyDocument(
                id=policy_id,
                name=f"{binding.role} on {place}" + (f", as of {role.read}" if role and role.read else ""),
                kind=PolicyKind.GRANT,
                managed_by="provider" if binding.role.startswith(_PREDEFINED) else "user",
                document=_written(binding, principal),
                statements=statements,
                source=Source(level.call, place),
            )


def _written(binding: Binding, principal: Principal) -> str:
    """Return a binding as JSON, with the member that names the principal, and the members that are everyone, if any."""
    member = next((member for member in binding.members if member in principal.names), None)
    everyone = sorted(EVERYONE.intersection(binding.members))
    fields = {"role": binding.role, "member": member, "condition": binding.condition or None}
    return json.dumps(fields | ({"everyone": everyone} if everyone else {}), sort_keys=True)


def _statements(name: str, role: Role | None, reach: str, conditions: tuple[Condition, ...]) -> Iterator[Statement]:
    """Yield the statements of a role: its known permissions, and possibly anything if it was not read now."""
    project = reach.split(":")[1].removesuffix("*")
    for left, permissions in by_conditions(conditions, role.permissions if role else (), project).items():
        yield Statement("", Effect.ALLOW, tuple(map(action, permissions)), resources=(reach,), conditions=left)
    if role is None or role.read:
        unread = opaque("role", name)
        yield Statement("", Effect.ALLOW, ("*",), resources=(reach,), conditions=(*conditions, unread))


def denied_to(levels: Iterable[Level], principal: Principal) -> Iterator[PolicyDocument]:
    """Yield a policy for each deny policy with a rule that applies, or may apply, to a principal."""
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
    group = group_in(among)
    if group is not None:
        asked = f"{among}; if it contains none of the cluster's service accounts, give --outside-group {group}"
        return (opaque("membership", asked),)
    return (opaque("principal", among),) if among else ()


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
        conditions=(*_undecided_member(among), *(opaque("condition", text) for text in assumptions)),
    )


def _of_api(text: str) -> str:
    """Return the action of a permission in a deny policy: "compute.googleapis.com/instances.delete"."""
    host, _, rest = text.partition("/")
    service = host.removesuffix(".googleapis.com")
    return f"{'resourcemanager' if service == 'cloudresourcemanager' else service}:{rest}"
