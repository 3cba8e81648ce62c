"""The filters of a made-up network, read from Azure's answers in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from azure_answers import Answers, arm_id
from cloudguard.model.network import Topology
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item
from cloudguard_azure.access.calls import LIST_SECURITY_GROUPS, LIST_SERVICE_TAGS
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.network.guards import Guards
from cloudguard_azure.network.rules import ALLOW_OR_DENY, RuleReader
from cloudguard_azure.network.security_groups import read_security_groups
from cloudguard_azure.network.service_tags import Place, ServiceTags
from cloudguard_azure.network.subnets import Places, virtual_networks

LOCATION: Final = "westeurope"
NETWORK: Final = arm_id("net", "Microsoft.Network/virtualNetworks", "vnet")
SUBNET: Final = canonical(f"{NETWORK}/subnets/hosts")


def resource(kind: str, name: str, **properties: object) -> Item:
    """Return a resource of Microsoft.Network in one group."""
    return {"id": arm_id("net", f"Microsoft.Network/{kind}", name), "name": name, "properties": properties}


def reference(kind: str, name: str) -> Item:
    """Return a reference to a resource that ``resource`` returns."""
    return {"id": arm_id("net", f"Microsoft.Network/{kind}", name)}


def group_id(name: str) -> str:
    """Return the canonical id of an application security group."""
    return canonical(str(reference("applicationSecurityGroups", name)["id"]))


def network(*peerings: Item, group: str = "", ranges: tuple[str, ...] = ("10.0.0.0/16",), **subnet: object) -> Item:
    """Return the network "vnet" with the subnet "hosts", which has the security group ``group`` ("": none)."""
    guard = {"networkSecurityGroup": reference("networkSecurityGroups", group)} if group else {}
    hosts = {"addressPrefixes": ["10.0.0.0/24", "fd00::/64"], **guard, **subnet}
    return resource(
        "virtualNetworks",
        "vnet",
        addressSpace={"addressPrefixes": [*ranges, "fd00::/48"]},
        subnets=[{"id": f"{NETWORK}/subnets/hosts", "name": "hosts", "properties": hosts}],
        virtualNetworkPeerings=list(peerings),
    )


def peering(*ranges: str, state: str = "Connected", **properties: object) -> Item:
    """Return a peering with the network "peer"."""
    known = {"peeringState": state, "remoteAddressSpace": {"addressPrefixes": list(ranges)}}
    there = {"remoteVirtualNetwork": reference("virtualNetworks", "peer")}
    return {"name": "to-peer", "properties": {**known, **there, **properties}}


def guards(
    groups: Iterable[Item],
    *networks: Item,
    tags: Mapping[str, Iterable[str]] | None = None,
    routed: Mapping[str, AddressSet] | None = None,
) -> tuple[Guards, ServiceTags, Answers]:
    """Return the guards of the networks' interfaces, the service tags and the reader.

    ``tags``: name of a service tag that Azure lists → its ranges. ``routed``: see Places.
    """
    api = Answers({LIST_SECURITY_GROUPS: groups, LIST_SERVICE_TAGS: [listed_tags(tags or {})]})
    places = Places(virtual_networks(api, networks), routed or {})
    met = ServiceTags(api, LOCATION)
    return Guards(read_security_groups(api, ""), places, met, {}), met, api


def listed_tags(tags: Mapping[str, Iterable[str]]) -> Item:
    """Return service tags in the form in which a region lists them."""
    values = [{"name": name, "properties": {"addressPrefixes": [*listed]}} for name, listed in tags.items()]
    return {"id": f"/locations/{LOCATION}/serviceTags", "values": values}


def topology(made: Guards, tags: ServiceTags) -> Topology:
    """Return a topology with the filters that were made so far, and the address lists that they name."""
    return Topology(filters=tuple(made.filters.values()), address_lists=tuple(tags.lists.values()))


def rule_reader() -> RuleReader:
    """Return a reader of rules for a network 10.0.0.0/16. It knows no service tags."""
    place = Place("vnet", AddressSet.parse("10.0.0.0/16"), AddressSet.nothing())
    return RuleReader(ServiceTags(Answers({}), LOCATION), place, Source("made up"), ALLOW_OR_DENY)
