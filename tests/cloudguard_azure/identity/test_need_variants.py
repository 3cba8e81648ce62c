"""Needs on Azure excuse grants on the cluster's own resources only: grants beside them, in rare forms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from azure_aks import Aks
from azure_clusters import Clean
from azure_fixtures import Subscription
from azure_identities import IDENTITIES
from azure_proxy import AzureProxy
from azure_variants import Variant

ROW = "cloud-api-access"

ZONES = "Microsoft.Network/privateDnsZones"
ZONE_ROLE = "Private DNS Zone Contributor"


def holding(role: str, place: Callable[[Aks], str]) -> Aks:
    """Return a cluster with its own identity, which has a role at a place."""
    account = Aks()
    own = account.identity("prod-cluster")
    cluster = account.get(account.cluster)
    cluster["identity"] = account.holding([own])
    account.assign(account.principal(own), role, place(account))
    return account


def other_network(account: Aks) -> str:
    return account.network("other", "10.9.0.0/16", rg="hub")


def other_subnet(account: Aks) -> str:
    return account.subnet(other_network(account), "apps", "10.9.1.0/24")


def other_identity(account: Aks) -> str:
    return account.identity("other", rg="shop")


def kubelets(account: Aks) -> str:
    return account.id(IDENTITIES, "prod-agentpool", group=account.node_group())


def nodes_of_another(account: Aks) -> str:
    return account.in_group("MC_other_other_westeurope")


def zone(name: str) -> Callable[[Aks], str]:
    """Return a function that adds two private zones, of which the cluster names one, and returns the one ``name``."""

    def made(account: Aks) -> str:
        zones = {each: account.id(ZONES, each, group="dns") for each in ("own.example", "other.example")}
        account.elsewhere |= {*zones.values()}
        account.itself["apiServerAccessProfile"]["privateDNSZone"] = zones["own.example"]
        return zones[name]

    return made


def vault(*, own: bool) -> Callable[[Aks], str]:
    """Return a function that adds two vaults, of which one has the cluster's key, and returns one of them."""

    def made(account: Aks) -> str:
        used, other = account.vault("used"), account.vault("other", rg="shop")
        kms = {"enabled": True, "keyId": account.key(used), "keyVaultNetworkAccess": "Public"}
        account.itself["securityProfile"] = {"azureKeyVaultKms": kms}
        return used if own else other

    return made


def controllers(role: str, *, everywhere: bool) -> Clean:
    """Return a self-managed cluster whose control plane has a role on its own group, or on the subscription."""
    account = Clean()
    own = account.identity("prod-cp")
    machine = account.get(account.id("Microsoft.Compute/virtualMachines", "prod-cp-0"))
    machine["identity"] = account.holding([own])
    account.assign(account.principal(own), role, None if everywhere else account.in_group())
    return account


def addon(place: Callable[[Aks], str]) -> Aks:
    """Return a cluster whose agent of logs may publish metrics of a place."""
    account = Aks()
    own = account.identity("omsagent-prod", rg=account.node_group())
    account.addon("omsagent", own)
    account.assign(account.principal(own), "Monitoring Metrics Publisher", place(account))
    return account


def kubelet_on(role: str, place: Callable[[Aks], str]) -> Aks:
    account = Aks()
    account.assign(account.kubelet, role, place(account))
    return account


def variant_of(
    build: Callable[[], Subscription], verdict: str = "FAIL", finds: tuple[str, ...] = ("outside:high",)
) -> Variant:
    return Variant(build, ROW, verdict, finds if verdict == "FAIL" else ())


VARIANTS = {
    "another network": variant_of(lambda: holding("Network Contributor", other_network)),
    "a subnet of another network": variant_of(lambda: holding("Network Contributor", other_subnet)),
    "another identity": variant_of(lambda: holding("Managed Identity Operator", other_identity)),
    "the identities of a group": variant_of(
        lambda: holding("Managed Identity Operator", lambda account: account.in_group("shop"))
    ),
    "the group of another cluster's nodes": variant_of(lambda: holding("Contributor", nodes_of_another)),
    "another private zone": variant_of(lambda: holding(ZONE_ROLE, zone("other.example"))),
    "another vault": variant_of(lambda: holding("Key Vault Crypto User", vault(own=False))),
    "metrics of everything": variant_of(lambda: addon(lambda account: account.whole())),
    "networks, for the kubelets": variant_of(lambda: kubelet_on("Network Contributor", lambda account: account.where)),
    "machines of the subscription, for a control plane": variant_of(
        lambda: controllers("Virtual Machine Contributor", everywhere=True)
    ),
    "machines of its group, for a control plane": variant_of(
        lambda: controllers("Virtual Machine Contributor", everywhere=False), "FAIL", ("inside:medium",)
    ),
}


@pytest.mark.mistake("need-too-wide")
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_need_excuses_grants_on_the_cluster_s_own_resources_only(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


NEEDED = {
    "the network of the nodes": variant_of(
        lambda: holding("Network Contributor", lambda account: account.where), "PASS"
    ),
    "the kubelets' identity": variant_of(lambda: holding("Managed Identity Operator", kubelets), "PASS"),
    "the group of its nodes": variant_of(
        lambda: holding("Contributor", lambda account: account.in_group(account.node_group())), "PASS"
    ),
    "its private zone": variant_of(lambda: holding(ZONE_ROLE, zone("own.example")), "PASS"),
    "the vault of its key": variant_of(lambda: holding("Key Vault Crypto User", vault(own=True)), "PASS"),
    "metrics of the cluster": variant_of(lambda: addon(lambda account: account.cluster), "PASS"),
    "images, for the kubelets": variant_of(lambda: kubelet_on("AcrPull", lambda account: account.whole()), "PASS"),
}


@pytest.mark.parametrize("variant", NEEDED.values(), ids=NEEDED)
def test_what_the_cluster_needs_on_its_own_resources_passes(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)
