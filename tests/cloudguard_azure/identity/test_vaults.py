"""Key vaults: grants by roles or access policies, depending on which of them the vault uses."""

from __future__ import annotations

import pytest

from azure_fixtures import Subscription
from azure_held import findings_of_identities
from azure_proxy import AzureProxy

IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
SECRETS_USER = "Key Vault Secrets User"


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize(
    ("rbac", "role", "policy", "reads"),
    [
        (True, True, False, True),
        (True, False, True, False),
        (False, True, False, False),
        (False, False, True, True),
        (None, True, False, True),
        (None, False, True, True),
    ],
)
def test_a_vault_uses_either_roles_or_access_policies(
    azure_cloud: AzureProxy, *, rbac: bool | None, role: bool, policy: bool, reads: bool
) -> None:
    account = Subscription()
    account.managed_cluster()
    kubelet = account.principal(account.id(IDENTITIES, "prod-agentpool", group=account.node_group()))
    vault = account.vault("mine")
    if rbac is None:
        del account.properties(vault)["enableRbacAuthorization"]
    else:
        account.properties(vault)["enableRbacAuthorization"] = rbac
    if role:
        account.assign(kubelet, SECRETS_USER, vault)
    if policy:
        granted = {"tenantId": account.tenant, "objectId": kubelet, "permissions": {"secrets": ["get"]}}
        account.properties(vault)["accessPolicies"] = [granted]
    assert bool(findings_of_identities(azure_cloud, account)) is reads
