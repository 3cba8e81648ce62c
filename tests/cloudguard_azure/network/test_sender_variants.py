"""Senders on Azure that can or cannot reach a host, and services near the nodes: rare forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from azure_aks import Aks, Alone
from azure_fixtures import Subscription
from azure_networks import NETWORK, link
from azure_proxy import AzureProxy
from azure_rules import ANY, rule
from azure_variants import Variant

ROW = "node-access"
OTHER, FAR = "10.2.0.0/24", "172.20.0.0/16"
FOREIGN = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/theirs/providers"
BLOBS = "Microsoft.Storage/storageAccounts"


def lets(source: str, *, both: bool = True) -> Aks:
    """Return a cluster whose nodes let a source reach the kubelet. ``both``: so does AKS' own group."""
    item = rule("kubelet", 150, "10250", source)
    account = Aks(nsg_rules=[item] if both else [])
    account.let(item)
    return account


def peered(source: str = OTHER, *, both: bool = True, **peering: Any) -> Aks:  # noqa: ANN401 - JSON
    account = lets(source, both=both)
    account.peer(**peering)
    return account


def not_accepted() -> Aks:
    """Return a peering that the owner of the other network has not made yet."""
    account = lets(OTHER)
    account.peering(account.vnet, account.network("other", "10.2.0.0/16"), peeringState="Initiated")
    return account


def routed(*routes: tuple[str, str, str], source: str = OTHER) -> Aks:
    """Return a cluster with a peer, whose nodes have a route table."""
    account = peered(source)
    account.get(account.where)["properties"]["routeTable"] = link(account.route_table("routes", *routes))
    return account


def with_subnet(name: str, source: str = FAR, **table: Any) -> Aks:  # noqa: ANN401 - JSON
    """Return a cluster whose network has a subnet for gateways. ``table``: properties of the nodes' route table."""
    account = lets(source)
    account.subnet(account.vnet, name, "10.1.255.0/27")
    if table:
        account.get(account.where)["properties"]["routeTable"] = link(account.route_table("routes", **table))
    return account


def in_group(**rest: Any) -> Aks:  # noqa: ANN401 - a machine's
    """Return another machine in the group that the nodes let in."""
    account = Aks()
    account.machine("jump", account.where, "10.1.0.80", asgs=[account.nodes], **rest)
    return account


def shut_out(direction: str) -> Aks:
    """Return a machine in the nodes' group whose own group denies everything in one direction."""
    account = Aks()
    deny = rule("no", 100, ANY, ANY, protocol=ANY, access="Deny", direction=direction)
    nsg = account.security_group("jump", deny)
    account.machine("jump", account.where, "10.1.0.80", asgs=[account.nodes], nsg=nsg)
    return account


def detached() -> Aks:
    account = Aks()
    account.interface("left", account.where, "10.1.0.80", asgs=[account.nodes])
    return account


def endpoint() -> Aks:
    """Return a private endpoint in the nodes' group: it opens no connections."""
    account = Aks()
    target = account.id(BLOBS, "shop")
    account.elsewhere.add(target)
    own = account.private_endpoint("shop", account.where, "10.1.0.70", target, "blob")
    nic = account.properties(own)["networkInterfaces"][0]["id"]
    held = account.properties(nic)["ipConfigurations"][0]["properties"]
    held["applicationSecurityGroups"] = [link(account.nodes)]
    return account


def hub() -> Aks:
    """Return a network connected to a hub of Virtual WAN."""
    account = lets(FAR)
    other = f"{FOREIGN}/Microsoft.Network/virtualNetworks/HV_hub"
    account.elsewhere.add(other)
    made = {
        "peeringState": "Connected",
        "remoteVirtualNetwork": link(other),
        "remoteAddressSpace": {"addressPrefixes": ["10.200.0.0/24"]},
        "allowVirtualNetworkAccess": True,
        "allowForwardedTraffic": False,
        "useRemoteGateways": True,
    }
    name = "RemoteVnetToHubPeering"
    item = {"id": f"{account.vnet}/virtualNetworkPeerings/{name}", "name": name, "properties": made}
    account.properties(account.vnet)["virtualNetworkPeerings"].append(item)
    return account


def mesh() -> Aks:
    """Return a network that a network manager connects with others."""
    account = lets("10.60.0.0/16")
    group = {
        "networkGroupId": f"{FOREIGN}/Microsoft.Network/networkGroups/all",
        "groupConnectivity": "DirectlyConnected",
    }
    made = {"connectivityTopology": "Mesh", "appliesToGroups": [group]}
    path = f"{account.vnet}/listNetworkManagerEffectiveConnectivityConfigurations"
    account.answer(path, {"value": [{"id": "mesh", "properties": made}]}, "POST")
    return account


def one_way() -> Aks:
    """Return a peering that only the other network lists."""
    account = lets(OTHER)
    account.peering(account.network("other", "10.2.0.0/16"), account.vnet)
    return account


def fails(build: Callable[[], Subscription], severity: str = "inside:medium", **rest: Any) -> Variant:  # noqa: ANN401
    return Variant(build, ROW, "FAIL", [severity], **rest)


def passes(build: Callable[[], Subscription]) -> Variant:
    return Variant(build, ROW, "PASS")


def unknown(build: Callable[[], Subscription], *says: str) -> Variant:
    return Variant(build, ROW, "UNKNOWN", says=says)


SENDERS: Mapping[str, Variant] = {
    "a peered network": fails(peered),
    "a peered network without access to VirtualNetwork": fails(lambda: peered(allowVirtualNetworkAccess=False)),
    "a peered network without access to VirtualNetwork, which AKS' own group lets in": passes(
        lambda: peered(both=False, allowVirtualNetworkAccess=False)
    ),
    "a peering that is not accepted": passes(not_accepted),
    "a peering that only one network calls accepted": unknown(lambda: peered(peeringState="Initiated"), "peered"),
    "a peering that only the other network lists": unknown(one_way, "does not list this peering"),
    "a peer of a peer": passes(lambda: peered("10.3.0.0/24")),
    "a peer of a peer, forwarded": unknown(lambda: peered("10.3.0.0/24", allowForwardedTraffic=True), "behind"),
    "a network behind the peer's gateway": unknown(lambda: peered(FAR, useRemoteGateways=True), "behind"),
    "a peer whose answers are dropped": passes(lambda: routed(("10.2.0.0/16", "None", ""))),
    "a peer of which a part's answers are dropped": fails(lambda: routed(("10.2.128.0/17", "None", ""))),
    "a range of no network": passes(lambda: lets("10.77.0.0/24")),
    "the internet, for nodes without public addresses": passes(lambda: lets("Internet")),
    "a network behind a VPN gateway": unknown(lambda: with_subnet("GatewaySubnet"), "gateway"),
    "a network behind a route server": unknown(lambda: with_subnet("RouteServerSubnet"), "gateway"),
    "a network behind a gateway whose routes are refused": passes(
        lambda: with_subnet("GatewaySubnet", disableBgpRoutePropagation=True)
    ),
    "a network behind a hub of Virtual WAN": unknown(hub, "hub"),
    "a network of a mesh": unknown(mesh, "group"),
    "a network behind an appliance": unknown(
        lambda: routed((FAR, "VirtualAppliance", "10.2.0.4"), source=FAR), "10.2.0.4"
    ),
    "a machine in the group": fails(in_group, says=["outside the cluster"]),
    "a machine whose own group lets nothing out, which its owner may change": fails(lambda: shut_out("Outbound")),
    "a machine whose own group lets nothing in": fails(lambda: shut_out("Inbound")),
    "an interface of no machine": passes(detached),
    "a private endpoint": passes(endpoint),
}


@pytest.mark.mistake("sender-without-route")
@pytest.mark.parametrize("variant", SENDERS.values(), ids=SENDERS)
def test_senders_count_if_they_can_send(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


def delegated(service: str, **rest: Any) -> Aks:  # noqa: ANN401 - JSON
    """Return a cluster that lets in the subnet of a service."""
    account = lets("10.1.6.0/24")
    account.delegated("service", service, **rest)
    return account


def beside(key: str, kind: str) -> Alone:
    """Return a cluster beside a service, to which the nodes' subnet has a link."""
    held = {"linkedResourceType": kind, "link": f"{FOREIGN}/{kind}/one"}
    account = Alone()
    account.elsewhere.add(held["link"])
    return account.here(key, [{"name": "one", "properties": held}])


def foreign() -> Alone:
    """Return a cluster with an interface of another subscription in the nodes' subnet."""
    account = Alone()
    own = f"{FOREIGN}/Microsoft.Network/networkInterfaces/theirs/ipConfigurations/one"
    account.elsewhere.add(own)
    return account.here("ipConfigurations", [link(own)])


def container_group() -> Alone:
    """Return a cluster beside the profile by which container groups join the nodes' subnet."""
    account = Alone()
    own = account.id(f"{NETWORK}/networkProfiles", "aci")
    part = f"{own}/containerNetworkInterfaceConfigurations/eth0/ipConfigurations/one"
    account.elsewhere |= {own, part}
    return account.here("ipConfigurationProfiles", [{"id": part}])


def another_set() -> Alone:
    account = Alone()
    account.scale_set("batch", account.where, "10.1.0.99", rg="batch")
    return account


SERVICES: Mapping[str, Variant] = {
    "container groups": fails(lambda: delegated("Microsoft.ContainerInstance/containerGroups")),
    "an application of App Service": fails(lambda: delegated("Microsoft.Web/serverFarms")),
    "a managed instance of SQL": fails(lambda: delegated("Microsoft.Sql/managedInstances")),
    "API Management": fails(lambda: delegated("Microsoft.ApiManagement/service")),
    "Databricks": fails(lambda: delegated("Microsoft.Databricks/workspaces")),
    "a service that is not known": fails(lambda: delegated("Microsoft.Novelty/things")),
    "API Management in the nodes' subnet": fails(
        lambda: beside("resourceNavigationLinks", "Microsoft.ApiManagement/service"), says=["ApiManagement"]
    ),
    "container groups in the nodes' subnet": fails(
        lambda: beside("serviceAssociationLinks", "Microsoft.ContainerInstance/containerGroups"),
        says=["ContainerInstance"],
    ),
    "container groups in the nodes' subnet, by a profile": fails(container_group, says=["aci"]),
    "an interface of another subscription in the nodes' subnet": fails(foreign, says=["theirs"]),
    "a nodes' subnet that other subscriptions may use": unknown(
        lambda: Alone().here("sharingScope", "Tenant"), "other subscriptions"
    ),
    "a scale set of another cluster in the nodes' subnet": fails(another_set, says=["batch_0 is in these ranges"]),
}


@pytest.mark.mistake("service-left-out")
@pytest.mark.parametrize("variant", SERVICES.values(), ids=SERVICES)
def test_services_near_the_nodes_are_found(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


OF_AKS = {
    "the link of AKS' own": passes(
        lambda: beside("serviceAssociationLinks", "Microsoft.ContainerService/managedClusters")
    ),
}


@pytest.mark.parametrize("variant", OF_AKS.values(), ids=OF_AKS)
def test_links_of_aks_are_no_services_of_others(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)
