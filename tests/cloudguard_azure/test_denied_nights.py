"""A run in which Azure denies a call: findings on unread facts do not count as fixed."""

from __future__ import annotations

import pytest

from azure_proxy import AzureProxy, asking
from azure_scenes import SCENES
from azure_server import Azure
from cloudguard.model.snapshot import Snapshot
from cloudguard_azure import ADAPTER
from nights import assert_unconfirmed


@pytest.mark.parametrize(
    ("name", "denied", "check"),
    [
        ("two-groups-let-in", "Microsoft.Network/networkSecurityGroups/read", "node-access/internet"),
        ("balancer-to-ssh", "Microsoft.Network/loadBalancers/read", "node-access/internet"),
        ("contributor", "Microsoft.Authorization/roleAssignments/read", "cloud-api-access/outside"),
        ("key-disabled", "Microsoft.Compute/diskEncryptionSets/read", "etcd-encryption/key"),
    ],
)
def test_a_finding_hidden_by_a_denied_call_is_not_fixed(
    name: str, denied: str, check: str, azure_cloud: AzureProxy
) -> None:
    def night(*refused: str) -> Snapshot:
        azure_cloud.azure = Azure(SCENES[name].build(), frozenset(refused))
        return ADAPTER.collect(asking())

    assert_unconfirmed(night(), night(denied), check)
