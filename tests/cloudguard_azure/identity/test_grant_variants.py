"""Grants to identities on Azure by vaults' own policies, from scopes above, and through groups: rare forms."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from azure_aks import Aks
from azure_fixtures import CLUSTERS
from azure_proxy import AzureProxy
from azure_variants import Variant
from azure_ways_in import holding

ROW = "cloud-api-access"
ROOT, TENANT_GROUP = "/", "/providers/Microsoft.Management/managementGroups/tenant"
SECRETS_USER, NETWORKS = "Key Vault Secrets User", "Network Contributor"


def assigned(role: str, scope: str | None, *, via: Sequence[str] = ()) -> Aks:
    """Return a cluster with a role of the kubelets' identity. ``via``: groups, from the inner to the outer."""
    account = Aks()
    who, kind = account.kubelet, "ServicePrincipal"
    for group in via:
        account.members[group], who, kind = {who}, group, "Group"
    account.assign(who, role, scope, kind=kind)
    return account


def vault(*words: str, part: str = "secrets", rbac: bool | None = False, via: str = "", rg: str = "prod") -> Aks:
    """Return a cluster, and a vault with an access policy for the kubelets' identity (``via``: for its group)."""
    account = Aks()
    who = account.kubelet
    if via:
        account.members[via] = {who}
        account.assign(via, "Reader", account.in_group("nothing"), kind="Group")
    policy = {"tenantId": account.tenant, "objectId": via or who, "permissions": {part: [*words]}}
    own = account.vault("shop", rbac=bool(rbac), rg=rg, accessPolicies=[policy])
    if rbac is None:
        del account.properties(own)["enableRbacAuthorization"]
    return account


def application_of_a_policy() -> Aks:
    """Return a vault whose policy names the kubelets' identity only together with an application."""
    account = vault("get")
    own = account.properties(account.id("Microsoft.KeyVault/vaults", "shop"))
    own["accessPolicies"][0]["applicationId"] = "11111111-2222-3333-4444-555555555555"
    return account


def on_a_secret() -> Aks:
    account = Aks()
    own = account.vault("shop")
    secret = f"{own}/secrets/database"
    account.elsewhere.add(secret)
    account.assign(account.kubelet, SECRETS_USER, secret)
    return account


def on_another_cluster() -> Aks:
    account = Aks()
    other = account.id(CLUSTERS, "other", group="other")
    account.elsewhere.add(other)
    role = account.role("exec", dataActions=[f"{CLUSTERS}/pods/exec/action"])
    account.assign(account.kubelet, role, other)
    return account


def outside() -> list[str]:
    return ["outside:high"]


VARIANTS = {
    "at the root": Variant(lambda: assigned(NETWORKS, ROOT), ROW, "FAIL", outside()),
    "at the topmost management group": Variant(lambda: assigned(NETWORKS, TENANT_GROUP), ROW, "FAIL", outside()),
    "at the subscription": Variant(lambda: assigned(NETWORKS, None), ROW, "FAIL", outside()),
    "to a group": Variant(lambda: assigned(NETWORKS, None, via=["team"]), ROW, "FAIL", outside()),
    "to a group of groups at a management group": Variant(
        lambda: assigned(NETWORKS, TENANT_GROUP, via=["team", "teams", "everyone"]), ROW, "FAIL", outside()
    ),
    "of a self-managed host, at a management group": Variant(
        lambda: holding(TENANT_GROUP, through_group=True), ROW, "FAIL", ["escalation:critical"]
    ),
    "on one secret": Variant(on_a_secret, ROW, "FAIL", outside()),
    "on another cluster's pods": Variant(on_another_cluster, ROW, "FAIL", outside()),
    "by a vault's policy": Variant(lambda: vault("get"), ROW, "FAIL", outside()),
    "by a vault's policy for all of it": Variant(lambda: vault("all"), ROW, "FAIL", outside()),
    "by a vault's policy to list and back up": Variant(lambda: vault("list", "backup"), ROW, "FAIL", outside()),
    "by a vault's policy in another resource group": Variant(lambda: vault("get", rg="shop"), ROW, "FAIL", outside()),
    "by a vault's policy to sign with keys": Variant(lambda: vault("sign", part="keys"), ROW, "FAIL", outside()),
    "by a vault's policy to write certificates": Variant(
        lambda: vault("import", part="certificates"), ROW, "FAIL", outside()
    ),
    "by a vault's policy for a group": Variant(lambda: vault("get", via="team"), ROW, "FAIL", outside()),
    "by a policy of a vault that does not say whether it uses it": Variant(
        lambda: vault("get", rbac=None), ROW, "FAIL", outside()
    ),
    "by a vault's policy together with an application": Variant(
        application_of_a_policy, ROW, "UNKNOWN", says=["on its behalf"]
    ),
}


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_grants_are_found_wherever_they_are_written(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


UNUSED = {
    "by a policy of a vault that uses roles": Variant(lambda: vault("get", rbac=True), ROW, "PASS", lacks=["outside"]),
}


@pytest.mark.parametrize("variant", UNUSED.values(), ids=UNUSED)
def test_a_policy_that_its_vault_does_not_use_grants_nothing(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)
