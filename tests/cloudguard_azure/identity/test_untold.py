"""Identities that an answer mentions without details: a missing detail never counts as "no identity"."""

from __future__ import annotations

from typing import Any

import pytest

from azure_fixtures import Subscription
from azure_held import collected, row_of
from azure_proxy import AzureProxy
from cloudguard.results.report import Verdict

SETS, SET = "Microsoft.Compute/virtualMachineScaleSets", "aks-nodepool1-12345678-vmss"


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize(
    ("held", "verdict"),
    [
        ({"type": "SystemAssigned"}, Verdict.UNKNOWN),
        ({"type": "UserAssigned", "userAssignedIdentities": {}}, Verdict.UNKNOWN),
        ({"type": "Delegated"}, Verdict.UNKNOWN),
        ({"type": "None"}, Verdict.PASS),
    ],
)
def test_an_incomplete_identity_of_nodes_never_passes(
    azure_cloud: AzureProxy, held: dict[str, Any], verdict: Verdict
) -> None:
    account = Subscription()
    account.managed_cluster()
    account.get(account.id(SETS, SET, group=account.node_group()))["identity"] = held
    assert row_of(collected(azure_cloud, account)).verdict is verdict


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize(("enabled", "verdict"), [(True, Verdict.UNKNOWN), (False, Verdict.PASS)])
def test_an_enabled_issuer_without_a_url_is_unknown(azure_cloud: AzureProxy, enabled: bool, verdict: Verdict) -> None:  # noqa: FBT001 - a case
    account = Subscription()
    account.managed_cluster(oidcIssuerProfile={"enabled": enabled})
    assert row_of(collected(azure_cloud, account)).verdict is verdict
