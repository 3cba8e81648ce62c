"""Role assignments and deny assignments of a subscription, and of the levels above and below it.

https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest,
https://learn.microsoft.com/azure/role-based-access-control/deny-assignments
"""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import replace
from typing import Final

from cloudguard.model.identity import Effect, PolicyDocument
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, child, children, flag, required, text
from cloudguard.provider.iam.expressions import opaque
from cloudguard.values import dataclass
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import Call
from cloudguard_azure.access.ids import canonical, own_id, word
from cloudguard_azure.identity.holders import HIDES
from cloudguard_azure.identity.permissions import EVERYTHING, Permission, conditioned, grant, permission, statements_of
from cloudguard_azure.identity.resource_names import CONTROL, DATA, scope_patterns
from cloudguard_azure.identity.roles import Role, guid_of

_EVERYBODY: Final = "00000000-0000-0000-0000-000000000000"
"""The principal "all principals" of a deny assignment."""
_NO_GROUPS: Final = frozenset({"user", "serviceprincipal"})


@dataclass(frozen=True, slots=True)
class Assignment:
    """The assignment of a role to a principal (by object id) at a scope, under a condition ("": none)."""

    id: str
    role: str
    scope: str
    principal: str
    kind: str
    condition: str
    call: str


@dataclass(frozen=True, slots=True)
class Denial:
    """A deny assignment: principals and permissions at a scope, with exceptions. A principal is (object id, type)."""

    id: str
    name: str
    scope: str
    denied: tuple[tuple[str, str], ...]
    spared: tuple[tuple[str, str], ...]
    permissions: tuple[Permission, ...]
    condition: str
    here_only: bool


def read_assignments(api: Api) -> tuple[Assignment, ...]:
    """Return the subscription's role assignments. Those to a group do not show its members."""
    call = calls.LIST_ROLE_ASSIGNMENTS
    return _assignments(api, call, api.read(call, hides=HIDES))


def read_assigned_to(api: Api, principal: str) -> tuple[Assignment, ...] | None:
    """Return the assignments to a principal, including those through groups; None if they can't be read."""
    call, condition = calls.LIST_ASSIGNED_TO, f"assignedTo('{principal}')"
    items = api.read_or_none(call, hides=HIDES, about=principal, filter=condition)
    return None if items is None else _assignments(api, call, items)


def assignments_to(
    principal: str, assigned: Iterable[Assignment] | None, every: Iterable[Assignment]
) -> list[Assignment]:
    """Return the assignments to a principal and to its groups, from both answers. ``assigned``: None if not read."""
    known = {assignment.principal for assignment in assigned or ()} | {principal} - {""}
    others = (assignment for assignment in every if assignment.principal in known)
    return [*{assignment.id: assignment for assignment in (*others, *(assigned or ()))}.values()]


def _assignments(api: Api, call: Call, items: Iterable[Item]) -> tuple[Assignment, ...]:
    return api.mapped(call, items, lambda item: _assignment(item, call.name), hides=HIDES)


def _assignment(item: Item, call: str) -> Assignment:
    properties = child(item, "properties")
    scope = required(properties, "scope")
    scope_patterns(scope)
    return Assignment(
        own_id(item),
        required(properties, "roleDefinitionId"),
        scope,
        required(properties, "principalId").lower(),
        word(properties, "principalType"),
        text(properties, "condition"),
        call,
    )


def granted(assignment: Assignment, role: Role | None, heedless: Collection[str] = ()) -> PolicyDocument:
    """Return the policy of an assignment: its role's known permissions, and possibly anything if it was not read.

    ``heedless``: ids of vaults that ignore roles. On them and their parts, the assignment grants no data operations.
    """
    place = canonical(assignment.scope)
    planes = (CONTROL,) if any(f"{place}/".startswith(f"{vault}/") for vault in heedless) else (CONTROL, DATA)
    called, scope = role.name if role else f"role {guid_of(assignment.role)}", assignment.scope
    statements = [
        narrowed
        for statement in statements_of(role.permissions if role else (), scope, planes=planes)
        for narrowed in conditioned(statement, assignment.condition)
    ]
    if role is None or role.read:
        statements += statements_of((EVERYTHING,), scope, planes=planes, assumptions=(opaque("role", called),))
    through = "" if assignment.kind in _NO_GROUPS else " through a group"
    written = {"roleDefinitionId": assignment.role, "scope": scope, "condition": assignment.condition or None}
    policy = grant(
        f"{assignment.id}#{guid_of(assignment.role)}",
        f"{called} on {scope}{through}" + (f", as of {role.read}" if role and role.read else ""),
        statements,
        Source(assignment.call, assignment.id),
        managed_by="provider" if role and role.built_in else "user",
    )
    return replace(policy, document=json.dumps(written, sort_keys=True))


def through_groups(principal: str, identity: str) -> PolicyDocument:
    """Return a policy for the groups of a principal that could not be read: they may grant anything."""
    unread = (opaque("groups", f"the role assignments of the groups of {principal}"),)
    statements = statements_of((EVERYTHING,), "/", assumptions=unread)
    source = Source(calls.LIST_ASSIGNED_TO.name, principal)
    return grant(f"{identity}#groups", "role assignments through groups", statements, source)


def read_denials(api: Api) -> tuple[tuple[Denial, ...], str]:
    """Return the deny assignments, and why they are not fully known ("": they are).

    Deny assignments only take permissions away, so their gaps do not make a row unknown.
    """
    call = calls.LIST_DENY_ASSIGNMENTS
    items = api.read_or_none(call, hides=())
    if items is None:
        return (), f"{call.name} failed"
    read = api.mapped(call, items, _denial, hides=())
    unread = len(items) - len(read)
    return read, f"{unread} deny assignments could not be read" if unread else ""


def _denial(item: Item) -> Denial:
    properties = child(item, "properties")
    scope = required(properties, "scope")
    scope_patterns(scope)
    return Denial(
        own_id(item),
        text(properties, "denyAssignmentName") or own_id(item),
        scope,
        _principals(children(properties, "principals")),
        _principals(children(properties, "excludePrincipals")),
        tuple(map(permission, children(properties, "permissions"))),
        text(properties, "condition"),
        flag(properties, "doNotApplyToChildScopes"),
    )


def _principals(items: Sequence[Item]) -> tuple[tuple[str, str], ...]:
    return tuple((required(item, "id").lower(), word(item, "type")) for item in items)


def denied(denial: Denial, principal: str, groups: Container[str]) -> PolicyDocument | None:
    """Return the policy of a deny assignment for a principal; None if it does not apply.

    ``groups``: object ids of the groups that the principal is known to be a member of.
    """
    meant, spared = _match(denial.denied, principal, groups), _match(denial.spared, principal, groups)
    if meant is None or spared == "":
        return None
    assumptions = [opaque("principal", f"whether it is a member of {group}") for group in (meant, spared) if group]
    assumptions += [opaque("scope", f"the effect of {denial.name} below {denial.scope}")] if denial.here_only else []
    assumptions += [opaque("condition", denial.condition)] if denial.condition else []
    return grant(
        f"{denial.id}#{principal}" if assumptions else denial.id,
        denial.name,
        statements_of(denial.permissions, denial.scope, effect=Effect.DENY, assumptions=assumptions),
        Source(calls.LIST_DENY_ASSIGNMENTS.name, denial.id),
        managed_by="provider",
    )


def _match(listed: Sequence[tuple[str, str]], principal: str, groups: Container[str]) -> str | None:
    """Return "" if a list names a principal or everybody, a possible group of it if that is unknown, else None."""
    if any(holder in {principal, _EVERYBODY} or holder in groups for holder, _ in listed):
        return ""
    return next((holder for holder, kind in sorted(listed) if kind not in _NO_GROUPS), None)
