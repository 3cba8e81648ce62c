"""Rules of Azure's network security groups in the form of the resource manager."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from azure_ids import Item

ANY = "*"


def rule(
    name: str,
    priority: int,
    ports: str = ANY,
    source: str | Sequence[str] = ANY,
    *,
    protocol: str = "Tcp",
    access: str = "Allow",
    direction: str = "Inbound",
    destination: str | Sequence[str] = ANY,
    source_groups: Sequence[str] = (),
    destination_groups: Sequence[str] = (),
    **rest: Any,  # noqa: ANN401 - JSON
) -> Item:
    """Return a rule without its id. ``ports``: "22" or "22,80-90". Groups: ids of application security groups."""
    listed = ports.split(",")
    properties: Item = {
        "provisioningState": "Succeeded",
        "protocol": protocol,
        "sourcePortRange": ANY,
        "access": access,
        "priority": priority,
        "direction": direction,
        "sourcePortRanges": [],
        "destinationPortRanges": [] if len(listed) == 1 else listed,
        **({"destinationPortRange": ports} if len(listed) == 1 else {}),
        **_addresses("source", source, source_groups),
        **_addresses("destination", destination, destination_groups),
        **rest,
    }
    return {"name": name, "type": "Microsoft.Network/networkSecurityGroups/securityRules", "properties": properties}


def _addresses(side: str, prefix: str | Sequence[str], groups: Sequence[str]) -> Item:
    """Return one side of a rule: one prefix, several prefixes, or groups. Unused fields are empty or absent."""
    if groups:
        return {
            f"{side}AddressPrefixes": [],
            f"{side}ApplicationSecurityGroups": [{"id": group} for group in groups],
        }
    if isinstance(prefix, str):
        return {f"{side}AddressPrefix": prefix, f"{side}AddressPrefixes": []}
    return {f"{side}AddressPrefixes": [*prefix]}


def default_rules() -> list[Item]:
    """Return the six default rules that each group has.

    https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
    """
    inside = "VirtualNetwork"
    made = (
        ("AllowVnetInBound", 65000, inside, inside, "Allow", "Inbound"),
        ("AllowAzureLoadBalancerInBound", 65001, "AzureLoadBalancer", ANY, "Allow", "Inbound"),
        ("DenyAllInBound", 65500, ANY, ANY, "Deny", "Inbound"),
        ("AllowVnetOutBound", 65000, inside, inside, "Allow", "Outbound"),
        ("AllowInternetOutBound", 65001, ANY, "Internet", "Allow", "Outbound"),
        ("DenyAllOutBound", 65500, ANY, ANY, "Deny", "Outbound"),
    )
    found = [
        rule(name, priority, source=source, protocol=ANY, access=access, direction=direction, destination=destination)
        for name, priority, source, destination, access, direction in made
    ]
    for item in found:
        item["type"] = "Microsoft.Network/networkSecurityGroups/defaultSecurityRules"
    return found
