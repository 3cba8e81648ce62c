"""The settings of the next host of a scale set, or of a pool of single machines."""

from __future__ import annotations

from typing import Any

import pytest

from azure_answers import Answers, arm_id, nic, resource, vm
from cloudguard.model.cluster import NextInterface, Pool, Role
from cloudguard.model.source import FactKind
from cloudguard.provider.port import CollectRequest
from cloudguard_azure.access.calls import LIST_INTERFACES, LIST_MACHINES, LIST_MANAGED_CLUSTERS, LIST_SCALE_SETS
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.cluster.find import find
from cloudguard_azure.cluster.hosts import read_hosts
from cloudguard_azure.cluster.pools import read_pools

SET = "Microsoft.Compute/virtualMachineScaleSets"
SUBNET = arm_id("network", "Microsoft.Network/virtualNetworks/subnets", "net", "nodes")
NSG = arm_id("network", "Microsoft.Network/networkSecurityGroups", "nodes")
ASG = arm_id("network", "Microsoft.Network/applicationSecurityGroups", "nodes")
KOPS = {"KubernetesCluster": "prod", "k8s.io_role_control-plane": "1"}


def configuration(*public: str, primary: bool = True, nsg: str = NSG) -> dict[str, Any]:
    """Return an interface configuration with a public IPv4 and IPv6 address."""
    base: dict[str, Any] = {"subnet": {"id": SUBNET}, "applicationSecurityGroups": [{"id": ASG}]}
    listed = [base] if not public else []
    for version in public:
        asked = {"publicIPAddressConfiguration": {"name": "ip", "properties": {"publicIPAddressVersion": version}}}
        listed.append(base | asked)
    properties = {"primary": primary, "ipConfigurations": [{"properties": item} for item in listed]}
    return {"name": "nic", "properties": properties | ({"networkSecurityGroup": {"id": nsg}} if nsg else {})}


def profile(*interfaces: dict[str, Any], **more: object) -> dict[str, Any]:
    network = {"networkInterfaceConfigurations": [*interfaces] or [configuration()]}
    disk = {"managedDisk": {"storageAccountType": "Premium_LRS"}}
    return {"networkProfile": network, "storageProfile": {"osDisk": disk}, **more}


def scale_set(
    made: dict[str, Any] | None, tags: dict[str, str], mode: str = "Uniform", count: int = 0
) -> dict[str, Any]:
    item = resource("group", SET, "masters", tags=tags, orchestrationMode=mode)
    item["properties"] |= {"virtualMachineProfile": made} if made is not None else {}
    return {**item, "sku": {"capacity": count}}


def pools(made: dict[str, Any] | None, mode: str = "Uniform", count: int = 0) -> tuple[Answers, tuple[Pool, ...]]:
    api = Answers({LIST_SCALE_SETS: [scale_set(made, KOPS, mode, count)]})
    cluster = find(api, CollectRequest(cluster="prod"))
    return api, read_pools(api, cluster, read_hosts(api, cluster))


def test_the_next_host_has_the_profile_s_settings() -> None:
    further = configuration("IPv4", primary=False, nsg="")
    api, [pool] = pools(profile(further, configuration("IPV6")))
    assert api.gaps == ()
    assert (pool.subnets, pool.filters, pool.groups) == ((canonical(SUBNET),), (canonical(NSG),), (canonical(ASG),))
    assert (pool.public, pool.public_ipv6) == (False, True)
    assert pool.further == (NextInterface((), (canonical(ASG),), (canonical(SUBNET),), public=True),)
    assert pool.roles == (Role.CONTROL_PLANE, Role.ETCD)
    assert [(disk.device, disk.encrypted, disk.customer_key) for disk in pool.disks] == [("OS disk", True, False)]
    assert pool.metadata is not None
    assert not pool.metadata.tokens_required


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("mode", ["Uniform", "Flexible"])
def test_members_that_are_counted_but_not_listed_are_a_gap(mode: str) -> None:
    api, [pool] = pools(profile(), mode, count=3)
    assert pool.desired == 3
    assert [(gap.resource, gap.hides) for gap in api.gaps] == [(pool.id, (FactKind.HOSTS,))]
    assert "3 members, but only 0 were found" in api.gaps[0].message


@pytest.mark.parametrize("on", [True, False])
def test_the_profile_decides_encryption_at_host(*, on: bool) -> None:
    _, [pool] = pools(profile(securityProfile={"encryptionAtHost": on}))
    assert pool.host_encryption is on


@pytest.mark.mistake("next-host-left-out")
@pytest.mark.parametrize("word", ["IPv4", "ipv4", "", "IPv9"])
def test_a_public_address_of_an_unknown_version_counts(word: str) -> None:
    _, [pool] = pools(profile(configuration(word)))
    assert pool.public


@pytest.mark.parametrize(
    ("settings", "placement", "expected"),
    [
        ({"encryptionAtHost": True}, "CacheDisk", True),
        ({}, "CACHEDISK", False),
        ({"encryptionAtHost": False}, "ResourceDisk", False),
        ({}, "NvmeDisk", None),
        ({}, "", None),
        ({}, "Elsewhere", None),
    ],
)
def test_encryption_at_host_and_placement_decide_an_ephemeral_disk_s_encryption(
    settings: dict[str, object], placement: str, *, expected: bool | None
) -> None:
    local = {"diffDiskSettings": {"option": "LOCAL", "placement": placement}, "managedDisk": {}}
    _, [pool] = pools(profile(storageProfile={"osDisk": local}, securityProfile=settings))
    assert [disk.encrypted for disk in pool.disks] == [expected]


def test_the_encryption_of_a_disk_in_a_storage_account_is_unknown() -> None:
    _, [pool] = pools(profile(storageProfile={"osDisk": {"vhdContainers": ["https://x"]}}))
    assert [disk.encrypted for disk in pool.disks] == [None]


@pytest.mark.parametrize(
    ("agent", "known"),
    [
        ({"enabled": True, "imds": {"mode": "Enforce"}}, False),
        ({"enabled": True, "mode": "ENFORCE"}, False),
        ({"enabled": True, "imds": {"mode": "Whatever"}}, False),
        ({"enabled": True, "imds": {"inVMAccessControlProfileReferenceId": "/x/y"}}, False),
        ({"enabled": True, "imds": {"useLocalFileRules": True}}, False),
        ({"enabled": True, "imds": {"mode": "audit"}}, True),
        ({"enabled": True, "wireServer": {"mode": "Enforce"}}, True),
        ({"enabled": False, "imds": {"mode": "Enforce"}}, True),
        ({}, True),
    ],
)
def test_a_metadata_service_behind_an_unread_list_is_unknown(agent: dict[str, object], *, known: bool) -> None:
    _, [pool] = pools(profile(securityProfile={"proxyAgentSettings": agent}))
    assert (pool.metadata is not None) is known


SPOILT: tuple[dict[str, object] | None, ...] = (
    None,
    {},
    {"networkProfile": {"networkInterfaceConfigurations": []}},
    {"networkProfile": {"networkInterfaceConfigurations": [{}]}},
    profile(configuration(), securityProfile={"encryptionAtHost": "yes"}, storageProfile={"osDisk": {"vhd": "x"}}),
)


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("made", SPOILT)
def test_a_profile_that_is_not_understood_is_a_gap(made: dict[str, Any] | None) -> None:
    api, found = pools(made)
    assert found == ()
    assert any(FactKind.POOLS in gap.hides for gap in api.gaps)


def test_a_flexible_scale_set_without_a_profile_has_no_next_host() -> None:
    api, found = pools(None, "FLEXIBLE")
    assert (found, api.gaps) == ((), ())


def aks_pools(kind: str, *machines: dict[str, Any], **more: object) -> tuple[Answers, tuple[Pool, ...]]:
    agents = [{"name": "Pool1", "type": kind, "count": len(machines), **more}]
    kind = "Microsoft.ContainerService/managedClusters"
    cluster = resource("team", kind, "prod", nodeResourceGroup="mc", agentPoolProfiles=agents)
    nics = [nic("mc", f"{item['name']}-nic", item["id"], f"10.0.0.{place + 4}") for place, item in enumerate(machines)]
    api = Answers({LIST_MANAGED_CLUSTERS: [cluster], LIST_MACHINES: machines, LIST_INTERFACES: nics})
    found_cluster = find(api, CollectRequest(cluster="prod"))
    return api, read_pools(api, found_cluster, read_hosts(api, found_cluster))


@pytest.mark.mistake("next-host-left-out")
def test_the_next_machine_of_a_pool_without_a_scale_set_equals_today_s() -> None:
    machines = [vm("mc", f"vm{number}", {"aks-managed-poolName": "pool1"}) for number in (1, 2)]
    api, [pool] = aks_pools("VirtualMachines", *machines, enableNodePublicIP=True)
    assert api.gaps == ()
    assert (pool.subnets, pool.public, pool.desired, pool.roles) == ((canonical(SUBNET),), True, 2, (Role.NODE,))
    assert pool.host_encryption is False


def test_aks_s_setting_decides_encryption_at_host() -> None:
    machine = vm("mc", "vm1", {"aks-managed-poolName": "pool1"})
    _, [pool] = aks_pools("VirtualMachines", machine, enableEncryptionAtHost=True)
    assert pool.host_encryption is True


@pytest.mark.mistake("next-host-left-out")
@pytest.mark.parametrize("kind", ["VirtualMachines", "VirtualMachineScaleSets", "Novelty", ""])
def test_a_pool_without_machines_or_a_scale_set_is_a_gap(kind: str) -> None:
    api, found = aks_pools(kind)
    assert found == ()
    assert [gap.hides for gap in api.gaps] == [(FactKind.POOLS,)]
