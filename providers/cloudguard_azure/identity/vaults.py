"""Access policies of key vaults. Role assignments do not show what they grant.

A vault uses either access policies or roles, never both.
https://learn.microsoft.com/azure/key-vault/general/assign-access-policy,
https://learn.microsoft.com/azure/key-vault/general/rbac-migration
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeAlias

from cloudguard.model.identity import Effect, PolicyDocument, Statement
from cloudguard.model.source import Source
from cloudguard.provider.answers import Item, child, children, flag, required, text, texts
from cloudguard.provider.iam.expressions import opaque
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_VAULTS
from cloudguard_azure.access.ids import name_of, own_id
from cloudguard_azure.identity.holders import HIDES
from cloudguard_azure.identity.permissions import grant
from cloudguard_azure.identity.resource_names import DATA, scope_patterns

_READS: Final = {"keys": "read", "certificates": "read", "secrets": "getSecret/action", "storage": "read"}
"""For each kind, the operation of "get"."""
_RENAMED: Final = {
    "wrapkey": "wrap/action",
    "unwrapkey": "unwrap/action",
    "delete": "delete",
    "set": "setSecret/action",
    "all": "*",
}
"""Words of access policies that differ from the operation's name."""
_TOGETHER: Final = opaque("application", "whether an application makes the request on its behalf")


_Granted: TypeAlias = "tuple[tuple[str, tuple[str, ...]], ...]"


@dataclass(frozen=True, slots=True)
class Vault:
    """A vault. ``granted``: for each object id, the data operations that access policies grant.

    ``together``: the same, but only for requests that an application makes on behalf of the object id.
    ``heeds_roles``: roles grant data operations there. If a vault does not state which it uses, both count.
    """

    id: str
    granted: _Granted
    heeds_roles: bool
    together: _Granted = ()


def read_vaults(api: Api) -> tuple[Vault, ...]:
    """Return the subscription's vaults."""
    return api.listed(LIST_VAULTS, _vault, hides=HIDES)


def _vault(item: Item) -> Vault:
    properties = child(item, "properties")
    heeds_roles = flag(properties, "enableRbacAuthorization", default=True)
    only_roles = heeds_roles and properties.get("enableRbacAuthorization") is not None
    listed = () if only_roles else children(properties, "accessPolicies")
    alone, together = list[Item](), list[Item]()
    for policy in listed:
        (together if text(policy, "applicationId") else alone).append(policy)
    scope_patterns(own_id(item))
    return Vault(own_id(item), _granted(alone), heeds_roles, _granted(together))


def _granted(policies: Iterable[Item]) -> _Granted:
    return tuple(
        (required(item, "objectId").lower(), tuple(_operations(child(item, "permissions")))) for item in policies
    )


def _operations(permissions: Item) -> Iterator[str]:
    for kind in permissions:
        for word in map(str.lower, texts(permissions, kind)):
            if word in {"get", "list"}:
                listed = "readMetadata/action" if kind == "secrets" else "read"
                yield f"Microsoft.KeyVault:vaults/{kind}/{_READS.get(kind, 'read') if word == 'get' else listed}"
            else:
                yield f"Microsoft.KeyVault:vaults/{kind}/{_RENAMED.get(word, f'{word}/action')}"


def granted_by_vault(vault: Vault, principals: Collection[str]) -> PolicyDocument | None:
    """Return what a vault's access policies grant to an identity and its groups (object ids); None for nothing."""
    statements = list[Statement]()
    for granted, conditions in ((vault.granted, ()), (vault.together, (_TOGETHER,))):
        listed = [action for principal, actions in granted if principal in principals for action in actions]
        if actions := tuple(dict.fromkeys(listed)):
            name = f"#{len(statements) + 1}"
            places = scope_patterns(vault.id, DATA)
            statements.append(Statement(name, Effect.ALLOW, actions, resources=places, conditions=conditions))
    if not statements:
        return None
    named = sorted(principal for principal, _ in (*vault.granted, *vault.together) if principal in principals)
    policy_id = f"{vault.id}#{'+'.join(dict.fromkeys(named))}"
    return grant(policy_id, f"access policy of {name_of(vault.id)}", statements, Source(LIST_VAULTS.name, vault.id))
