"""Changes of VPC firewall rules as blocks of HCL for the provider google.

https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_firewall
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cloudguard.provider.camel_case import snake_case
from cloudguard.provider.permissions.hcl import hcl, import_block, removed_block, resource_block
from cloudguard.results.api_call import PlannedCall
from cloudguard_gcp.access.links import short

_KIND: Final = "google_compute_firewall"
_LISTED: Final = {"allowed": "allow", "denied": "deny"}


def terraform(network: str, calls: Iterable[PlannedCall]) -> str:
    """Return a block for each firewall rule: ``import`` and the resource if it exists, ``removed`` if it is deleted."""
    return "\n".join(block for planned in calls for block in _blocks(network, planned))


def _blocks(network: str, planned: PlannedCall) -> Iterator[str]:
    parameters = planned.call.parameters
    if ".firewalls." not in planned.call.operation:
        return
    body: Mapping[str, Any] = parameters.get("body", {})
    name = str(parameters.get("firewall") or body["name"])
    label = _label(name)
    if not body:
        yield removed_block(_KIND, label)
        return
    if planned.call.operation.endswith(".patch"):
        yield import_block(_KIND, label, f"projects/{parameters['project']}/global/firewalls/{name}")
    written = {"name": name, "project": parameters["project"], "network": network}
    written |= {snake_case(key): value for key, value in body.items() if key not in _LISTED and value != []}
    written["network"] = short(written["network"])
    lines = "".join(f"  {key} = {hcl(value)}\n" for key, value in written.items())
    lines += "".join(_protocol(_LISTED[key], entry) for key in _LISTED for entry in body.get(key, ()))
    yield resource_block(_KIND, label, lines)


def _protocol(word: str, listed: Mapping[str, Any]) -> str:
    ports = f"    ports = {hcl(listed['ports'])}\n" if "ports" in listed else ""
    return f"  {word} {{\n    protocol = {hcl(listed['IPProtocol'])}\n{ports}  }}\n"


def _label(name: str) -> str:
    return re.sub(r"\W", "_", f"_{name}" if name[:1].isdigit() else name, flags=re.ASCII)
