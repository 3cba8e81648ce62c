"""Calls that replace an identity's role assignments by custom roles.

https://learn.microsoft.com/rest/api/authorization/role-assignments,
https://learn.microsoft.com/azure/role-based-access-control/custom-roles-rest
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from cloudguard.model.identity import Identity, PolicyDocument
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change
from cloudguard.results.document_edit import DocumentEdit, StatementFate
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.changes.calls import delete, put

_ROLES: Final = "providers/Microsoft.Authorization/roleDefinitions"
_ASSIGNMENTS: Final = "providers/Microsoft.Authorization/roleAssignments"
_TAKEN: Final = frozenset({StatementFate.NARROW, StatementFate.DROP})


def role_calls(snapshot: Snapshot, change: Change) -> Iterator[PlannedCall]:
    """Yield the calls that assign custom roles, then delete the assignments that they replace.

    Yield none if an assignment is a group's, because other members have it too, or if the identity's object id is
    unknown.
    """
    known = {identity.id: identity for identity in snapshot.identities.identities}
    identity = known.get(change.resource.id)
    for place, edit in enumerate(change.edits):
        if not isinstance(edit, DocumentEdit) or identity is None or not identity.unique_id:
            continue
        gone = _replaced(snapshot, identity, edit)
        undone = [_assignment(policy, identity) for policy in gone]
        if all(undone) and len({policy.name for policy in gone}) == len(_names(edit)):
            calls = [call for text in edit.documents for call in _assigned(json.loads(text), identity.unique_id)]
            yield from (PlannedCall(place, call, (undo,)) for call, undo in calls)
            for policy, undo in zip(gone, undone, strict=True):
                yield PlannedCall(place, delete(policy.source.resource), (undo,) if undo else ())


def _names(edit: DocumentEdit) -> set[str]:
    return {change.policy for change in edit.changes if change.fate in _TAKEN}


def _replaced(snapshot: Snapshot, identity: Identity, edit: DocumentEdit) -> list[PolicyDocument]:
    """Return the identity's assignments with a statement that is narrowed or dropped."""
    names = _names(edit)
    return [
        policy for policy in snapshot.identities.policies if policy.id in identity.policies and policy.name in names
    ]


def _assignment(policy: PolicyDocument, identity: Identity) -> ApiCall | None:
    """Return the call that restores an assignment; None if it is not the identity's own."""
    written: dict[str, Any] = json.loads(policy.document)
    is_own = "roleDefinitionId" in written and not policy.name.endswith(" through a group")
    if not is_own or "/roleassignments/" not in canonical(policy.source.resource):
        return None
    return put(policy.source.resource, _body(written["roleDefinitionId"], identity.unique_id, written.get("condition")))


def _assigned(role: dict[str, Any], principal: str) -> Iterator[tuple[ApiCall, ApiCall]]:
    """Yield the calls that create a custom role and assign it, each with the call that undoes it."""
    granted = {key: role[key] for key in ("Actions", "NotActions", "DataActions", "NotDataActions")}
    name = str(uuid5(NAMESPACE_URL, json.dumps([granted, role["AssignableScopes"]], sort_keys=True)))
    definition = f"{role['AssignableScopes'][0]}/{_ROLES}/{name}"
    body = {
        "roleName": f"{role['Name']} {name[:8]}",
        "description": role["Description"],
        "type": "CustomRole",
        "permissions": [{f"{key[0].lower()}{key[1:]}": value for key, value in granted.items()}],
        "assignableScopes": role["AssignableScopes"],
    }
    yield put(definition, {"properties": body}), delete(definition)
    for scope in (assignment["scope"] for assignment in role["assignments"]):
        assignment = f"{scope.rstrip('/')}/{_ASSIGNMENTS}/{uuid5(NAMESPACE_URL, f'{scope} {definition} {principal}')}"
        yield put(assignment, _body(definition, principal)), delete(assignment)


def _body(role: str, principal: str, condition: str | None = None) -> dict[str, Any]:
    conditioned = {"condition": condition, "conditionVersion": "2.0"} if condition else {}
    return {
        "properties": {
            "roleDefinitionId": role,
            "principalId": principal,
            "principalType": "ServicePrincipal",
            **conditioned,
        }
    }
