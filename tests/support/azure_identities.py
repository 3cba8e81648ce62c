"""Build the identities, roles, keys and vaults of a made-up subscription."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from azure_account import TENANT, guid
from azure_balancers import BalancerFixtures
from azure_ids import Item
from azure_networks import link

IDENTITIES: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"
EVERYONE: Final = "00000000-0000-0000-0000-000000000000"
"""The principal of an assignment to everyone, of the type SystemDefined."""


@cache
def built_in() -> dict[str, dict[str, Any]]:
    """Return display name → definition, for some of Azure's built-in roles."""
    text = (Path(__file__).parent / "azure_builtin_roles.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class IdentityFixtures(BalancerFixtures):
    """Fixtures of identities. A principal is an object id; a role is the id of its definition."""

    def identity(self, name: str, *, rg: str = "", tags: Item | None = None) -> str:
        """Add a user-assigned identity and return its id. Its object id is ``principal(id)``."""
        own = self.id(IDENTITIES, name, group=rg)
        made = {"principalId": guid(own), "clientId": guid(f"{own} client"), "tenantId": TENANT}
        item = {"id": own, "name": name, "type": IDENTITIES, "location": "westeurope", "properties": made}
        return self.put(item | ({"tags": tags} if tags else {}))

    def principal(self, own: str) -> str:
        """Return the object id of an identity, or of a machine's system-assigned identity."""
        return guid(own)

    def federated(self, identity: str, name: str, issuer: str, subject: str) -> str:
        """Add a federated credential: a token of ``issuer`` for ``subject`` may become ``identity``."""
        own = f"{identity}/federatedIdentityCredentials/{name}"
        made = {"issuer": issuer, "subject": subject, "audiences": ["api://AzureADTokenExchange"]}
        return self.put(
            {"id": own, "name": name, "type": f"{IDENTITIES}/federatedIdentityCredentials", "properties": made}
        )

    def whole(self) -> str:
        """Return the subscription as a scope."""
        return f"/subscriptions/{self.subscription}"

    def in_group(self, rg: str = "") -> str:
        """Return a resource group as a scope."""
        return f"{self.whole()}/resourceGroups/{rg or self.group}"

    def role(self, name: str, *actions: str, **rest: Sequence[str]) -> str:
        """Add a role and return its id: a built-in role if only its name is given, else a custom role with actions."""
        known = built_in().get(name, {})
        held = {"actions": [*actions], **rest} if actions or rest or not known else known
        short = str(known.get("name") or guid(f"role {name}"))
        own = f"{self.whole()}/providers/Microsoft.Authorization/roleDefinitions/{short}"
        lists = ("actions", "notActions", "dataActions", "notDataActions")
        made = {
            "roleName": name,
            "type": "BuiltInRole" if known else "CustomRole",
            "description": "",
            "assignableScopes": ["/" if known else self.whole()],
            "permissions": [{key: [*held.get(key, ())] for key in lists}],
        }
        if own.lower() in self.items:
            return own
        return self.put(
            {"id": own, "name": short, "type": "Microsoft.Authorization/roleDefinitions", "properties": made}
        )

    def assign(
        self,
        principal: str,
        role: str,
        scope: str | None = None,
        *,
        kind: str = "ServicePrincipal",
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Assign a role (an id, or a built-in role's name) at ``scope`` (default: the subscription)."""
        definition = role if "/" in role else self.role(role)
        where = self.whole() if scope is None else scope.rstrip("/")
        short = guid(f"{principal} {definition} {where}")
        own = f"{where}/providers/Microsoft.Authorization/roleAssignments/{short}"
        made = {
            "scope": where or "/",
            "principalId": principal,
            "principalType": kind,
            "roleDefinitionId": definition,
            "createdOn": "2026-01-01T00:00:00.0000000Z",
        }
        item = {"id": own, "name": short, "type": "Microsoft.Authorization/roleAssignments", "properties": made | rest}
        return self.put(item)

    def deny(
        self,
        name: str,
        scope: str,
        *actions: str,
        but_actions: Sequence[str] = (),
        but_principals: Sequence[str] = (),
        principals: Sequence[str] = (EVERYONE,),
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Deny ``actions`` at ``scope`` to ``principals`` (default: everyone)."""
        short = guid(f"deny {name} {scope}")
        own = f"{scope}/providers/Microsoft.Authorization/denyAssignments/{short}"
        made = {
            "denyAssignmentName": name,
            "permissions": [
                {"actions": [*actions], "notActions": [*but_actions], "dataActions": [], "notDataActions": []}
            ],
            "scope": scope,
            "doNotApplyToChildScopes": False,
            "principals": [
                {"id": principal, "type": "SystemDefined" if principal == EVERYONE else "ServicePrincipal"}
                for principal in principals
            ],
            "excludePrincipals": [
                {"id": but_principal, "type": "ServicePrincipal"} for but_principal in but_principals
            ],
            "isSystemProtected": True,
        }
        item = {"id": own, "name": short, "type": "Microsoft.Authorization/denyAssignments", "properties": made | rest}
        return self.put(item)

    def vault(self, name: str = "vault", *, rbac: bool = True, rg: str = "", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a key vault. Without ``rbac``, it uses access policies."""
        made: Item = {
            "tenantId": TENANT,
            "sku": {"family": "A", "name": "premium"},
            "accessPolicies": [],
            "enableRbacAuthorization": rbac,
            "enableSoftDelete": True,
            "vaultUri": f"https://{name}.vault.azure.net/",
            "publicNetworkAccess": "Enabled",
        }
        return self.add("Microsoft.KeyVault/vaults", name, made | rest, rg=rg)

    def key(self, vault: str, name: str = "etcd", *, expires: int = 0, enabled: bool = True) -> str:
        """Add a key and return its URL with a version. ``expires``: seconds since 1970 (0: never)."""
        own, version = f"{vault}/keys/{name}", guid(name).replace("-", "")
        url = f"https://{vault.rpartition('/')[2]}.vault.azure.net/keys/{name}"
        dates = {"enabled": enabled, "created": 1767225600, "updated": 1767225600}
        made = {
            "attributes": dates | ({"exp": expires} if expires else {}),
            "kty": "RSA",
            "keySize": 2048,
            "keyOps": ["wrapKey", "unwrapKey"],
            "keyUri": url,
            "keyUriWithVersion": f"{url}/{version}",
        }
        kind = "Microsoft.KeyVault/vaults/keys"
        self.put({"id": own, "name": name, "type": kind, "location": "westeurope", "properties": made})
        item = {"id": f"{own}/versions/{version}", "name": version, "type": f"{kind}/versions", "properties": made}
        self.put(item | {"location": "westeurope"})
        return f"{url}/{version}"

    def disk_encryption_set(
        self,
        name: str,
        key: str,
        *,
        vault: str = "",
        kind: str = "EncryptionAtRestWithCustomerKey",
        rg: str = "",
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a disk encryption set that uses the key with the URL ``key``."""
        made = {
            "activeKey": {"keyUrl": key, **({"sourceVault": link(vault)} if vault else {})},
            "encryptionType": kind,
            "rotationToLatestKeyVersionEnabled": False,
        }
        own = self.id("Microsoft.Compute/diskEncryptionSets", name, group=rg)
        whose = {"type": "SystemAssigned", "principalId": guid(own), "tenantId": TENANT}
        return self.add("Microsoft.Compute/diskEncryptionSets", name, made | rest, rg=rg, identity=whose)
