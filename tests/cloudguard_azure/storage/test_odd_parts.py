"""A missing or wrong part of an answer neither stops the reading nor counts as absent.

The cluster's etcd has an expired key. A spoilt part removes no host, pool or disk without a Gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

import pytest

from azure_answers import Answers, arm_id, member, member_nic, nic, resource, vm
from cloudguard.errors import CloudguardError
from cloudguard.model.keys import KeyState
from cloudguard.provider.port import CollectRequest
from cloudguard_azure.access.calls import (
    GET_KEY,
    LIST_DISK_ENCRYPTION_SETS,
    LIST_DISKS,
    LIST_INTERFACES,
    LIST_MACHINES,
    LIST_SCALE_SET_INTERFACES,
    LIST_SCALE_SET_MACHINES,
    LIST_SCALE_SETS,
    Call,
)
from cloudguard_azure.cluster.find import find
from cloudguard_azure.cluster.hosts import read_hosts
from cloudguard_azure.cluster.pools import read_pools
from cloudguard_azure.storage.disks import read_storage
from spoilt import Json, Place, at, children

KOPS = {"KubernetesCluster": "prod", "k8s.io_role_control-plane": "1"}
DES = arm_id("keys", "Microsoft.Compute/diskEncryptionSets", "etcd")
VAULT = arm_id("keys", "Microsoft.KeyVault/vaults", "acme")
SUBNET = arm_id("network", "Microsoft.Network/virtualNetworks/subnets", "net", "nodes")
ODD: Final[tuple[object, ...]] = (None, 7, "never-heard-of", [], {}, True, [None])


def cluster() -> dict[Call, dict[str, Any]]:
    """Return one answer of each call."""
    machine = vm("group", "cp", KOPS)
    encryption = {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": DES}
    address = {"properties": {"subnet": {"id": SUBNET}, "publicIPAddressConfiguration": {"name": "ip"}}}
    network = {"networkInterfaceConfigurations": [{"properties": {"primary": True, "ipConfigurations": [address]}}]}
    profile = {
        "networkProfile": network,
        "storageProfile": {"osDisk": {"managedDisk": {"storageAccountType": "Premium_LRS"}}},
    }
    scale_set = "Microsoft.Compute/virtualMachineScaleSets"
    active = {"keyUrl": "https://acme.vault.azure.net/keys/etcd", "sourceVault": {"id": VAULT}}
    attributes = {"enabled": True, "exp": 1}
    return {
        LIST_MACHINES: machine,
        LIST_INTERFACES: nic("group", "cp-nic", machine["id"], "10.0.0.4"),
        LIST_SCALE_SETS: resource("group", scale_set, "nodes", tags=KOPS, virtualMachineProfile=profile),
        LIST_SCALE_SET_MACHINES: member("group", "nodes", 0, KOPS),
        LIST_SCALE_SET_INTERFACES: member_nic("group", "nodes", 0),
        LIST_DISKS: resource("group", "Microsoft.Compute/disks", "cp-os", encryption=encryption, diskState="Attached"),
        LIST_DISK_ENCRYPTION_SETS: resource("keys", "Microsoft.Compute/diskEncryptionSets", "etcd", activeKey=active),
        GET_KEY: resource("keys", "Microsoft.KeyVault/vaults/keys", "acme", "etcd", attributes=attributes),
    }


def read(answers: Mapping[Call, Any]) -> tuple[int, int, int, KeyState | None, bool]:
    """Return the numbers of hosts, pools and disks, the key's state, and whether anything is unread."""
    api = Answers({call: [item] for call, item in answers.items()})
    found_cluster = find(api, CollectRequest(cluster="prod"))
    hosts = read_hosts(api, found_cluster)
    storage = read_storage(api, found_cluster, hosts)
    state = storage.keys[0].state if storage.keys else None
    known = {disk.id for disk in storage.disks}
    unread = any({*host.disks} - known or not host.disks for host in hosts if host.name == "cp")  # as the row says
    return len(hosts), len(read_pools(api, found_cluster, hosts)), len(storage.disks), state, bool(api.gaps) or unread


def every_place(document: Json, above: Place = ()) -> Iterator[Place]:
    for step, value in children(document).items():
        yield (*above, step)
        yield from every_place(value, (*above, step))


def spoilt(answers: Mapping[Call, Any], call: Call, place: Place, odd: object) -> dict[Call, Any]:
    made = deepcopy(dict(answers))
    above: Any = at(made[call], place[:-1])
    above[place[-1]] = odd
    return made


def test_the_unspoilt_cluster_is_read_completely() -> None:
    assert read(cluster()) == (2, 1, 1, KeyState.EXPIRED, False)


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("call", [*cluster()], ids=lambda call: call.name)
def test_a_spoilt_part_removes_nothing_without_a_gap(call: Call) -> None:
    whole = cluster()
    for place in every_place(whole[call]):
        for odd in ODD:
            if place[0] in {"tags", "id"}:
                continue  # the identity of the item, and the call that it answers
            try:
                hosts, pools, disks, state, gaps = read(spoilt(whole, call, place, odd))
            except CloudguardError:
                continue
            assert gaps or (hosts, pools, disks) == (2, 1, 1), f"{place} {odd!r}"
            assert gaps or state is not KeyState.ENABLED or place[-1] == "exp", f"{place} {odd!r}"
