"""Identities that one of the cluster can take on: a powerful one is an escalation."""

from __future__ import annotations

import pytest

from azure_fixtures import Subscription
from azure_held import collected, row_of
from azure_proxy import AzureProxy
from cloudguard.results.report import Verdict

ISSUER = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/"
FEDERATE = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"


def acting(role: str, *, through: bool = False) -> Subscription:
    """Return an AKS cluster whose pods may give themselves an identity that has ``role`` at the subscription.

    ``through``: with another identity between them.
    """
    account = Subscription()
    account.managed_cluster(oidcIssuerProfile={"enabled": True, "issuerURL": ISSUER})
    own, deployer = account.identity("app"), account.identity("deployer")
    account.federated(own, "app", ISSUER, "system:serviceaccount:default:app")
    federate = account.role("federate", FEDERATE)
    if through:
        between = account.identity("between")
        account.assign(account.principal(own), federate, between)
        own = between
    account.assign(account.principal(own), federate, deployer)
    account.assign(account.principal(deployer), role)
    return account


@pytest.mark.mistake("identity-left-out")
@pytest.mark.parametrize("through", [False, True])
@pytest.mark.parametrize("role", ["Owner", "Contributor"])
def test_pods_that_take_a_powerful_identity_escalate(azure_cloud: AzureProxy, role: str, *, through: bool) -> None:
    row = row_of(collected(azure_cloud, acting(role, through=through)))
    [finding] = [finding for finding in row.findings if finding.check == "cloud-api-access/escalation"]
    assert "app (service-account) can gain the permissions of deployer" in finding.message


CLUSTERS = "Microsoft.ContainerService/managedClusters"


@pytest.mark.parametrize(
    ("actions", "data", "verdict"),
    [
        ([f"{CLUSTERS}/listClusterAdminCredential/action"], [], Verdict.FAIL),
        ([], [f"{CLUSTERS}/*"], Verdict.FAIL),
        ([], [f"{CLUSTERS}/pods/exec/action"], Verdict.FAIL),
        ([f"{CLUSTERS}/listClusterUserCredential/action"], [], Verdict.UNKNOWN),
        ([], [f"{CLUSTERS}/pods/read"], Verdict.UNKNOWN),
    ],
)
def test_pods_that_administer_the_cluster_escalate(
    azure_cloud: AzureProxy, actions: list[str], data: list[str], verdict: Verdict
) -> None:
    account = Subscription()
    cluster = account.managed_cluster(oidcIssuerProfile={"enabled": True, "issuerURL": ISSUER})
    own = account.identity("app")
    account.federated(own, "app", ISSUER, "system:serviceaccount:default:app")
    account.assign(account.principal(own), account.role("admin", *actions, dataActions=data), cluster)
    row = row_of(collected(azure_cloud, account))
    assert row.verdict is verdict, row.why
    assert verdict is not Verdict.FAIL or "can gain all permissions in the Kubernetes cluster" in row.why


def test_pods_that_take_a_reader_s_identity_have_an_unknown_need(azure_cloud: AzureProxy) -> None:
    assert row_of(collected(azure_cloud, acting("Reader"))).verdict is Verdict.UNKNOWN
