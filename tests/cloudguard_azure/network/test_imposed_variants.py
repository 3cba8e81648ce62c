"""Rules that Azure or AKS imposes, guarded ways in and the metadata service: their weight, in rare forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from azure_aks import Aks, Alone
from azure_ids import Item
from azure_networks import link
from azure_proxy import AzureProxy
from azure_rules import ANY, rule
from azure_variants import Variant
from azure_ways_in import SSH

ROW = "node-access"


def lets(source: str) -> Aks:
    """Return a cluster whose nodes let a source reach the kubelet."""
    item = rule("kubelet", 150, "10250", source)
    account = Aks(nsg_rules=[item])
    account.let(item)
    return account


def machine(**rest: Any) -> Alone:  # noqa: ANN401 - a machine's
    account = Alone()
    account.machine("jenkins", account.where, "10.1.0.99", **rest)
    return account


def bastion(*, shared: bool = False, sku: str = "Standard") -> Aks:
    """Return a bastion in the network, whose subnet the nodes let in."""
    account = lets("10.1.250.0/26")
    subnet = account.subnet(account.vnet, "AzureBastionSubnet", "10.1.250.0/26")
    place = {"name": "ip", "properties": {"subnet": link(subnet)}}
    made = {"ipConfigurations": [place], "enableShareableLink": shared}
    account.add_network("bastionHosts", "bastion", made, sku={"name": sku})
    return account


def always_allowed() -> Aks:
    """Return nodes with public addresses, to which a network manager always lets the internet in."""
    account = Aks(node_addresses=["20.61.9.1", "20.61.9.2"])
    made = {
        "id": "/rules/kubelet",
        "kind": "Custom",
        "properties": {
            "access": "AlwaysAllow",
            "direction": "Inbound",
            "priority": 1,
            "protocol": "Tcp",
            "sources": [{"addressPrefix": "Internet", "addressPrefixType": "ServiceTag"}],
            "destinations": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
            "sourcePortRanges": ["0-65535"],
            "destinationPortRanges": ["10250"],
        },
    }
    path = f"{account.vnet}/listNetworkManagerEffectiveSecurityAdminRules"
    account.answer(path, {"value": [made]}, "POST")
    return account


def open_to_ssh() -> Aks:
    account = Aks(node_addresses=["20.61.9.1"], nsg_rules=[SSH])
    account.let(SSH)
    return account


def granted(role: str, *, metadata: bool = True) -> Aks:
    """Return a cluster whose kubelets have a role. ``metadata``: pods can reach the metadata service."""
    deny = rule("no", 100, ANY, ANY, protocol=ANY, access="Deny", direction="Outbound", destination="AzurePlatformIMDS")
    rules: list[Item] = [] if metadata else [deny]
    account = Aks(nsg_rules=rules)
    if role:
        account.assign(account.kubelet, role, account.in_group(account.node_group()))
    return account


def with_another_subnet() -> Alone:
    account = Alone()
    account.subnet(account.vnet, "apps", "10.1.7.0/24")
    return account


def pods_in_a_subnet(*, delegated: bool = True, shared: bool = False) -> Aks:
    """Return a cluster whose pods have addresses of a subnet, which the nodes let in. ``shared``: by two clusters."""
    account = Aks()
    name, cidr = "pods", "10.1.32.0/19"
    aks = "Microsoft.ContainerService/managedClusters"
    subnet = account.delegated(name, aks, cidr) if delegated else account.subnet(account.vnet, name, cidr)
    account.itself["agentPoolProfiles"][0]["podSubnetID"] = subnet
    account.itself["networkProfile"].pop("podCidr")
    account.let(rule(name, 160, ANY, cidr, protocol=ANY))
    if shared:
        nodes = account.subnet(account.vnet, "others", "10.1.2.0/24")
        account.managed_cluster("test", subnet=nodes, addresses=["10.1.2.4"], pool={"podSubnetID": subnet})
    return account


def api(**access: Any) -> Aks:  # noqa: ANN401 - JSON
    return Aks({"authorizedIPRanges": ["198.51.100.0/24"], **access})


IMPOSED: Mapping[str, Variant] = {
    "AKS' rule, alone in the subnet": Variant(Alone, ROW, "PASS", ["inside:low"]),
    "AKS' rule, beside a machine": Variant(
        machine, ROW, "FAIL", ["inside:medium"], says=["jenkins is in these ranges today"]
    ),
    "AKS' rule, beside another subnet": Variant(with_another_subnet, ROW, "FAIL", ["inside:medium"], ["internet"]),
    "AKS' rule, and one of the user's for the internet": Variant(open_to_ssh, ROW, "FAIL", ["internet:critical"]),
    "a rule that a network manager imposes": Variant(always_allowed, ROW, "FAIL", ["internet:critical"]),
    "health checks": Variant(lambda: lets("AzureLoadBalancer"), ROW, "PASS", lacks=["inside", "internet"]),
    "pods in a subnet of their own": Variant(pods_in_a_subnet, ROW, "PASS", lacks=["inside"]),
    "pods in a subnet of two clusters": Variant(lambda: pods_in_a_subnet(shared=True), ROW, "FAIL", ["inside:medium"]),
    "pods in a subnet that other machines may use": Variant(
        lambda: pods_in_a_subnet(delegated=False), ROW, "FAIL", ["inside:medium"]
    ),
    "a bastion": Variant(bastion, ROW, "FAIL", ["inside:medium"]),
    "the metadata service of kubelets without a role": Variant(
        lambda: granted(""), "cloud-api-access", "PASS", lacks=["metadata"]
    ),
    "the metadata service of kubelets that pull images": Variant(
        lambda: granted("AcrPull"), "cloud-api-access", "PASS", ["metadata:low"]
    ),
    "the metadata service of powerful kubelets": Variant(
        lambda: granted("Contributor"), "cloud-api-access", "FAIL", ["metadata:medium"]
    ),
    "the metadata service that a rule denies": Variant(
        lambda: granted("Contributor", metadata=False), "cloud-api-access", "FAIL", ["inside:medium"], ["metadata"]
    ),
    "commands through the Resource Manager": Variant(api, "api-server-access", "PASS", ["internet:low"]),
    "commands through the Resource Manager, on a private API": Variant(
        lambda: api(enablePrivateCluster=True, authorizedIPRanges=[]), "api-server-access", "UNKNOWN", ["internet:low"]
    ),
    "no commands through the Resource Manager": Variant(
        lambda: Aks({"authorizedIPRanges": ["0.0.0.0/32"], "disableRunCommand": True}),
        "api-server-access",
        "PASS",
        lacks=["inside"],
    ),
}


@pytest.mark.mistake("imposed-misjudged")
@pytest.mark.parametrize("variant", IMPOSED.values(), ids=IMPOSED)
def test_rules_of_the_provider_and_guarded_ways_have_their_weight(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)
