"""Calls of the Resource Manager that put, set and delete resources, read one, or start an action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from cloudguard.results.api_call import ApiCall
from cloudguard_azure.access.calls import CLIENTS
from cloudguard_azure.access.ids import canonical

PUT: Final = "body"
SET: Final = "set"
ACTION: Final = "action"
READ: Final = "Get"
_OPERATIONS: Final = {
    "applicationsecuritygroups": "ApplicationSecurityGroups",
    "diskencryptionsets": "DiskEncryptionSets",
    "disks": "Disks",
    "federatedidentitycredentials": "FederatedIdentityCredentials",
    "keys": "Keys",
    "managedclusters": "ManagedClusters",
    "networkinterfaces": "NetworkInterfaces",
    "networksecuritygroups": "NetworkSecurityGroups",
    "roleassignments": "RoleAssignments",
    "roledefinitions": "RoleDefinitions",
    "securityrules": "SecurityRules",
    "snapshots": "Snapshots",
    "subnets": "Subnets",
    "subscriptions": "Subscriptions",
    "vaults": "Vaults",
    "virtualmachines": "VirtualMachines",
    "virtualmachinescalesets": "VirtualMachineScaleSets",
}
"""The operation groups by the type of resource (https://github.com/Azure/azure-rest-api-specs)."""
_NEVER_UPDATED: Final = {"roleassignments": "Create", "keys": "CreateIfNotExist"}
_ACTIONS: Final = {
    "deallocate": "Deallocate",
    "endGetAccess": "RevokeAccess",
    "manualupgrade": "UpdateInstances",
    "start": "Start",
}
"""The operations by the last word of the path that is posted to."""


def put(resource: str, body: Mapping[str, Any], answers: Mapping[str, str] | None = None) -> ApiCall:
    """Return the call that creates or replaces a resource. ``answers``: what later calls use of its response."""
    return replace(_call(resource, "CreateOrUpdate", {PUT: body}), answers=answers or {})


def set_in(resource: str, values: Mapping[str, Any]) -> ApiCall:
    """Return the call that writes a resource back with changed values, by their paths. None removes a value."""
    return _call(resource, "CreateOrUpdate", {SET: values})


def delete(resource: str) -> ApiCall:
    """Return the call that deletes a resource."""
    return _call(resource, "Delete", {})


def act(resource: str, action: str, body: Mapping[str, Any] | None = None) -> ApiCall:
    """Return the call that starts an action of a resource, such as "deallocate"."""
    return _call(resource, _ACTIONS[action], {ACTION: action, **({PUT: body} if body else {})})


def read(resource: str, answers: Mapping[str, str]) -> ApiCall:
    """Return the call that reads a resource. ``answers``: what later calls use of its response."""
    return replace(_call(resource, READ, {}), answers=answers)


def kind_of(resource: str) -> str:
    """Return the last type in a resource's id, in lower case: "securityrules"."""
    return canonical(resource).split("/")[-2]


def _call(resource: str, verb: str, parameters: Mapping[str, Any]) -> ApiCall:
    _, in_provider, place = canonical(resource).rpartition("/providers/")
    namespace = place.partition("/")[0] if in_provider else "microsoft.resources"
    kind = kind_of(resource)
    api = next((name for name in (*CLIENTS, "Microsoft.Resources") if name.lower() == namespace), namespace)
    verb = _NEVER_UPDATED.get(kind, verb) if verb == "CreateOrUpdate" else verb
    return ApiCall(api, f"{_OPERATIONS[kind]}_{verb}", {"id": resource, **parameters})
