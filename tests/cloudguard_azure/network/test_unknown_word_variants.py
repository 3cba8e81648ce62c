"""Words of Azure's answers that this release does not know, in whole clusters: none of them makes a row pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azure_aks import Aks
from azure_clusters import Clean
from azure_fixtures import Subscription
from azure_further import admin_rule
from azure_identities import IDENTITIES
from azure_networks import link
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_variants import Variant, report_on
from azure_ways_in import aks_private, without_group
from cloudguard.results.report import Verdict
from judged import ADMINS

pytestmark = pytest.mark.mistake("unknown-word")
API, NODES, CLOUD, DISKS = "api-server-access", "node-access", "cloud-api-access", "etcd-encryption"
OPEN = rule("kubelet", 150, "10250", "Internet")


def ruled(**changed: Any) -> Clean:  # noqa: ANN401 - JSON
    """Return nodes with public addresses, an open kubelet, and a denial before it with a changed word."""
    account = Clean(nodes=[rule("no", 140, "10250", "Internet", access="Deny"), OPEN], public="Standard")
    (first,) = [item for item in account.properties(account.node_group_rules)["securityRules"] if item["name"] == "no"]
    first["properties"].update(changed)
    return account


def opened(account: Clean | None = None) -> Clean:
    return account or Clean(nodes=[OPEN], public="Standard")


def next_hop(word: str) -> Clean:
    """Return open nodes with public addresses, whose default route has a next hop of a kind."""
    account = opened()
    table = account.route_table("odd", ("0.0.0.0/0", "Internet", ""))
    account.properties(table)["routes"][0]["properties"]["nextHopType"] = word
    account.properties(account.vnet)["subnets"][1]["properties"]["routeTable"] = link(table)
    return account


def sku_of_address(word: str) -> Subscription:
    """Return nodes without a group, with public addresses of a SKU."""
    account = without_group("Standard")
    for item in account.items.values():
        if item["type"].endswith("publicIPAddresses"):
            item["sku"]["name"] = word
    return account


def balancer(**changed: Any) -> Clean:  # noqa: ANN401 - JSON
    """Return a balancer to an open node, with a changed word in its rule."""
    account = Clean(nodes=[OPEN])
    own = account.load_balancer("front", (10250, 10250), public=account.public_address("front", "20.71.0.20"))
    held = account.properties(account.interface_of("prod-node-1"))["ipConfigurations"][0]["properties"]
    held["loadBalancerBackendAddressPools"] = [link(account.pool(own))]
    account.properties(own)["loadBalancingRules"][0]["properties"].update(changed)
    return account


def peering(word: str) -> Clean:
    account = Clean(nodes=[rule("peer", 150, "10250", "10.2.0.0/24")])
    other = account.network("other", "10.2.0.0/16")
    account.peering(account.vnet, other)
    account.properties(account.vnet)["virtualNetworkPeerings"][0]["properties"]["peeringState"] = word
    return account


def manager(word: str) -> Subscription:
    account = admin_rule("Deny", allowed_below=True)
    (body,) = [body for path, body in account.answers.items() if "effectivesecurityadminrules" in path]
    body["value"][0]["properties"]["access"] = word
    return account


def policies(word: str) -> Subscription:
    """Return a private API's endpoint in a subnet whose policies for endpoints are a word."""
    account = aks_private()
    subnet = f"{account.id('Microsoft.Network/virtualNetworks', 'aks')}/subnets/nodes"
    account.get(subnet)["properties"]["privateEndpointNetworkPolicies"] = word
    return account


def disk(**changed: Any) -> Clean:  # noqa: ANN401 - JSON
    account = Clean()
    account.properties(account.id("Microsoft.Compute/disks", "prod-cp-0-os")).update(changed)
    return account


def placement(word: str) -> Clean:
    """Return a control plane whose OS disk is on the physical host, in a place of that name."""
    account = Clean()
    root = account.properties(account.id("Microsoft.Compute/virtualMachines", "prod-cp-0"))["storageProfile"]["osDisk"]
    root["diffDiskSettings"] = {"option": "Local", "placement": word}
    del root["managedDisk"], account.items[account.id("Microsoft.Compute/disks", "prod-cp-0-os").lower()]
    return account


def identity(kind: str) -> Clean:
    """Return a node with identities of a kind."""
    account = Clean(identities=["prod-node"])
    account.get(account.id("Microsoft.Compute/virtualMachines", "prod-node-1"))["identity"]["type"] = kind
    account.assign(account.principal(account.id(IDENTITIES, "prod-node")), "Contributor")
    return account


def pool(**changed: Any) -> Aks:  # noqa: ANN401 - JSON
    """Return a cluster with a second pool that no scale set shows."""
    account = Aks()
    listed = account.itself["agentPoolProfiles"]
    listed.append({**listed[0], "name": "odd", "count": 1, **changed})
    return account


UNKNOWN: dict[str, tuple[str, Callable[[], Subscription]]] = {
    "the access of a denial": (NODES, lambda: ruled(access="AllowIfAsked")),
    "the direction of a denial": (NODES, lambda: ruled(direction="Sideways")),
    "the protocol of a denial": (NODES, lambda: ruled(protocol="Quic")),
    "the ports of a denial": (NODES, lambda: ruled(destinationPortRange="kubelet")),
    "the source of a denial": (NODES, lambda: ruled(sourceAddressPrefix="Elsewhere")),
    "a network manager's access": (NODES, lambda: manager("Quarantine")),
    "the kind of a next hop": (NODES, lambda: next_hop("Tunnel")),
    "the SKU of addresses without a group": (NODES, lambda: sku_of_address("Premium")),
    "the protocol of a balancer": (NODES, lambda: balancer(protocol="Sctp")),
    "the state of a peering": (NODES, lambda: peering("Paused")),
    "the type of a pool": (NODES, lambda: pool(type="Serverless")),
    "the encryption of a disk": (DISKS, lambda: disk(encryption={"type": "EncryptionAtRestWithMagic"})),
    "the state of a disk": (DISKS, lambda: disk(diskState="ActiveElsewhere")),
    "the placement of a local disk": (DISKS, lambda: placement("MoonDisk")),
    "the kind of an identity": (CLOUD, lambda: identity("HardwareAssigned")),
    "the ranges of an API": (API, lambda: Aks({"authorizedIPRanges": ["198.51.100.0/24", "Office"]})),
}


@pytest.mark.parametrize(("row", "build"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_word_leaves_the_row_unknown(
    azure_cloud: AzureProxy, row: str, build: Callable[[], Subscription]
) -> None:
    result = report_on(azure_cloud, build()).row(row)
    assert result.verdict in {Verdict.UNKNOWN, Verdict.FAIL}, result.why


def test_an_unknown_policy_for_endpoints_may_switch_the_group_off(azure_cloud: AzureProxy) -> None:
    Variant(lambda: policies("Sometimes"), API, "UNKNOWN", policy=ADMINS).check(azure_cloud)
