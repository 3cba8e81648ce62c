"""Access policies of key vaults: what they grant is not seen among role assignments.

They count where a vault does not leave it to roles. https://learn.microsoft.com/azure/key-vault/general/assign-access-policy,
https://learn.microsoft.com/azure/key-vault/general/rbac-migration
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, flag, part, parts, required, texts
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_VAULTS
from cloudguard_azure.access.ids import name_of, own_id
from cloudguard_azure.identity.holders import HIDES
from cloudguard_azure.identity.resource_names import DATA, scope_patterns

_READS: Final = {"keys": "read", "certificates": "read", "secrets": "getSecret/action", "storage": "read"}
"""The operation that each kind's "get" is."""
_RENAMED: Final = {
    "wrapkey": "wrap/action",
    "unwrapkey": "unwrap/action",
    "delete": "delete",
    "set": "setSecret/action",
    "all": "*",
}
"""Words of access policies that are not operations of the same name."""


@dataclass(frozen=True, slots=True)
class Vault:
    """A vault that grants by access policies: by object id, the data operations granted."""

    id: str
    granted: tuple[tuple[str, tuple[str, ...]], ...]


def read_vaults(api: Api) -> tuple[Vault, ...]:
    """Return the subscription's vaults that grant by access policies."""
    found = api.mapped(LIST_VAULTS, api.read(LIST_VAULTS, hides=HIDES), _vault, hides=HIDES)
    return tuple(one for one in found if one.granted)


def _vault(item: Item) -> Vault:
    properties = part(item, "properties")
    by_roles = flag(properties, "enableRbacAuthorization")
    listed = () if by_roles else parts(properties, "accessPolicies")
    granted = tuple((required(one, "objectId").lower(), tuple(_operations(part(one, "permissions")))) for one in listed)
    scope_patterns(own_id(item))
    return Vault(own_id(item), granted)


def _operations(permissions: Item) -> Iterator[str]:
    for kind in permissions:
        for word in map(str.lower, texts(permissions, kind)):
            if word in {"get", "list"}:
                listed = "readMetadata/action" if kind == "secrets" else "read"
                yield f"Microsoft.KeyVault:vaults/{kind}/{_READS.get(kind, 'read') if word == 'get' else listed}"
            else:
                yield f"Microsoft.KeyVault:vaults/{kind}/{_RENAMED.get(word, f'{word}/action')}"


def granted_by_vault(vault: Vault, principals: Collection[str]) -> PolicyDocument | None:
    """Return what a vault's access policies grant to an identity and its groups (object ids), None for nothing."""
    actions = tuple(dict.fromkeys(one for who, listed in vault.granted if who in principals for one in listed))
    if not actions:
        return None
    statement = Statement("#1", Effect.ALLOW, actions, resources=scope_patterns(vault.id, DATA))
    return PolicyDocument(
        id=f"{vault.id}#{'+'.join(sorted(who for who, _ in vault.granted if who in principals))}",
        name=f"access policy of {name_of(vault.id)}",
        kind=PolicyKind.GRANT,
        managed_by="user",
        document="{}",
        statements=(statement,),
        source=Source(LIST_VAULTS.name, vault.id),
    )
