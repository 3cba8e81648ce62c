"""Networks, their peers and links, and the routes of their subnets; missing facts widen the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azure_answers import Answers, arm_id
from azure_filters import LOCATION, NETWORK, SUBNET, network, peering, resource
from cloudguard.model.cluster import Host, Role
from cloudguard.model.network import Interface, NextHop, Route
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item
from cloudguard_azure.access.calls import LIST_EFFECTIVE_CONNECTIVITY, LIST_ROUTE_TABLES
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.network.routes import SubnetRoutes, route_tables
from cloudguard_azure.network.service_tags import ServiceTags
from cloudguard_azure.network.subnets import Places, VirtualNetwork, record_missing_peers, virtual_networks, with_meshes

OWN = canonical(NETWORK)
NODE = Host(
    "n",
    "aks-pool-vmss_0",
    (Role.NODE,),
    (),
    (Interface("nic", SUBNET, (AddressSet.parse("10.0.0.4"),), Source("made up")),),
    Source("made up"),
    pool="/x/aks-pool-vmss",
)


def read(*items: Item) -> tuple[VirtualNetwork, Answers]:
    """Return the network "vnet" of the listed networks."""
    api = Answers({})
    found = virtual_networks(api, items)
    record_missing_peers(api, found, [OWN])
    return found[OWN], api


def routes(home: VirtualNetwork, *written: tuple[str, str, str], **table: object) -> tuple[list[str], SubnetRoutes]:
    """Return the routes of the subnet "hosts" without the system's own, as "PREFIX HOP TARGET LIST"."""
    listed = [
        {
            "name": "aks-pool-vmss000000" if hop == "node" else f"r{number}",
            "properties": {
                "addressPrefix": prefix,
                "nextHopType": "VirtualAppliance" if hop == "node" else hop,
                **({"nextHopIpAddress": to} if to else {}),
            },
        }
        for number, (prefix, hop, to) in enumerate(written)
    ]
    api = Answers({LIST_ROUTE_TABLES: [resource("routeTables", "t", routes=listed, **table)]})
    tables = route_tables(api)
    assert api.gaps == ()
    subnet = replace(home.subnets[0], table=next(iter(tables)))
    made = SubnetRoutes(tables, ServiceTags(api, LOCATION), [NODE])
    by_itself = set(SubnetRoutes({}, ServiceTags(api, LOCATION), []).routes(home.subnets[0], home))
    return [_text(route) for route in made.routes(subnet, home) if route not in by_itself], made


def _text(route: Route) -> str:
    return f"{','.join(route.destination.cidrs())} {route.hop} {route.target} {route.address_list}".strip()


def test_a_network_reaches_itself_its_peers_and_the_internet() -> None:
    home, api = read(network(peering("10.9.0.0/16")))
    made = SubnetRoutes({}, ServiceTags(api, LOCATION), []).routes(home.subnets[0], home)
    assert [_text(route) for route in made] == [
        "10.0.0.0/16 local vnet",
        "fd00::/48 local vnet",
        "10.9.0.0/16 peer peer",
        "0.0.0.0/0 internet Internet",
        "::/0 internet Internet",
    ]
    assert home.subnets[0].ranges == AddressSet.of(("10.0.0.0/24", "fd00::/64"))


@pytest.mark.parametrize("state", ["Initiated", "disconnected", "CONNECTED", "Pending"])
def test_only_a_connected_peering_counts_and_an_unknown_state_is_a_gap(state: str) -> None:
    home, api = read(network(peering("10.9.0.0/16", state=state)))
    assert bool(home.peerings) == (state == "CONNECTED")
    assert bool(api.gaps) == (state == "Pending")


def test_a_peering_without_addresses_has_its_network_s_or_is_a_gap() -> None:
    own = resource("virtualNetworks", "peer", addressSpace={"addressPrefixes": ["10.7.0.0/16"]})
    back: Item = {"name": "back", "properties": {"peeringState": "Connected", "remoteVirtualNetwork": {"id": NETWORK}}}
    own = {**own, "properties": {**own["properties"], "virtualNetworkPeerings": [back]}}
    home, api = read(network(peering()), own)
    assert (home.peerings[0].ranges.cidrs(), api.gaps) == (("10.7.0.0/16",), ())
    _, api = read(network(peering()))
    assert [gap.resource for gap in api.gaps] == [OWN]
    _, api = read(network(), own)
    assert [(gap.resource, "does not list this peering" in gap.message) for gap in api.gaps] == [(OWN, True)]


def test_a_subnet_without_addresses_is_a_gap() -> None:
    home, api = read(network(addressPrefixes=[]))
    assert home.subnets == ()
    assert all({FactKind.ROUTES, FactKind.FILTERS} == {*gap.hides} for gap in api.gaps)
    assert len(api.gaps) == 1


def test_a_route_of_a_table_replaces_the_system_route_of_its_prefix() -> None:
    home, _ = read(network(peering("10.9.0.0/16")))
    found, _ = routes(
        home,
        ("0.0.0.0/0", "None", ""),
        ("10.9.0.0/16", "VnetLocal", ""),
        ("198.51.100.0/24", "internet", ""),
        ("AzureCloud", "Internet", ""),
        ("192.0.2.0/24", "Wormhole", ""),
    )
    assert found == [
        "0.0.0.0/0 blackhole r0",
        "10.9.0.0/16 local r1",
        "198.51.100.0/24 internet r2",
        "internet r3 AzureCloud",
        "192.0.2.0/24 unknown r4",
    ]


def test_behind_an_appliance_may_be_others_and_behind_a_node_are_pods() -> None:
    home, _ = read(network())
    found, made = routes(
        home,
        ("10.8.0.0/16", "VirtualAppliance", "10.0.0.99"),
        ("10.244.0.0/24", "node", "10.0.0.4"),
        ("172.20.0.0/16", "VirtualAppliance", "10.0.0.4"),
    )
    assert found == [
        "10.8.0.0/16 appliance 10.0.0.99",
        "10.8.0.0/16 hub 10.0.0.99 networks behind 10.0.0.99",
        "10.244.0.0/24 local aks-pool-vmss_0",
        "172.20.0.0/16 local aks-pool-vmss_0",
    ]
    assert not made.lists["networks behind 10.0.0.99"].known
    assert [to_host.cidrs() for table in made.tables.values() for to_host in made.to_hosts(table)] == [
        ("10.244.0.0/24",)
    ]


@pytest.mark.parametrize(("table", "linked"), [({}, True), ({"disableBgpRoutePropagation": True}, False)])
def test_a_gateway_leads_to_unknown_private_networks_if_its_routes_are_used(
    table: dict[str, object],
    linked: bool,  # noqa: FBT001 - a case
) -> None:
    home, api = read(network())
    gateway = replace(home.subnets[0], name="GatewaySubnet")
    home = replace(home, subnets=(home.subnets[0], gateway))
    _, made = routes(home, **table)
    subnet = replace(home.subnets[0], table=next(iter(made.tables)))
    behind = [route for route in made.routes(subnet, home) if route.hop is NextHop.VPN]
    assert bool(behind) is linked
    assert all(route.address_list and not route.destination & AddressSet.parse("198.51.100.7") for route in behind)
    assert Places({home.id: home}, {}).of_network(home.id).maybe
    assert api.gaps == ()


def test_networks_connected_by_a_network_manager_are_linked() -> None:
    kind = "Microsoft.Network/networkManagers/connectivityConfigurations"
    groups = [{"networkGroupId": "/g/spokes", "groupConnectivity": "DirectlyConnected"}]
    item: Item = {
        "id": f"{NETWORK}/{arm_id('net', kind, 'm', 'mesh')}",
        "properties": {"connectivityTopology": "Mesh", "appliesToGroups": groups},
    }
    hub: Item = {"id": item["id"], "properties": {"connectivityTopology": "HubAndSpoke", "appliesToGroups": []}}
    home, _ = read(network())
    assert with_meshes(Answers({LIST_EFFECTIVE_CONNECTIVITY: [item, hub]}), home).meshes == ("spokes",)
    assert with_meshes(Answers({LIST_EFFECTIVE_CONNECTIVITY: [hub]}), home).meshes == ()
    refused = Answers({}, refused=[LIST_EFFECTIVE_CONNECTIVITY])
    assert with_meshes(refused, home).meshes == ()
    assert [gap.hides for gap in refused.gaps] == [(FactKind.ROUTES,)]


def test_networks_with_one_name_in_two_groups_are_distinct() -> None:
    home = network()
    there = arm_id("Other", "Microsoft.Network/virtualNetworks", "vnet")
    found = virtual_networks(Answers({}), [home, {**home, "id": there, "properties": {}}])
    places = Places(found, {})
    assert {places.of_network(name).network for name in found} == {"net/vnet", "other/vnet"}
