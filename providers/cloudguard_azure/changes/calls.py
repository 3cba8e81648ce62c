"""Calls of the Resource Manager that put, set and delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cloudguard.results.api_call import ApiCall
from cloudguard_azure.access.ids import canonical

PUT: Final = "body"
SET: Final = "set"
_OPERATIONS: Final = {
    "applicationsecuritygroups": "ApplicationSecurityGroups",
    "disks": "Disks",
    "federatedidentitycredentials": "FederatedIdentityCredentials",
    "managedclusters": "ManagedClusters",
    "networkinterfaces": "NetworkInterfaces",
    "networksecuritygroups": "NetworkSecurityGroups",
    "roleassignments": "RoleAssignments",
    "roledefinitions": "RoleDefinitions",
    "securityrules": "SecurityRules",
    "subnets": "Subnets",
    "virtualmachines": "VirtualMachines",
    "virtualmachinescalesets": "VirtualMachineScaleSets",
}
"""The operation groups by the type of resource (https://github.com/Azure/azure-rest-api-specs)."""
_NEVER_UPDATED: Final = {"roleassignments": "Create"}


def put(resource: str, body: Mapping[str, Any]) -> ApiCall:
    """Return the call that creates or replaces a resource."""
    return _call(resource, "CreateOrUpdate", {PUT: body})


def set_in(resource: str, values: Mapping[str, Any]) -> ApiCall:
    """Return the call that writes a resource back with changed values, by their paths. None removes a value."""
    return _call(resource, "CreateOrUpdate", {SET: values})


def delete(resource: str) -> ApiCall:
    """Return the call that deletes a resource."""
    return _call(resource, "Delete", {})


def kind_of(resource: str) -> str:
    """Return the last type in a resource's id, in lower case: "securityrules"."""
    return canonical(resource).split("/")[-2]


def _call(resource: str, verb: str, parameters: Mapping[str, Any]) -> ApiCall:
    namespace = resource[resource.lower().rindex("/providers/") :].split("/")[2]
    kind = kind_of(resource)
    api = next((name for name in _NAMESPACES if name.lower() == namespace.lower()), namespace)
    verb = _NEVER_UPDATED.get(kind, verb) if verb != "Delete" else verb
    return ApiCall(api, f"{_OPERATIONS[kind]}_{verb}", {"id": resource, **parameters})


_NAMESPACES: Final = (
    "Microsoft.Authorization",
    "Microsoft.Compute",
    "Microsoft.ContainerService",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
)
