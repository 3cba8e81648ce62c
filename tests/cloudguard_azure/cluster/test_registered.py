"""Machines registered with load balancers beside a cluster's hosts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from azure_answers import arm_id, capz_tag, member, member_nic, names, nic, resource, scale_set, searched, vm
from cloudguard.model.cluster import EvidenceKind
from cloudguard_azure.access.calls import (
    LIST_INTERFACES,
    LIST_LOAD_BALANCERS,
    LIST_MACHINES,
    LIST_SCALE_SET_INTERFACES,
    LIST_SCALE_SET_MACHINES,
    LIST_SCALE_SETS,
)
from cloudguard_azure.cluster.hosts import read_hosts

ADDRESSES = ("10.0.0.4", "10.0.0.9")
LB = "Microsoft.Network/loadBalancers"
POOL = f"{LB}/backendAddressPools"


def balancer(port: int, *configurations: str, addresses: Sequence[str] = (), network: str = "net") -> dict[str, Any]:
    """Return a balancer with one rule to ``port`` of a pool, whose members are IP configurations or addresses."""
    pool = resource(
        "edge",
        POOL,
        "lb",
        "pool",
        backendIPConfigurations=[{"id": configuration} for configuration in configurations],
        virtualNetwork={"id": arm_id("network", "Microsoft.Network/virtualNetworks", network)},
        loadBalancerBackendAddresses=[{"name": address, "properties": {"ipAddress": address}} for address in addresses],
    )
    rule = resource(
        "edge",
        f"{LB}/loadBalancingRules",
        "lb",
        "rule",
        protocol="Tcp",
        frontendPort=443,
        backendPort=port,
        backendAddressPool={"id": pool["id"].upper()},
    )
    return resource("edge", LB, "lb", backendAddressPools=[pool], loadBalancingRules=[rule])


@pytest.mark.mistake("member-left-out")
@pytest.mark.parametrize(
    ("addresses", "network", "expected", "missing"),
    [
        (["10.0.0.4", "10.0.0.9"], "net", ["a", "b"], 0),
        (["10.0.0.4", "10.0.0.9"], "other", ["a"], 0),
        (["10.0.0.9"], "net", ["a"], 0),
        (["10.0.0.4", "10.0.0.9", "10.0.0.77"], "net", ["a", "b"], 1),
    ],
)
def test_a_pool_names_members_by_their_addresses(
    addresses: list[str], network: str, expected: list[str], missing: int
) -> None:
    machines = [vm("a", "a", capz_tag()), vm("a", "b")]
    nics = [
        nic("a", f"{item['name']}-nic", item["id"], address) for item, address in zip(machines, ADDRESSES, strict=True)
    ]
    balancers = [balancer(6443, addresses=addresses, network=network)]
    api, cluster = searched({LIST_MACHINES: machines, LIST_INTERFACES: nics, LIST_LOAD_BALANCERS: balancers})
    assert names(cluster) == expected
    assert len([gap for gap in api.gaps if gap.call == LIST_LOAD_BALANCERS.name]) == missing


def behind(name: str, tags: dict[str, str] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a machine whose interface names the pool."""
    machine = vm("a", name, tags)
    pools = [{"id": resource("edge", POOL, "lb", "pool")["id"]}]
    return machine, nic("a", f"{name}-nic", machine["id"], "10.0.0.4", loadBalancerBackendAddressPools=pools)


@pytest.mark.mistake("member-left-out")
@pytest.mark.parametrize(("port", "expected"), [(6443, ["a", "c"]), (30080, ["a", "c"]), (443, ["a"]), (0, ["a"])])
def test_a_machine_registered_beside_the_cluster_s_own_belongs_to_it(port: int, expected: list[str]) -> None:
    machines, nics = zip(behind("a", capz_tag()), behind("b", capz_tag("other")), behind("c"), strict=True)
    items = {LIST_MACHINES: machines, LIST_INTERFACES: nics, LIST_LOAD_BALANCERS: [balancer(port)]}
    api, cluster = searched(items)
    assert names(cluster) == expected
    known = [host.role_evidence[0].kind if host.roles else None for host in read_hosts(api, cluster)]
    assert known == [EvidenceKind.REGISTRATION if port == 6443 else None for _ in expected]


@pytest.mark.mistake("member-left-out")
def test_a_pool_names_members_of_scale_sets_by_their_configurations() -> None:
    configuration = f"{member_nic('a', 'servers', 0)['id']}/ipConfigurations/ip"
    items = {
        LIST_MACHINES: [vm("a", "mine", capz_tag())],
        LIST_INTERFACES: [behind("mine")[1]],
        LIST_SCALE_SETS: [scale_set("a", "servers")],
        LIST_SCALE_SET_MACHINES: [member("a", "servers", 0), member("a", "servers", 1)],
        LIST_SCALE_SET_INTERFACES: [member_nic("a", "servers", 0), member_nic("a", "servers", 1)],
        LIST_LOAD_BALANCERS: [balancer(6443, configuration)],
    }
    api, cluster = searched(items)
    assert names(cluster) == ["mine", "servers_0", "servers_1"]
    assert [len(host.interfaces) for host in read_hosts(api, cluster)] == [1, 1, 1]
