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
from cloudguard.provider.calls.cloud_forms import Pair, replaced_policies
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import Change
from cloudguard.results.document_edit import DocumentEdit
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.changes.calls import delete, put

_ROLES: Final = "providers/Microsoft.Authorization/roleDefinitions"
_ASSIGNMENTS: Final = "providers/Microsoft.Authorization/roleAssignments"


def role_calls(index: SnapshotIndex, change: Change, edit: DocumentEdit) -> Iterator[Pair]:
    """Yield the calls that assign custom roles, then delete the assignments that they replace.

    Yield none if an assignment is a group's, because other members have it too, or if the identity's object id is
    unknown.
    """
    identity = index.identities.get(change.resource.id)
    gone = replaced_policies(index, identity, edit) if identity and identity.unique_id else None
    if identity is None or gone is None:
        return
    undone = [call for policy in gone if (call := _assignment(policy, identity))]
    if len(undone) < len(gone):
        return
    for text in edit.documents:
        yield from _assigned(json.loads(text), identity.unique_id)
    for policy, undo in zip(gone, undone, strict=True):
        yield delete(policy.source.resource), (undo,)


def _assignment(policy: PolicyDocument, identity: Identity) -> ApiCall | None:
    """Return the call that restores an assignment; None if it is not the identity's own."""
    written: dict[str, Any] = json.loads(policy.document)
    is_own = "roleDefinitionId" in written and not policy.name.endswith(" through a group")
    if not is_own or "/roleassignments/" not in canonical(policy.source.resource):
        return None
    return put(policy.source.resource, _body(written["roleDefinitionId"], identity.unique_id, written.get("condition")))


def _assigned(role: dict[str, Any], principal: str) -> Iterator[Pair]:
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
    yield put(definition, {"properties": body}), (delete(definition),)
    for scope in (assignment["scope"] for assignment in role["assignments"]):
        assignment = f"{scope.rstrip('/')}/{_ASSIGNMENTS}/{uuid5(NAMESPACE_URL, f'{scope} {definition} {principal}')}"
        yield put(assignment, _body(definition, principal)), (delete(assignment),)


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
