"""Calls as lines for ``az``, Azure's command-line tool (https://learn.microsoft.com/cli/azure/reference-index).

A call without a matching command uses ``az resource`` or ``az rest``. The answer of an earlier call is a shell
variable, which the line of that call sets.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, cast

from cloudguard.provider.calls.placeholders import shell_json, shell_line
from cloudguard.results.api_call import ApiCall
from cloudguard_azure.access.ids import group_of, name_of, segment_after, subscription_of
from cloudguard_azure.changes.calls import ACTION, PUT, READ, SET, kind_of

_ROLES_VERSION: Final = "2022-04-01"
_RULE_FLAGS: Final = {
    "access": "access",
    "direction": "direction",
    "priority": "priority",
    "protocol": "protocol",
    "description": "description",
    "sourcePortRange": "source-port-ranges",
    "sourceAddressPrefix": "source-address-prefixes",
    "sourceAddressPrefixes": "source-address-prefixes",
    "sourceApplicationSecurityGroups": "source-asgs",
    "destinationPortRange": "destination-port-ranges",
    "destinationPortRanges": "destination-port-ranges",
    "destinationAddressPrefix": "destination-address-prefixes",
    "destinationAddressPrefixes": "destination-address-prefixes",
    "destinationApplicationSecurityGroups": "destination-asgs",
}
_AKS_FLAGS: Final = {True: "--disable-run-command", False: "--enable-run-command"}
_ACTIONS: Final = {
    "Disks_RevokeAccess": ("disk", "revoke-access"),
    "Snapshots_RevokeAccess": ("snapshot", "revoke-access"),
    "VirtualMachines_Deallocate": ("vm", "deallocate"),
    "VirtualMachines_Start": ("vm", "start"),
}
Word: TypeAlias = str | Mapping[str, Any]
"""A word of a line. An object is written as JSON; a placeholder of an answer becomes its variable."""


def shell(call: ApiCall) -> str:
    """Return a call as a line for a POSIX shell."""
    line = " ".join(("az", *map(_quoted, _words(call))))
    return shell_line(line, call.answers, "tsv")


def _quoted(word: Word) -> str:
    return shlex.quote(word) if isinstance(word, str) else shell_json(word)


def _words(call: ApiCall) -> Iterator[Word]:
    resource = str(call.parameters["id"])
    if resource.startswith("https://"):
        yield from _of_vault(call, resource)
    elif ACTION in call.parameters:
        yield from _act(call, resource)
    elif call.operation.endswith(f"_{READ}"):
        yield from ("account", "show", "--subscription", subscription_of(resource))
    elif SET in call.parameters:
        yield from _set(resource, call.parameters[SET])
    elif PUT in call.parameters:
        yield from _put_command(resource, call.parameters[PUT])
    elif kind_of(resource) == "roleassignments":
        yield from ("role", "assignment", "delete", "--ids", resource)
    elif kind_of(resource) == "roledefinitions":
        yield from ("rest", "--method", "delete", "--url", f"{resource}?api-version={_ROLES_VERSION}")
    else:
        yield from ("resource", "delete", "--ids", resource)


def _put_command(resource: str, body: Mapping[str, Any]) -> Iterator[Word]:
    properties: Mapping[str, Any] = body.get("properties", {})
    match kind_of(resource):
        case "securityrules":
            group = segment_after(resource, "networksecuritygroups")
            yield from ("network", "nsg", "rule", "create", "--nsg-name", group, "--name", name_of(resource))
            yield from _in_group(resource)
            for field, value in properties.items():
                yield from (f"--{_RULE_FLAGS[field]}", *_values(value))
        case "roledefinitions":
            url = f"{resource}?api-version={_ROLES_VERSION}"
            yield from ("rest", "--method", "put", "--url", url, "--body", body)
        case "roleassignments":
            scope = resource[: resource.lower().rindex("/providers/microsoft.authorization/")] or "/"
            yield from ("role", "assignment", "create", "--name", name_of(resource), "--scope", scope)
            yield from ("--role", properties["roleDefinitionId"])
            yield from ("--assignee-object-id", properties["principalId"])
            yield from ("--assignee-principal-type", properties["principalType"])
            if "condition" in properties:
                yield from ("--condition", properties["condition"], "--condition-version", "2.0")
        case _:
            yield from ("resource", "create", "--id", resource, "--is-full-object", "--properties", body)


def _set(resource: str, values: Mapping[str, Any]) -> Iterator[Word]:
    if kind_of(resource) == "managedclusters":
        yield from ("aks", "update", "--name", name_of(resource), *_in_group(resource))
        for path, value in values.items():
            if path.endswith("authorizedIPRanges"):
                yield from ("--api-server-authorized-ip-ranges", ",".join(value))
            elif path.endswith("azureKeyVaultKms"):
                yield from _kms(value)
            else:
                yield _AKS_FLAGS[value]
        return
    yield from ("resource", "update", "--ids", resource)
    for path, value in values.items():
        first = path.replace("[*]", "[0]")  # an interface has one configuration, unless it has several addresses
        yield from ("--remove", first) if value is None else ("--set", f"{first}={json.dumps(value)}")


def _act(call: ApiCall, resource: str) -> Iterator[str]:
    if call.operation in _ACTIONS:
        yield from (*_ACTIONS[call.operation], "--ids", resource)
    else:  # az vmss update-instances takes no id of the set
        yield from ("vmss", "update-instances", "--name", name_of(resource), *_in_group(resource))
        yield from ("--instance-ids", *call.parameters[PUT]["instanceIds"])


def _kms(value: Mapping[str, Any]) -> Iterator[Word]:
    if not value["enabled"]:
        yield "--disable-azure-keyvault-kms"
        return
    yield from ("--enable-azure-keyvault-kms", "--azure-keyvault-kms-key-id", value["keyId"])
    yield from ("--azure-keyvault-kms-key-vault-network-access", value["keyVaultNetworkAccess"])


def _of_vault(call: ApiCall, key: str) -> Iterator[Word]:
    body = call.parameters[PUT]
    if call.operation == "UpdateKey":
        yield from ("keyvault", "key", "set-attributes", "--id", key)
        for name, value in body["attributes"].items():
            yield from ("--enabled", json.dumps(value)) if name == "enabled" else ("--expires", _time(value))
    else:
        yield from ("keyvault", "key", "rotation-policy", "update", "--id", key, "--value", body)


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _in_group(resource: str) -> tuple[str, ...]:
    return ("--resource-group", group_of(resource), "--subscription", subscription_of(resource))


def _values(value: object) -> Iterator[str]:
    """Yield a field's values as words. A reference is its id."""
    for item in cast("list[object]", value) if isinstance(value, list) else [value]:
        yield str(cast("dict[str, object]", item)["id"]) if isinstance(item, dict) else str(item)
