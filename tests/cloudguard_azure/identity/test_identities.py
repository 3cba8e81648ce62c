"""Grants of clusters' identities, read with the real SDK from a made-up subscription, and the row's verdict."""

from __future__ import annotations

from typing import Any

import pytest

from azure_fixtures import Subscription
from azure_held import collected, findings_of_identities, row_of
from azure_proxy import AzureProxy
from azure_server import Azure
from cloudguard.model.identity import SERVICE_ACCOUNT, Identity
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict

ISSUER = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/"
GROUP = "/providers/Microsoft.Management/managementGroups/all"


def aks(**rest: Any) -> Subscription:  # noqa: ANN401 - JSON
    """Return an account with a cluster made by AKS: its identity is Contributor on the node resource group."""
    account = Subscription()
    own = account.managed_cluster("prod", **rest)
    account.assign(account.principal(own), "Contributor", account.in_group(account.node_group()))
    return account


def kubelet(account: Subscription) -> str:
    """Return the object id of the kubelets' identity."""
    return account.principal(account.id(IDENTITIES, "prod-agentpool", group=account.node_group()))


CRYPTO_USER = "Key Vault Crypto User"
IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"


def identity(snapshot: Snapshot, name: str) -> Identity:
    (one,) = (each for each in snapshot.identities.identities if each.name == name)
    return one


def test_a_cluster_with_azure_s_own_assignments_passes(azure_cloud: AzureProxy) -> None:
    account = aks()
    account.assign(kubelet(account), "AcrPull")
    snapshot = collected(azure_cloud, account)
    row = row_of(snapshot)
    assert (row.verdict, row.unknown) == (Verdict.PASS, ())
    assert identity(snapshot, "prod-agentpool").roles == ("node",)
    assert identity(snapshot, "prod (system-assigned)").roles == ("cluster",)
    assert {finding.check for finding in row.findings} >= {"cloud-api-access/imposed"}
    assert "in other subscriptions" in row.why


def test_contributor_for_the_kubelet_s_identity_is_never_mandated(azure_cloud: AzureProxy) -> None:
    for role in ("Contributor", "Virtual Machine Contributor"):
        account = aks()
        account.assign(kubelet(account), role, account.in_group(account.node_group()))
        assert findings_of_identities(azure_cloud, account) == {"inside prod-agentpool": Severity.MEDIUM}


def test_an_identity_that_may_assign_identities_gains_those_in_its_scope(azure_cloud: AzureProxy) -> None:
    account = Subscription()
    vault = account.identity("azurekeyvaultsecretsprovider-prod", rg=account.node_group())
    held = account.properties(vault)
    addon = {"resourceId": vault, "clientId": held["clientId"], "objectId": held["principalId"]}
    account.managed_cluster(addonProfiles={"azureKeyvaultSecretsProvider": {"enabled": True, "identity": addon}})
    account.assign(kubelet(account), "Contributor", account.in_group(account.node_group()))
    assert findings_of_identities(azure_cloud, account)["escalation prod-agentpool"] is Severity.CRITICAL
    account = aks()
    account.assign(kubelet(account), "Contributor")
    assert findings_of_identities(azure_cloud, account)["escalation prod-agentpool"] is Severity.CRITICAL


def test_documented_assignments_are_advice_only_for_used_features(azure_cloud: AzureProxy) -> None:
    account = Subscription()
    vault, other = account.vault("secrets"), account.vault("other")
    kms = {"enabled": True, "keyId": account.key(vault), "keyVaultNetworkAccess": "Public"}
    own = account.identity("prod-cluster")
    cluster = account.managed_cluster(identities=[own], securityProfile={"azureKeyVaultKms": kms})
    who = account.principal(own)
    account.assign(who, CRYPTO_USER, vault)
    kubelets = account.id(IDENTITIES, "prod-agentpool", group=account.node_group())
    account.assign(who, "Managed Identity Operator", kubelets)
    account.assign(who, account.role("mine", "Microsoft.ContainerService/managedClusters/*"), cluster)
    assert findings_of_identities(azure_cloud, account) == {}
    account.assign(who, CRYPTO_USER, other)
    assert findings_of_identities(azure_cloud, account) == {"outside prod-cluster": Severity.HIGH}


@pytest.mark.parametrize("scope", ["/", GROUP, None])
def test_a_role_at_a_higher_scope_covers_the_whole_subscription(azure_cloud: AzureProxy, scope: str | None) -> None:
    account = aks()
    account.assign(kubelet(account), "Network Contributor", scope)
    assert findings_of_identities(azure_cloud, account)["outside prod-agentpool"] is Severity.HIGH


def test_owner_is_an_administrator(azure_cloud: AzureProxy) -> None:
    account = aks()
    account.assign(kubelet(account), "Owner")
    assert findings_of_identities(azure_cloud, account)["administrator prod-agentpool"] is Severity.CRITICAL


def test_an_identity_that_assigns_roles_in_one_group_is_no_administrator(azure_cloud: AzureProxy) -> None:
    account = aks()
    account.assign(kubelet(account), "User Access Administrator", account.in_group(account.node_group()))
    assert findings_of_identities(azure_cloud, account) == {"inside prod-agentpool": Severity.MEDIUM}
    account = aks()
    account.assign(kubelet(account), "User Access Administrator", account.in_group("elsewhere"))
    assert findings_of_identities(azure_cloud, account) == {"outside prod-agentpool": Severity.HIGH}


def test_a_custom_role_on_a_subnet_as_documented_passes(azure_cloud: AzureProxy) -> None:
    account = Subscription()
    subnet = account.subnet(account.network(rg="network"))
    own = account.managed_cluster(subnet=subnet)
    join = ("Microsoft.Network/virtualNetworks/subnets/join/action", "Microsoft.Network/virtualNetworks/subnets/read")
    role = account.role("join", *join, "Microsoft.Authorization/roleAssignments/write")
    account.assign(account.principal(own), role, subnet)
    assert findings_of_identities(azure_cloud, account) == {}
    account.assign(account.principal(own), role, account.in_group("network"))
    assert findings_of_identities(azure_cloud, account) == {"outside prod (system-assigned)": Severity.HIGH}


def test_a_role_through_a_group_counts(azure_cloud: AzureProxy) -> None:
    account = aks()
    account.members["group"] = {kubelet(account)}
    account.assign("group", "Network Contributor", kind="Group")
    snapshot = collected(azure_cloud, account)
    row = row_of(snapshot)
    assert row.verdict is Verdict.FAIL
    assert any("through a group" in policy.name for policy in snapshot.identities.policies)


def test_without_group_assignments_the_row_is_unknown(azure_cloud: AzureProxy) -> None:
    account = aks()
    refused = Azure(account, refused=frozenset({"Microsoft.Authorization/roleAssignments/read"}))
    snapshot = collected(azure_cloud, account, azure=refused)
    assert {gap.permission for gap in snapshot.gaps} == {"Microsoft.Authorization/roleAssignments/read"}
    assert row_of(snapshot).verdict is Verdict.UNKNOWN


def test_a_deny_assignment_applies_to_all_but_its_exceptions(azure_cloud: AzureProxy) -> None:
    account = aks()
    group = account.in_group(account.node_group())
    account.assign(kubelet(account), "Virtual Machine Contributor", group)
    cluster = account.principal(account.id("Microsoft.ContainerService/managedClusters", "prod"))
    account.deny("lockdown", group, "*/action", "*/delete", "*/write", but_principals=[cluster])
    row = row_of(collected(azure_cloud, account))
    assert row.verdict is Verdict.PASS
    assert not [finding for finding in row.findings if finding.severity > Severity.LOW]


def test_pods_assume_an_identity_by_the_cluster_s_own_issuer(azure_cloud: AzureProxy) -> None:
    account = aks(oidcIssuerProfile={"enabled": True, "issuerURL": ISSUER})
    dns, other, shop = (account.identity(name) for name in ("dns", "other", "shop"))
    account.federated(dns, "dns", ISSUER, "system:serviceaccount:dns:external-dns")
    account.federated(other, "other", "https://elsewhere.example/", "system:serviceaccount:dns:external-dns")
    account.federated(shop, "shop", ISSUER, "system:serviceaccount:shop:cart")
    account.federated(shop, "ci", "https://token.actions.githubusercontent.com", "repo:acme/shop:ref:refs/heads/main")
    account.assign(account.principal(dns), account.role("zones", "Microsoft.Network/dnsZones/read"))
    account.assign(account.principal(shop), "Reader")
    snapshot = collected(azure_cloud, account)
    accounts = {
        service_account.name: service_account.service_accounts
        for service_account in snapshot.identities.service_accounts
    }
    assert accounts == {"dns": ("dns:external-dns",), "shop": ("shop:cart",)}
    assert identity(snapshot, "dns").roles == (SERVICE_ACCOUNT,)
    row = row_of(snapshot)
    (trust,) = (finding for finding in row.findings if finding.check == "cloud-api-access/trust")
    assert trust.message.startswith("repo:acme/shop:ref:refs/heads/main of https://token.actions.githubusercontent.com")
    assert (trust.resource.name, trust.severity) == ("shop", Severity.MEDIUM)


def test_an_issuer_with_the_cluster_s_name_may_be_the_cluster_s(azure_cloud: AzureProxy) -> None:
    account = Subscription()
    subnet = account.subnet(account.network())
    account.machine("m0", subnet, "10.0.0.4")
    account.machine("w0", subnet, "10.0.0.5")
    held, other = account.identity("held"), account.identity("other")
    account.federated(held, "a", "https://oidc.blob.core.windows.net/prod/", "system:serviceaccount:a:b")
    account.federated(other, "a", "https://oidc.blob.core.windows.net/other/", "system:serviceaccount:a:b")
    row = row_of(collected(azure_cloud, account))
    assert row.verdict is Verdict.UNKNOWN
    assert any("https://oidc.blob.core.windows.net/prod is the cluster's: only its name" in one for one in row.unknown)


def test_a_condition_does_not_restrict_other_operations(azure_cloud: AzureProxy) -> None:
    about = "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[a] StringEquals 'b'))"
    for condition, verdict in ((about, Verdict.UNKNOWN), ("", Verdict.FAIL), ("@Resource[a] StringEquals 'b'", None)):
        account = aks()
        role = account.role("roles", "Microsoft.Authorization/roleAssignments/write")
        account.assign(kubelet(account), role, **({"condition": condition} if condition else {}))
        assert row_of(collected(azure_cloud, account)).verdict is (verdict or Verdict.UNKNOWN)
    account = aks()
    role = account.role("more", "Microsoft.Authorization/roleAssignments/write", "Microsoft.Web/sites/write")
    account.assign(kubelet(account), role, condition=about)
    assert findings_of_identities(azure_cloud, account) == {"outside prod-agentpool": Severity.HIGH}


def test_a_machine_has_all_its_assigned_identities(azure_cloud: AzureProxy) -> None:
    account = Subscription()
    subnet = account.subnet(account.network())
    one, two = account.identity("one"), account.identity("two", rg="elsewhere")
    account.machine("m0", subnet, "10.0.0.4", identities=[one, two], system=True)
    account.machine("w0", subnet, "10.0.0.5")
    account.assign(account.principal(two), "Contributor", account.in_group("elsewhere"))
    snapshot = collected(azure_cloud, account)
    assert {each.name: each.roles for each in snapshot.identities.identities} == {
        "m0 (system-assigned)": ("control-plane", "etcd"),
        "one": ("control-plane", "etcd"),
        "two": ("control-plane", "etcd"),
    }
    (host, _) = snapshot.cluster.hosts
    assert len(host.identities) == 3
    assert findings_of_identities(azure_cloud, account) == {"outside two": Severity.HIGH}


def test_access_policies_grant_only_in_vaults_that_use_them(azure_cloud: AzureProxy) -> None:
    for by_roles, verdict in ((False, Verdict.FAIL), (True, Verdict.PASS)):
        account = aks()
        permissions = {"secrets": ["get", "list"], "keys": ["all"]}
        policy = {"tenantId": account.tenant, "objectId": kubelet(account), "permissions": permissions}
        account.vault(rbac=by_roles, accessPolicies=[policy])
        assert row_of(collected(azure_cloud, account)).verdict is verdict


def test_an_unreadable_role_has_its_known_permissions_and_makes_the_rest_unknown(azure_cloud: AzureProxy) -> None:
    account = aks()
    account.assign(kubelet(account), "Network Contributor")
    refused = Azure(account, refused=frozenset({"Microsoft.Authorization/roleDefinitions/read"}))
    snapshot = collected(azure_cloud, account, azure=refused)
    row = row_of(snapshot)
    assert row.verdict is Verdict.FAIL
    assert any("as of 20" in str(finding) for finding in row.findings)
    account = aks()
    account.assign(kubelet(account), "AcrPull")
    refused = Azure(account, refused=frozenset({"Microsoft.Authorization/roleDefinitions/read"}))
    assert row_of(collected(azure_cloud, account, azure=refused)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "action",
    [
        "Microsoft.Authorization/roleAssignments/read",
        "Microsoft.ManagedIdentity/userAssignedIdentities/read",
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read",
        "Microsoft.KeyVault/vaults/read",
    ],
)
def test_a_refused_call_is_a_gap_and_the_row_does_not_pass(azure_cloud: AzureProxy, action: str) -> None:
    account = aks(oidcIssuerProfile={"enabled": True, "issuerURL": ISSUER})
    snapshot = collected(azure_cloud, account, azure=Azure(account, refused=frozenset({action})))
    assert {gap.permission for gap in snapshot.gaps} == {action}
    row = row_of(snapshot)
    assert (row.verdict, bool(row.unknown)) == (Verdict.UNKNOWN, True)


def test_unread_deny_assignments_hide_no_row(azure_cloud: AzureProxy) -> None:
    account = aks()
    refused = Azure(account, refused=frozenset({"Microsoft.Authorization/denyAssignments/read"}))
    row = row_of(collected(azure_cloud, account, azure=refused))
    assert row.verdict is Verdict.PASS
    assert "denyAssignments:list failed" in row.why


@pytest.mark.parametrize(
    ("action", "spoilt"),
    [
        ("Microsoft.Authorization/roleAssignments/read", {"id": "/x", "properties": {"scope": "/*/nothing"}}),
        ("Microsoft.Authorization/roleAssignments/read", {"id": "/x", "properties": {"scope": 7}}),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/read", {"id": "/a/b/c", "name": "\x1b[31mred"}),
        ("Microsoft.KeyVault/vaults/read", {"id": "vault", "properties": {"accessPolicies": [{"objectId": 7}]}}),
    ],
)
def test_an_item_that_is_not_understood_is_a_gap(azure_cloud: AzureProxy, action: str, spoilt: dict[str, Any]) -> None:
    account = aks(oidcIssuerProfile={"enabled": True, "issuerURL": ISSUER})
    snapshot = collected(azure_cloud, account, azure=Azure(account, spoiled={action: {"value": [spoilt]}}))
    assert any("not valid" in gap.message for gap in snapshot.gaps)
    assert row_of(snapshot).verdict is Verdict.UNKNOWN


def test_a_service_principal_leaves_the_row_unknown(azure_cloud: AzureProxy) -> None:
    account = aks(servicePrincipalProfile={"clientId": "11111111-2222-3333-4444-555555555555"})
    row = row_of(collected(azure_cloud, account))
    assert row.verdict is Verdict.UNKNOWN
    assert any("service principal 11111111" in text for text in row.unknown)
