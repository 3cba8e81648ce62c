"""Build the network of a made-up subscription, including the fields that the resource manager fills in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from azure_account import LOCATION, SUBSCRIPTION, TENANT, Account, guid
from azure_ids import Item, ResourceId
from azure_rules import default_rules

NETWORK: Final = "Microsoft.Network"
Ids = Sequence[str]


def link(own: str) -> Item:
    """Return a reference to a resource."""
    return {"id": own}


def links_to(ids: Ids) -> list[Item]:
    """Return references to resources."""
    return [link(id_) for id_ in ids]


TAGS: Final = {
    "AzureCloud": ["13.69.0.0/17", "20.50.0.0/18", "51.144.0.0/16"],
    "AzureCloud.westeurope": ["13.69.0.0/17", "51.144.0.0/16"],
    "AzureFrontDoor.Backend": ["13.73.248.16/29", "147.243.0.0/16"],
    "AzureLoadBalancer": ["168.63.129.16/32"],
    "ApiManagement": ["13.69.64.76/31"],
}
"""Service tag → some of its prefixes: https://learn.microsoft.com/azure/virtual-network/service-tags-overview."""


class NetworkFixtures(Account):
    """Fixtures of networks. ``rest``: further ``properties`` of a resource. ``rg``: its resource group."""

    def __init__(self, subscription: str = SUBSCRIPTION, tenant: str = TENANT) -> None:
        super().__init__(subscription, tenant)
        self.service_tags(TAGS)

    def service_tags(self, tags: Mapping[str, Ids], location: str = LOCATION) -> None:
        """Set the service tags of a location."""
        path = f"/subscriptions/{self.subscription}/providers/{NETWORK}"
        held = [
            {"id": name, "name": name, "properties": {"changeNumber": "7", "region": "", "addressPrefixes": [*ranges]}}
            for name, ranges in tags.items()
        ]
        body = {"id": f"{path}/serviceTags/Public", "name": "Public", "changeNumber": "7", "cloud": "Public"}
        self.answer(f"{path}/locations/{location}/serviceTags", body | {"values": held})

    def add(
        self,
        kind: str,
        name: str,
        properties: Item,
        *,
        rg: str = "",
        odd: bool = False,
        **top: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a resource with a location. ``top``: its further fields next to ``properties``."""
        own = self.id(kind, *name.split("/"), group=rg)
        held = {"provisioningState": "Succeeded", **properties}
        item = {"id": own, "name": name.rpartition("/")[2], "type": kind, "location": LOCATION, "properties": held}
        return self.put(item | {key: value for key, value in top.items() if value}, odd=odd)

    def properties(self, own: str) -> Item:
        """Return the properties of a resource, or of a part of a resource, by its id."""
        found: Item = self.get(own)["properties"]
        return found

    def network(self, name: str = "vnet", *cidrs: str, rg: str = "", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a virtual network. ``cidrs``: 10.0.0.0/16 by default."""
        space = {"addressPrefixes": [*cidrs] or ["10.0.0.0/16"]}
        made: Item = {"addressSpace": space, "subnets": [], "virtualNetworkPeerings": [], "enableDdosProtection": False}
        return self.add(f"{NETWORK}/virtualNetworks", name, made | rest, rg=rg)

    def peering(self, network: str, remote: str, **rest: Any) -> None:  # noqa: ANN401 - JSON
        """Add a peering from ``network`` to ``remote``. The other direction needs a second peering."""
        name = remote.rpartition("/")[2]
        made = {
            "peeringState": "Connected",
            "remoteVirtualNetwork": link(remote),
            "remoteAddressSpace": self.properties(remote)["addressSpace"],
            "remoteVirtualNetworkAddressSpace": self.properties(remote)["addressSpace"],
            "allowVirtualNetworkAccess": True,
            "allowForwardedTraffic": False,
            "allowGatewayTransit": False,
            "useRemoteGateways": False,
        }
        own = f"{network}/virtualNetworkPeerings/{name}"
        self.properties(network)["virtualNetworkPeerings"].append({"id": own, "name": name, "properties": made | rest})

    def subnet(
        self,
        network: str,
        name: str = "nodes",
        cidr: str = "10.0.0.0/24",
        *,
        nsg: str = "",
        routes: str = "",
        nat: str = "",
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a subnet to a network."""
        own = f"{network}/subnets/{name}"
        made: Item = {
            "provisioningState": "Succeeded",
            "addressPrefix": cidr,
            "delegations": [],
            "privateEndpointNetworkPolicies": "Disabled",
            "privateLinkServiceNetworkPolicies": "Enabled",
            **_referring(networkSecurityGroup=nsg, routeTable=routes, natGateway=nat),
        }
        item = {"id": own, "name": name, "type": f"{NETWORK}/virtualNetworks/subnets", "properties": made | rest}
        self.properties(network)["subnets"].append(item)
        self._refer_back(nsg, "subnets", own)
        self._refer_back(routes, "subnets", own)
        return own

    def _refer_back(self, to: str, key: str, own: str) -> None:
        if to.lower() in self.items:
            self.properties(to).setdefault(key, []).append(link(own))

    def security_group(self, name: str, *rules: Item, rg: str = "", odd: bool = False, **top: Any) -> str:  # noqa: ANN401
        """Add a network security group with rules of ``azure_rules`` and the six default rules."""
        kind = f"{NETWORK}/networkSecurityGroups"
        own = self.id(kind, name, group=rg)
        made = {
            "securityRules": [{"id": f"{own}/securityRules/{rule['name']}", **rule} for rule in rules],
            "defaultSecurityRules": [
                {"id": f"{own}/defaultSecurityRules/{rule['name']}", **rule} for rule in default_rules()
            ],
        }
        return self.add(kind, name, made, rg=rg, odd=odd, **top)

    def application_group(self, name: str, *, rg: str = "") -> str:
        """Add an application security group."""
        return self.add(f"{NETWORK}/applicationSecurityGroups", name, {}, rg=rg)

    def route_table(self, name: str, *routes: tuple[str, str, str], rg: str = "", **rest: Any) -> str:  # noqa: ANN401
        """Add a route table. A route is a destination, the type of the next hop, and the next hop's address or ""."""
        kind = f"{NETWORK}/routeTables"
        own = self.id(kind, name, group=rg)
        made = [
            {
                "id": f"{own}/routes/r{number}",
                "name": f"r{number}",
                "properties": {
                    "addressPrefix": destination,
                    "nextHopType": hop,
                    **({"nextHopIpAddress": address} if address else {}),
                },
            }
            for number, (destination, hop, address) in enumerate(routes)
        ]
        return self.add(kind, name, {"routes": made, "disableBgpRoutePropagation": False} | rest, rg=rg)

    def public_address(
        self,
        name: str,
        address: str,
        *,
        sku: str = "Standard",
        rg: str = "",
        tags: Item | None = None,
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a public address. ``sku``: "" for an address without a SKU."""
        version = "IPv6" if ":" in address else "IPv4"
        made = {"ipAddress": address, "publicIPAddressVersion": version, "publicIPAllocationMethod": "Static"}
        named = {"name": sku, "tier": "Regional"} if sku else None
        return self.add(f"{NETWORK}/publicIPAddresses", name, made | rest, rg=rg, sku=named, tags=tags)

    def interface(
        self,
        name: str,
        subnet: str,
        address: str,
        *,
        nsg: str = "",
        asgs: Ids = (),
        public: str = "",
        pools: Ids = (),
        nat_rules: Ids = (),
        forwards: bool = False,
        machine: str = "",
        rg: str = "",
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add an interface with one address. ``forwards``: it has IP forwarding."""
        kind = f"{NETWORK}/networkInterfaces"
        own = self.id(kind, name, group=rg)
        made = interface_properties(
            own,
            subnet,
            address,
            nsg=nsg,
            asgs=asgs,
            public=public,
            pools=pools,
            nat_rules=nat_rules,
            forwards=forwards,
            machine=machine,
        )
        self._refer_back(nsg, "networkInterfaces", own)
        if public:
            self.properties(public)["ipConfiguration"] = link(f"{own}/ipConfigurations/ipconfig1")
        return self.add(kind, name, made | rest, rg=rg)

    def private_endpoint(
        self,
        name: str,
        subnet: str,
        address: str,
        target: str,
        *groups: str,
        rg: str = "",
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a private endpoint to ``target`` and its interface. ``groups``: group ids of ``target`` ("blob")."""
        kind = f"{NETWORK}/privateEndpoints"
        own = self.id(kind, name, group=rg)
        nic = self.interface(f"{name}.nic.{guid(name)}", subnet, address, rg=rg)
        self.properties(nic)["privateEndpoint"] = link(own)
        connection = {
            "id": f"{own}/privateLinkServiceConnections/{name}",
            "name": name,
            "properties": {
                "privateLinkServiceId": target,
                "groupIds": [*groups],
                "privateLinkServiceConnectionState": {"status": "Approved"},
            },
        }
        made = {
            "subnet": link(subnet),
            "networkInterfaces": [link(nic)],
            "privateLinkServiceConnections": [connection],
            "manualPrivateLinkServiceConnections": [],
        }
        return self.add(kind, name, made | rest, rg=rg)


def interface_properties(
    own: str,
    subnet: str,
    address: str,
    *,
    nsg: str = "",
    asgs: Ids = (),
    public: str = "",
    pools: Ids = (),
    nat_rules: Ids = (),
    forwards: bool = False,
    machine: str = "",
) -> Item:
    """Return the ``properties`` of an interface."""
    listed = {
        "applicationSecurityGroups": asgs,
        "loadBalancerBackendAddressPools": pools,
        "loadBalancerInboundNatRules": nat_rules,
    }
    configuration = {
        "privateIPAddress": address,
        "privateIPAddressVersion": "IPv6" if ":" in address else "IPv4",
        "privateIPAllocationMethod": "Dynamic",
        "primary": True,
        **_referring(subnet=subnet, publicIPAddress=public),
        **{key: links_to(ids) for key, ids in listed.items() if ids},
    }
    return {
        "provisioningState": "Succeeded",
        "ipConfigurations": [
            {"id": f"{own}/ipConfigurations/ipconfig1", "name": "ipconfig1", "properties": configuration}
        ],
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": forwards,
        "primary": True,
        **_referring(networkSecurityGroup=nsg, virtualMachine=machine),
    }


def _referring(**ids: str) -> Item:
    """Return field → reference, without empty ids."""
    return {key: link(own) for key, own in ids.items() if own}


def name_of(own: str) -> str:
    """Return the last part of an id."""
    return own.rpartition("/")[2]


def group_of(own: str) -> str:
    """Return the resource group of an id."""
    return ResourceId.of(own).scope.rpartition("/")[2]
