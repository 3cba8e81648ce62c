"""The resources that an AKS cluster uses outside its node group: needs of its identity are bound to them.

https://learn.microsoft.com/rest/api/aks/managed-clusters/list
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from cloudguard.provider.answers import NOTHING, Item, child, flag, text
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_MANAGED_CLUSTERS, LIST_VAULTS
from cloudguard_azure.access.ids import canonical, name_of, own_id
from cloudguard_azure.identity.holders import HIDES
from cloudguard_azure.identity.resource_names import scope_patterns

CLUSTER: Final = "aks-cluster"
VAULT: Final = "aks-vault"
ZONE: Final = "aks-private-dns-zone"
ENCRYPTION_SET: Final = "aks-disk-encryption-set"
GATEWAY: Final = "aks-application-gateway"

_INGRESS: Final = "ingressapplicationgateway"


def aks_traits(api: Api, cluster: Item) -> tuple[tuple[str, str], ...]:
    """Return the resources that a cluster uses as its traits: the canonical ids of itself and of other resources."""
    vaults = api.listed(LIST_VAULTS, own_id, hides=HIDES)
    by_name = {name_of(vault): vault for vault in vaults}
    listed = api.mapped(LIST_MANAGED_CLUSTERS, (cluster,), lambda item: tuple(_traits(item, by_name)), hides=HIDES)
    return tuple(trait for traits in listed for trait in traits)


def _traits(cluster: Item, vaults: dict[str, str]) -> Iterator[tuple[str, str]]:
    properties = child(cluster, "properties")
    kms = child(properties, "securityProfile", "azureKeyVaultKms")
    named = (urlsplit(text(kms, "keyId")).hostname or "").partition(".")[0]
    vault = text(kms, "keyVaultResourceId") or vaults.get(named, "")
    zone = text(child(properties, "apiServerAccessProfile"), "privateDNSZone")
    addons = child(properties, "addonProfiles")
    ingress = next((child(addons, name, "config") for name in addons if name.lower() == _INGRESS), NOTHING)
    used = {
        CLUSTER: own_id(cluster),
        VAULT: vault if flag(kms, "enabled") else "",
        ZONE: zone if zone.startswith("/") else "",
        ENCRYPTION_SET: text(properties, "diskEncryptionSetID"),
        GATEWAY: text(ingress, "effectiveApplicationGatewayId") or text(ingress, "applicationGatewayId"),
    }
    for name, arm_id in used.items():
        if arm_id:
            scope_patterns(arm_id)
            yield name, canonical(arm_id)
