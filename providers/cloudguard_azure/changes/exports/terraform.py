"""Changes of rules as blocks of HCL for the provider azurerm.

https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources/network_security_rule
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast

from cloudguard.provider.camel_case import snake_case
from cloudguard.provider.permissions.hcl import hcl, import_block, removed_block, resource_block
from cloudguard.results.api_call import PlannedCall
from cloudguard_azure.access.ids import group_of, name_of, segment_after
from cloudguard_azure.changes.calls import PUT, kind_of

_KIND: Final = "azurerm_network_security_rule"


def terraform(calls: Iterable[PlannedCall]) -> str:
    """Return a block for each rule: ``import`` and the resource if it exists, ``removed`` if it is deleted."""
    return "\n".join(block for planned in calls for block in _blocks(planned))


def _blocks(planned: PlannedCall) -> Iterator[str]:
    resource, body = str(planned.call.parameters["id"]), planned.call.parameters.get(PUT)
    if kind_of(resource) != "securityrules":
        return
    label = _label(resource)
    if body is None:
        yield removed_block(_KIND, label)
        return
    if planned.inverse and PUT in planned.inverse[0].parameters:
        yield import_block(_KIND, label, resource)
    yield resource_block(_KIND, label, _arguments(resource, body["properties"]))


def _arguments(resource: str, properties: Mapping[str, Any]) -> str:
    arguments = {
        "name": name_of(resource),
        "resource_group_name": group_of(resource),
        "network_security_group_name": segment_after(resource, "networksecuritygroups"),
    }
    arguments |= {_argument(key): value for key, value in properties.items()}
    return "".join(f"  {key} = {_value(value)}\n" for key, value in arguments.items())


def _argument(field: str) -> str:
    return f"{snake_case(field).removesuffix('s')}_ids" if field.endswith("Groups") else snake_case(field)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, cast('list[object]', value)))}]"
    if isinstance(value, dict):
        return hcl(str(cast("dict[str, object]", value)["id"]))
    return str(value) if isinstance(value, int) else hcl(str(value))


def _label(resource: str) -> str:
    """Return a name for a rule's block, from its group's name and its own."""
    return re.sub(
        r"\W", "_", f"_{segment_after(resource, 'networksecuritygroups')}_{name_of(resource)}", flags=re.ASCII
    ).lower()
