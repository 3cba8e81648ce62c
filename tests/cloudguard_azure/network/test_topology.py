"""The topology of a made-up subscription: the filters of hosts and pools, and their neighbours."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from azure_clusters import Clean, capz_tags
from azure_fixtures import Subscription
from azure_rules import rule
from azure_ways import Served
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.port import CollectRequest
from cloudguard_azure.access import calls
from cloudguard_azure.cluster.find import find
from cloudguard_azure.cluster.hosts import read_hosts
from cloudguard_azure.cluster.pools import read_pools
from cloudguard_azure.network.topology import NetworkFacts, read_around


def topology_around(account: Subscription, refused: Iterable[calls.Call] = ()) -> tuple[NetworkFacts, Served]:
    """Return the topology around the cluster "prod"."""
    api = Served(account, refused)
    cluster = find(api, CollectRequest(cluster="prod"))
    hosts = read_hosts(api, cluster)
    return read_around(api, cluster, hosts, read_pools(api, cluster, hosts)), api


def chains(network_facts: NetworkFacts) -> dict[str, list[str]]:
    """Return the last parts of the ids of filters, by the name of the host or pool."""
    of_hosts = {host.name: nic.filters for host in network_facts.hosts for nic in host.interfaces}
    return {name: [_last(id_) for id_ in ids] for name, ids in (of_hosts | _of_pools(network_facts)).items()}


def _of_pools(network_facts: NetworkFacts) -> dict[str, tuple[str, ...]]:
    return {pool.name: pool.filters for pool in network_facts.pools}


def _last(own: str) -> str:
    return own.rpartition("/")[2]


def test_hosts_and_next_hosts_are_guarded_by_subnet_and_interface_groups() -> None:
    account = Clean(on_nodes=[rule("ssh", 100, "22")])
    subnet = account.id("Microsoft.Network/virtualNetworks/subnets", "prod-vnet", "prod-node-subnet")
    nsg = account.id("Microsoft.Network/networkSecurityGroups", "prod-nic-nsg")
    account.scale_set("workers", subnet, "10.0.1.20", nsg=nsg, tags=capz_tags("node"))
    around, api = topology_around(account)
    both = ["prod-node-nsg", "prod-nic-nsg"]
    assert chains(around) == {
        "prod-cp-0": ["prod-controlplane-nsg"],
        "prod-node-1": both,
        "prod-node-2": both,
        "workers_0": both,
        "workers": both,
    }
    assert {guard.id for guard in around.topology.filters} >= {
        filter_ for nic in around.hosts[1].interfaces for filter_ in nic.filters
    }
    assert api.gaps == ()


@pytest.mark.parametrize(
    ("sku", "words"),
    [
        ("Basic", "open to the internet"),
        ("Standard", "closed to the internet"),
        ("StandardV2", "closed to the internet"),
        ("", "perhaps open to the internet"),
        ("Gold", "perhaps open to the internet"),
    ],
)
def test_without_a_group_the_public_address_s_sku_decides_on_the_internet(sku: str, words: str) -> None:
    account = Clean(guarded=False, public="Standard")
    for number in (1, 2):
        item = account.get(account.id("Microsoft.Network/publicIPAddresses", f"node-{number}"))
        item["sku"] = {"name": sku} if sku else {}
    around, _ = topology_around(account)
    assert chains(around)["prod-node-1"] == [f"no network security group in prod-vnet, {words}"]


def test_without_a_group_a_balancer_s_sku_decides_too() -> None:
    account = Clean(guarded=False)
    balancer = account.load_balancer(
        "front", (80, 80), public=account.public_address("front", "20.71.0.20", sku="Basic"), sku="Basic"
    )
    configuration = account.properties(account.interface_of("prod-node-1"))["ipConfigurations"][0]["properties"]
    configuration["loadBalancerBackendAddressPools"] = [{"id": account.pool(balancer)}]
    around, _ = topology_around(account)
    assert [chains(around)[name] for name in ("prod-node-1", "prod-node-2")] == [
        ["no network security group in prod-vnet, open to the internet"],
        ["no network security group in prod-vnet, closed to the internet"],
    ]


def test_other_machines_in_allowed_groups_and_in_the_cluster_s_networks_are_listed() -> None:
    account = Clean()
    tools = account.subnet(account.vnet, "tools", "10.0.9.0/24")
    elsewhere = account.subnet(account.network("other", "10.9.0.0/16"), "tools", "10.9.0.0/24")
    account.machine("ci", tools, "10.0.9.4", asgs=[account.nodes])
    account.machine("web", elsewhere, "10.9.0.4")
    account.scale_set("batch", tools, "10.0.9.20", asgs=[account.application_group("mine")])
    account.scale_set("far", elsewhere, "10.9.0.20")
    account.interface("detached", tools, "10.0.9.30", asgs=[account.masters])
    around, api = topology_around(account)
    assert [
        (external_member.owner, [_last(name) for name in external_member.groups])
        for external_member in around.topology.external_members
    ] == [("ci", ["nodes"])]
    assert sorted(neighbour.owner for neighbour in around.topology.neighbours or ()) == ["batch_0", "ci"]
    assert [(group.name, group.members_known) for group in around.topology.groups] == [
        ("masters", True),
        ("nodes", True),
    ]
    assert api.made.count(calls.LIST_SCALE_SET_INTERFACES.name) == 1, "no members of sets that are far away are read"


@pytest.mark.parametrize(
    ("call", "hidden"),
    [
        (calls.LIST_SECURITY_GROUPS, FactKind.FILTERS),
        (calls.LIST_EFFECTIVE_ADMIN_RULES, FactKind.FILTERS),
        (calls.LIST_EFFECTIVE_CONNECTIVITY, FactKind.ROUTES),
        (calls.LIST_NETWORKS, FactKind.ROUTES),
        (calls.LIST_ROUTE_TABLES, FactKind.ROUTES),
    ],
)
def test_a_refused_call_is_a_gap_and_leaves_everything_possible(call: calls.Call, hidden: FactKind) -> None:
    around, api = topology_around(Clean(), [call])
    assert hidden in {kind for gap in api.gaps for kind in gap.hides}
    if call in {calls.LIST_SECURITY_GROUPS, calls.LIST_NETWORKS}:
        assert all(rule.uncertain for filter_ in around.topology.filters for rule in filter_.rules)


def test_service_tags_are_read_only_if_a_rule_names_one() -> None:
    _, api = topology_around(Clean())
    assert calls.LIST_SERVICE_TAGS.name not in api.made
    around, api = topology_around(
        Clean(nodes=[rule("front", 100, "443", "AzureFrontDoor.Backend")]), [calls.LIST_SERVICE_TAGS]
    )
    assert calls.LIST_SERVICE_TAGS.name in api.made
    assert [
        address_list.known
        for address_list in around.topology.address_lists
        if address_list.id == "AzureFrontDoor.Backend"
    ] == [False]
    assert {kind for gap in api.gaps for kind in gap.hides} == {FactKind.ADDRESS_LISTS}


def test_aks_s_own_group_is_mandated_and_its_routes_show_pods() -> None:
    account = Subscription()
    network = account.network("aks", "10.1.0.0/16")
    table = account.route_table("aks", ("10.244.0.0/24", "VirtualAppliance", "10.1.0.4"))
    account.properties(table)["routes"][0]["name"] = "aks-nodepool1-12345678-vmss000000"
    subnet = account.subnet(network, "nodes", "10.1.0.0/24", routes=table)
    account.managed_cluster(subnet=subnet, addresses=["10.1.0.4"])
    around, _ = topology_around(account)
    (guard,) = around.topology.filters
    assert not guard.editable
    assert guard.written_by is not None
    assert "your own network security group on the subnet" in guard.written_by.instead
    inbound = [rule for rule in guard.rules if rule.id.startswith("AllowVnetInBound")]
    assert inbound
    assert all(rule.provider_mandated and rule.written_by == guard.written_by for rule in inbound)
    assert around.pod_ranges == AddressSet.parse("10.244.0.0/24")


def test_a_subnet_of_a_next_host_s_further_interface_that_was_not_read_is_a_gap() -> None:
    account = Clean()
    subnet, gone = (
        account.id("Microsoft.Network/virtualNetworks/subnets", "prod-vnet", name)
        for name in ("prod-node-subnet", "gone")
    )
    listed = [
        {"name": name, "properties": {"primary": name == "prod", "ipConfigurations": [_address(name, where)]}}
        for name, where in (("prod", subnet), ("second", gone))
    ]
    further = {"networkProfile": {"networkInterfaceConfigurations": listed}}
    account.scale_set("workers", subnet, "10.0.1.20", tags=capz_tags("node"), profile=further)
    _, api = topology_around(account)
    assert [gap.resource for gap in api.gaps] == [gone.lower()]


def _address(name: str, subnet: str) -> dict[str, object]:
    return {"name": name, "properties": {"primary": True, "subnet": {"id": subnet}}}
