"""Hosts and interfaces of a cluster on Azure that are easily missed, and the next hosts of its pools: rare forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azure_aks import Aks
from azure_clusters import Clean, capz_tags
from azure_fixtures import Subscription
from azure_ids import Item
from azure_networks import link
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_variants import Variant
from cloudguard.model.cluster import Role

ROW = "node-access"
KUBELET = rule("kubelet", 150, "10250", "Internet")
KUBELET6 = rule("kubelet", 150, "10250", "::/0")
OPEN, OPEN6 = "20.71.0.9", "2603:1020:206::7"


class Nodes(Clean):
    """A clean cluster whose nodes let the internet reach the kubelet: only public addresses are missing."""

    def __init__(self, *rules: Item) -> None:
        super().__init__(nodes=rules or (KUBELET,))
        self.where = f"{self.vnet}/subnets/prod-node-subnet"

    def shown(self, name: str = "shown", address: str = OPEN, **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a public address."""
        return self.public_address(name, address, **rest)

    def further(self, name: str, tags: Item | None, **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a machine in the nodes' subnet with a public address."""
        return self.machine(name, self.where, "10.0.1.30", public=self.shown(), asgs=[self.nodes], tags=tags, **rest)

    def dual(self) -> None:
        """Give the nodes' subnet a range of IPv6."""
        self.properties(self.vnet)["addressSpace"]["addressPrefixes"].append("fd00:db8::/48")
        inside = self.properties(self.vnet)["subnets"][1]["properties"]
        inside["addressPrefixes"] = [inside.pop("addressPrefix"), "fd00:db8:0:1::/64"]

    def configuration(self, public: str, address: str = "10.0.1.20", **rest: Any) -> None:  # noqa: ANN401 - JSON
        """Add a configuration with a public address to the interface of a node."""
        interface = self.interface_of("prod-node-1")
        held = {
            "privateIPAddress": address,
            "privateIPAddressVersion": "IPv6" if ":" in address else "IPv4",
            "primary": False,
            "subnet": link(self.where),
            "publicIPAddress": link(public),
        }
        item = {"id": f"{interface}/ipConfigurations/two", "name": "two", "properties": held | rest}
        self.properties(interface)["ipConfigurations"].append(item)


def second_interface(*, listed: bool) -> Nodes:
    """Return a node with an interface in another subnet. ``listed``: the machine names it, too."""
    account = Nodes()
    group = account.security_group(
        "storage", KUBELET, rule("shut", 200, source="VirtualNetwork", protocol="*", access="Deny")
    )
    subnet = account.subnet(account.vnet, "storage", "10.0.5.0/24", nsg=group)
    node = account.id("Microsoft.Compute/virtualMachines", "prod-node-1")
    own = account.interface("second", subnet, "10.0.5.4", public=account.shown(), machine=node)
    account.properties(own)["primary"] = False
    if listed:
        account.properties(node)["networkProfile"]["networkInterfaces"].append(link(own))
    return account


def second_address(address: str = "10.0.1.20", public: str = OPEN) -> Nodes:
    account = Nodes(KUBELET6 if ":" in address else KUBELET)
    if ":" in address:
        account.dual()
    account.configuration(account.shown(address=public), address)
    return account


def member_of_a_set(*, flexible: bool) -> Nodes:
    """Return a member of a set that has the cluster's tag; the member itself has none."""
    account = Nodes()
    tags = capz_tags("node")
    if flexible:
        own = account.scale_set("md-0", account.where, flexible=True, tags=tags, asgs=[account.nodes])
        account.further("md-0_a1", None, scale_set=own)
        return account
    own = account.scale_set("md-0", account.where, "10.0.1.30", tags=tags, asgs=[account.nodes], public=[OPEN])
    account.get(f"{own}/virtualMachines/0").pop("tags")
    return account


def beside_the_control_plane() -> Clean:
    """Return a machine without tags behind the API's balancer, beside the control plane."""
    account = Clean(masters=[KUBELET])
    control = f"{account.vnet}/subnets/prod-controlplane-subnet"
    balancer = account.load_balancer("api", (6443, 6443), subnet=control, address="10.0.0.100")
    held = account.properties(account.interface_of("prod-cp-0"))["ipConfigurations"][0]["properties"]
    held["loadBalancerBackendAddressPools"] = [link(account.pool(balancer))]
    shown = account.public_address("shown", OPEN)
    account.machine("replacement", control, "10.0.0.9", public=shown, pools=[account.pool(balancer)])
    return account


def of_aks(name: str, tags: Item | None, **rest: Any) -> Aks:  # noqa: ANN401 - JSON
    """Return a machine in the node group of an AKS cluster, with a public address and no group on its interface."""
    account = Aks(**rest)
    account.let(KUBELET)
    shown = account.public_address("shown", OPEN)
    group = account.node_group()
    account.machine(name, account.where, "10.1.0.50", rg=group, asgs=[account.nodes], public=shown, tags=tags)
    return account


def set_of_aks(name: str) -> Aks:
    """Return a scale set in the node group that no pool of the cluster's description names."""
    account = Aks()
    account.let(KUBELET)
    account.scale_set(name, account.where, "10.1.0.60", rg=account.node_group(), asgs=[account.nodes], public=[OPEN])
    return account


def missing_member() -> Aks:
    """Return a cluster that counts more nodes than are listed."""
    account = Aks()
    account.itself["agentPoolProfiles"][0]["count"] = 3
    return account


def hosted_system() -> Aks:
    return Aks(hostedSystemProfile={"enabled": True})


def internet(build: Callable[[], Subscription], **rest: Any) -> Variant:  # noqa: ANN401 - a variant's
    return Variant(build, ROW, "FAIL", ["internet:critical"], **rest)


MEMBERS = {
    "a second interface": internet(lambda: second_interface(listed=True)),
    "a second interface that the machine does not name": internet(lambda: second_interface(listed=False)),
    "a second address of an interface": internet(second_address),
    "an IPv6 address of an interface": internet(lambda: second_address("fd00:db8:0:1::20", OPEN6)),
    "a machine in another resource group": internet(
        lambda: _further(lambda account: account.further("node-9", capz_tags("node"), rg="pools"))
    ),
    "a machine with the tag in capitals": internet(
        lambda: _further(
            lambda account: account.further("node-9", {key.upper(): value for key, value in capz_tags("node").items()})
        )
    ),
    "a member of a flexible set without tags": internet(lambda: member_of_a_set(flexible=True)),
    "a member of a uniform set without tags": internet(lambda: member_of_a_set(flexible=False)),
    "a machine without tags behind the API's balancer": internet(beside_the_control_plane),
    "a machine that a flag names": internet(
        lambda: _further(lambda account: account.further("helper", None)), hosts={"helper": [Role.NODE]}
    ),
    "a single machine of AKS": internet(lambda: of_aks("aks-manual-1", {"aks-managed-poolName": "manual"})),
    "a machine of node auto-provisioning": internet(
        lambda: of_aks("prod-x7", {"karpenter.azure.com_cluster": "prod"}, nodeProvisioningProfile={"mode": "Auto"})
    ),
    "a scale set of AKS that no pool names": internet(lambda: set_of_aks("aks-gpu-99-vmss")),
    "a scale set of AKS for Windows": internet(lambda: set_of_aks("akswin")),
    "a node that is counted but not listed": Variant(missing_member, ROW, "UNKNOWN", says=["3 nodes"]),
    "system nodes in Microsoft's subscription": Variant(hosted_system, ROW, "UNKNOWN", says=["system nodes"]),
}


def _further(add: Callable[[Nodes], object]) -> Nodes:
    account = Nodes()
    add(account)
    return account


@pytest.mark.mistake("member-left-out")
@pytest.mark.parametrize("variant", MEMBERS.values(), ids=MEMBERS)
def test_every_host_and_interface_of_the_cluster_is_judged(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


def empty_set(*rules: Item, flexible: bool = False, **rest: Any) -> Nodes:  # noqa: ANN401 - a scale set's
    """Return a cluster with a scale set that has no members today."""
    account = Nodes(*rules)
    rest.setdefault("public", [OPEN])
    account.scale_set("md-1", account.where, flexible=flexible, tags=capz_tags("node"), asgs=[account.nodes], **rest)
    return account


def profile_of(account: Nodes) -> list[Item]:
    """Return the interfaces of the next machine of the scale set "md-1"."""
    own = account.properties(account.id("Microsoft.Compute/virtualMachineScaleSets", "md-1"))
    listed: list[Item] = own["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"]
    return listed


def in_an_open_subnet() -> Nodes:
    """Return a scale set without members in a subnet of its own, whose group lets in the internet."""
    account = Nodes(rule("none", 150, "1", "Internet"))
    group = account.security_group(
        "open", KUBELET, rule("no", 200, source="VirtualNetwork", protocol="*", access="Deny")
    )
    subnet = account.subnet(account.vnet, "open", "10.0.6.0/24", nsg=group)
    account.scale_set("md-1", subnet, tags=capz_tags("node"), public=[OPEN])
    return account


def next_second_interface() -> Nodes:
    account = in_an_open_subnet()
    (nic,) = profile_of(account)
    own = account.id("Microsoft.Compute/virtualMachineScaleSets", "md-1")
    del account.items[own.lower()]
    account.scale_set("md-1", account.where, tags=capz_tags("node"), asgs=[account.nodes])
    nic["properties"]["primary"] = False
    profile_of(account).append({**nic, "name": "two"})
    return account


def next_ipv6_address() -> Nodes:
    account = empty_set(KUBELET6, public=[])
    account.dual()
    shown = {"name": "pub", "properties": {"publicIPAddressVersion": "IPv6"}}
    held = {"primary": False, "subnet": link(account.where), "privateIPAddressVersion": "IPv6"}
    item = {"name": "v6", "properties": held | {"publicIPAddressConfiguration": shown}}
    profile_of(account)[0]["properties"]["ipConfigurations"].append(item)
    return account


def stopped() -> Nodes:
    """Return a node whose public address is assigned when it starts."""
    account = Nodes()
    shown = account.shown(address="20.71.0.77", publicIPAllocationMethod="Dynamic")
    del account.properties(shown)["ipAddress"]
    held = account.properties(account.interface_of("prod-node-1"))["ipConfigurations"][0]["properties"]
    held["publicIPAddress"] = link(shown)
    return account


def newer_template() -> Nodes:
    """Return a set whose member is shut, while its model gives the next one a public address."""
    account = Nodes()
    account.scale_set("md-1", account.where, "10.0.1.30", tags=capz_tags("node"), asgs=[account.nodes])
    (nic,) = profile_of(account)
    shown = {"name": "pub", "properties": {"idleTimeoutInMinutes": 15}}
    nic["properties"]["ipConfigurations"][0]["properties"]["publicIPAddressConfiguration"] = shown
    return account


def pool(**more: Any) -> Aks:  # noqa: ANN401 - JSON
    """Return a cluster of AKS whose groups let in the internet, with other fields of its pool, and an older set."""
    account = Aks(nsg_rules=[KUBELET])
    account.let(KUBELET)
    account.itself["agentPoolProfiles"][0].update(more)
    return account


def pool_in_another_subnet() -> Aks:
    account = Aks()
    other = account.subnet(account.vnet, "open", "10.1.7.0/24")
    account.itself["agentPoolProfiles"][0]["vnetSubnetID"] = other
    return account


def second_pool() -> Aks:
    account = Aks()
    listed = account.itself["agentPoolProfiles"]
    listed.append({**listed[0], "name": "gpu", "count": 0})
    return account


NEXT = {
    "an empty set": internet(empty_set),
    "an empty flexible set": internet(lambda: empty_set(flexible=True)),
    "an empty set in an open subnet": internet(in_an_open_subnet),
    "a second interface of the next host": internet(next_second_interface),
    "an IPv6 address of the next host": internet(next_ipv6_address),
    "a stopped host": internet(stopped),
    "a set whose model is newer than its members": internet(newer_template),
    "a pool of AKS that is newer than its set": internet(lambda: pool(enableNodePublicIP=True)),
    "a stopped pool of AKS": internet(lambda: pool(enableNodePublicIP=True, powerState={"code": "Stopped"})),
    "a pool of AKS that moves to another subnet": Variant(pool_in_another_subnet, ROW, "UNKNOWN", says=["next host"]),
    "a pool of AKS without a set": Variant(second_pool, ROW, "UNKNOWN", says=["gpu"]),
}


@pytest.mark.mistake("next-host-left-out")
@pytest.mark.parametrize("variant", NEXT.values(), ids=NEXT)
def test_stopped_and_next_hosts_are_judged(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


def test_a_pool_that_gives_no_addresses_passes(azure_cloud: AzureProxy) -> None:
    Variant(pool, ROW, "PASS").check(azure_cloud)
