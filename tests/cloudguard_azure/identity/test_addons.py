"""Identities of AKS's add-ons, compared with the needs in Microsoft's documentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest

from azure_fixtures import Subscription
from azure_networks import NETWORK
from azure_proxy import AzureProxy, asking
from azure_server import Azure
from cloudguard import pipeline
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from cloudguard_azure import ADAPTER

OMSAGENT, POLICY, SECRETS = "omsagent", "azurepolicy", "azureKeyvaultSecretsProvider"
INGRESS, ACI, ROUTING = "ingressApplicationGateway", "aciConnectorLinux", "httpApplicationRouting"
GATEWAY: Final = "gateway"


def row(azure_cloud: AzureProxy, addon: str, grants: Sequence[tuple[str, str]]) -> RowResult:
    """Return the row of a cluster with an add-on; its identity has these roles, each at a scope."""
    account = Subscription()
    own = account.identity(f"{addon}-prod", rg=account.node_group())
    held = account.properties(own)
    identity = {"resourceId": own, "clientId": held["clientId"], "objectId": held["principalId"]}
    gateway = account.id(f"{NETWORK}/applicationGateways", "waf")
    config = {"effectiveApplicationGatewayId": gateway} if addon == INGRESS else {}
    account.elsewhere.add(gateway)
    profile = {"enabled": True, "identity": identity, "config": config}
    cluster = account.managed_cluster(addonProfiles={addon: profile})
    places = {
        "nodes": account.in_group(account.node_group()),
        "cluster": cluster,
        "all": f"/subscriptions/{account.subscription}",
        GATEWAY: gateway,
        "vault": account.vault("pods"),
    }
    writer = account.role("gateway writer", f"{NETWORK}/applicationGateways/write")
    for role, place in grants:
        account.assign(account.principal(own), writer if place == GATEWAY else role, places[place])
    azure_cloud.azure = Azure(account)
    return pipeline.evaluate(ADAPTER.collect(asking())).row("cloud-api-access")


@pytest.mark.parametrize(
    ("addon", "grants"),
    [
        (OMSAGENT, [("Monitoring Metrics Publisher", "cluster")]),
        (INGRESS, [("Contributor", "nodes")]),
        (INGRESS, [("gateway writer", GATEWAY)]),
        (ACI, [("Contributor", "nodes")]),
        (ROUTING, [("Reader", "nodes")]),
    ],
)
def test_roles_that_azure_assigns_to_an_addon_are_at_most_advice(
    azure_cloud: AzureProxy, addon: str, grants: list[tuple[str, str]]
) -> None:
    result = row(azure_cloud, addon, grants)
    assert (result.verdict, result.unknown) == (Verdict.PASS, ())
    assert {finding.severity for finding in result.findings} <= {Severity.LOW}


@pytest.mark.mistake("need-too-wide")
@pytest.mark.parametrize(
    ("addon", "role", "place"),
    [
        (OMSAGENT, "Contributor", "nodes"),
        (OMSAGENT, "Monitoring Metrics Publisher", "all"),
        (POLICY, "Contributor", "nodes"),
        (INGRESS, "Contributor", "all"),
        (ACI, "Contributor", "all"),
        (ROUTING, "Contributor", "nodes"),
        (SECRETS, "Contributor", "nodes"),
    ],
)
def test_a_role_beyond_an_addon_s_need_is_a_finding(azure_cloud: AzureProxy, addon: str, role: str, place: str) -> None:
    assert row(azure_cloud, addon, [(role, place)]).verdict is Verdict.FAIL


def test_the_vault_of_mounted_secrets_is_unknown(azure_cloud: AzureProxy) -> None:
    result = row(azure_cloud, SECRETS, [("Key Vault Secrets User", "vault")])
    assert result.verdict is Verdict.UNKNOWN
    assert "the vault of the secrets that pods mount" in result.why
