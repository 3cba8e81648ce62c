"""Answers of Azure that are cut short, contradict each other or are not the API's: no row passes because of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azure_aks import Aks
from azure_clusters import Clean
from azure_fixtures import Subscription
from azure_identities import IDENTITIES
from azure_ids import inner
from azure_networks import NETWORK, link
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_server import MALFORMED, PAGE_OF_A_PROXY, Azure, Fault
from azure_variants import report_on
from cloudguard.results.report import Verdict

pytestmark = pytest.mark.mistake("odd-answer")
API, NODES, ETCD, CLOUD, DISKS = (
    "api-server-access",
    "node-access",
    "etcd-access",
    "cloud-api-access",
    "etcd-encryption",
)
COMPUTE = "Microsoft.Compute"
NOT_CLOSED = frozenset({Verdict.FAIL, Verdict.UNKNOWN})
KUBELET = rule("kubelet", 150, "10250", "Internet")


class Open(Clean):
    """A cluster with an open kubelet on nodes with public addresses, an open API behind a balancer, and open etcd."""

    def __init__(self) -> None:
        masters = [rule("api", 150, "6443", "Internet"), rule("etcd", 160, "2379", "10.0.9.0/24")]
        super().__init__(masters=masters, nodes=[KUBELET], public="Standard", identities=["prod-node"])
        self.balancer = self.load_balancer("api", (443, 6443), public=self.public_address("api", "20.71.0.20"))
        held = self.properties(self.interface_of("prod-cp-0"))["ipConfigurations"][0]["properties"]
        held["loadBalancerBackendAddressPools"] = [link(self.pool(self.balancer))]
        self.assign(self.principal(self.id(IDENTITIES, "prod-node")), "Contributor")
        self.properties(self.disk_of())["diskState"] = "ActiveSAS"

    def disk_of(self) -> str:
        """Return the id of the control plane's disk."""
        return self.id(f"{COMPUTE}/disks", "prod-cp-0-os")

    def without(self, *ids: str) -> Open:
        """Leave resources out of the answers, although others refer to them."""
        for own in ids:
            self.elsewhere |= {own, *inner(self.items.pop(own.lower()))}
        return self


def read(kind: str) -> str:
    return f"{kind}/read"


PAGES = {
    "security groups": (NODES, read(f"{NETWORK}/networkSecurityGroups")),
    "networks": (NODES, read(f"{NETWORK}/virtualNetworks")),
    "interfaces": (NODES, read(f"{NETWORK}/networkInterfaces")),
    "public addresses": (NODES, read(f"{NETWORK}/publicIPAddresses")),
    "balancers": (API, read(f"{NETWORK}/loadBalancers")),
    "role assignments": (CLOUD, read("Microsoft.Authorization/roleAssignments")),
    "disks": (DISKS, read(f"{COMPUTE}/disks")),
}


@pytest.mark.parametrize("odd", [PAGE_OF_A_PROXY, MALFORMED, Fault(404, "NotFound")], ids=["page", "cut", "missing"])
@pytest.mark.parametrize(("row", "action"), PAGES.values(), ids=PAGES)
def test_an_answer_that_is_not_the_api_s_closes_nothing(
    azure_cloud: AzureProxy, row: str, action: str, odd: Fault
) -> None:
    report = report_on(azure_cloud, Azure(Open(), faults={action: [odd] * 4}))
    assert report.row(row).verdict in NOT_CLOSED, report.row(row).why


@pytest.mark.parametrize("value", [{}, "none", None], ids=repr)
@pytest.mark.parametrize(("row", "action"), PAGES.values(), ids=PAGES)
def test_a_page_without_a_list_closes_nothing(azure_cloud: AzureProxy, row: str, action: str, value: object) -> None:
    report = report_on(azure_cloud, Azure(Open(), spoiled={action: {"value": value}}))
    assert report.row(row).verdict in NOT_CLOSED, report.row(row).why


def group_of_interface() -> Open:
    """Return an interface whose own group is not listed."""
    account = Open()
    nsg = account.security_group("gone", KUBELET)
    account.properties(account.interface_of("prod-node-1"))["networkSecurityGroup"] = link(nsg)
    return account.without(nsg)


def table_of_subnet() -> Open:
    account = Open()
    table = account.route_table("gone", ("0.0.0.0/0", "None", ""))
    account.properties(account.vnet)["subnets"][1]["properties"]["routeTable"] = link(table)
    return account.without(table)


def subnet_of_interface() -> Open:
    """Return a network whose answer lacks the nodes' subnet."""
    account = Open()
    gone = account.properties(account.vnet)["subnets"].pop(1)
    account.elsewhere.add(gone["id"])
    return account


def peer_of_one_side() -> Open:
    account = Open()
    account.properties(account.node_group_rules)["securityRules"][:] = [
        item for item in account.properties(account.node_group_rules)["securityRules"] if item["name"] != "kubelet"
    ]
    account.peering(account.network("other", "10.2.0.0/16"), account.vnet)
    return account


def encryption_set() -> Open:
    account = Open()
    vault = account.vault()
    own = account.disk_encryption_set("etcd", account.key(vault), vault=vault)
    account.properties(account.disk_of()).update(
        diskState="Attached", encryption={"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": own}
    )
    return account.without(own)


def identity_without_object() -> Open:
    """Return a node whose identity's object id is missing in the machine's answer."""
    account = Open()
    machine = account.get(account.id(f"{COMPUTE}/virtualMachines", "prod-node-1"))
    for held in machine["identity"]["userAssignedIdentities"].values():
        del held["principalId"]
    return account


def role_that_is_gone() -> Open:
    account = Open()
    own = account.principal(account.id(IDENTITIES, "prod-node"))
    for name in [name for name, item in account.items.items() if item.get("properties", {}).get("principalId") == own]:
        if "/roleassignments/" in name:
            del account.items[name]
    role = account.role("gone", "Microsoft.Compute/disks/write")
    account.assign(own, role)
    return account.without(role)


def aks(**more: Any) -> Aks:  # noqa: ANN401 - JSON
    """Return an AKS cluster with other fields of its pool."""
    account = Aks()
    account.itself["agentPoolProfiles"][0].update(more)
    return account


def without_pools() -> Aks:
    """Return a cluster of AKS with neither pools nor machines."""
    account = Aks()
    account.itself["agentPoolProfiles"] = []
    own = account.id(f"{COMPUTE}/virtualMachineScaleSets", "aks-nodepool1-12345678-vmss", group=account.node_group())
    for name in [name for name in account.items if name.startswith(own.lower())]:
        account.elsewhere.add(name)
        del account.items[name]
    return account


CONTRADICTIONS: dict[str, tuple[str, Callable[[], Subscription]]] = {
    "a group of an interface that is not listed": (NODES, group_of_interface),
    "a group of a subnet that is not listed": (NODES, lambda: (a := Open()).without(a.node_group_rules)),
    "a route table that is not listed": (NODES, table_of_subnet),
    "a subnet that its network does not list": (NODES, subnet_of_interface),
    "a public address that is not listed": (
        NODES,
        lambda: (a := Open()).without(*(a.id(f"{NETWORK}/publicIPAddresses", f"node-{n}") for n in (1, 2))),
    ),
    "an interface that is not listed": (
        NODES,
        lambda: (a := Open()).without(*(a.interface_of(f"prod-node-{n}") for n in (1, 2))),
    ),
    "a balancer that is not listed": (API, lambda: (a := Open()).without(a.balancer)),
    "a peering that only one side lists": (NODES, peer_of_one_side),
    "a disk that is not listed": (DISKS, lambda: (a := Open()).without(a.disk_of())),
    "an encryption set that is not listed": (DISKS, encryption_set),
    "an identity without an object id": (CLOUD, identity_without_object),
    "a role that cannot be read": (CLOUD, role_that_is_gone),
    "more nodes than are listed": (NODES, lambda: aks(count=5)),
    "no nodes and no pools": (NODES, without_pools),
}


@pytest.mark.parametrize(("row", "build"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_answers_that_contradict_each_other_close_nothing(
    azure_cloud: AzureProxy, row: str, build: Callable[[], Subscription]
) -> None:
    report = report_on(azure_cloud, build())
    assert report.row(row).verdict in NOT_CLOSED, report.row(row).why
