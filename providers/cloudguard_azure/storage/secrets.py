"""The key that encrypts the Secrets of an AKS cluster in etcd."""

from __future__ import annotations

from cloudguard.model.keys import Key, SecretsEncryption
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import AnswerError, Item, child, flag, required, text
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_MANAGED_CLUSTERS
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.cluster.aks import ManagedCluster
from cloudguard_azure.storage.keys import KeyReference, read_keys


def read_secrets(api: Api, cluster: ManagedCluster) -> tuple[SecretsEncryption | None, tuple[Key, ...]]:
    """Return the encryption of the Secrets in etcd, and the key if it is the customer's.

    Without a customer's key it is Azure's, whether or not Secrets are encrypted in addition to etcd's disks
    (https://learn.microsoft.com/azure/aks/use-kms-etcd-encryption).
    """
    call, hides = LIST_MANAGED_CLUSTERS, (FactKind.KEYS,)
    keys = api.mapped(call, (cluster.item,), _secrets_key, hides=hides)
    if not keys:
        return None, ()
    key = keys[0]
    encryption = SecretsEncryption(key.address if key else "", api.source(call, cluster.name))
    return encryption, read_keys(api, [key]) if key else ()


def _secrets_key(item: Item) -> KeyReference | None:
    kms = child(item, "properties", "securityProfile", "azureKeyVaultKms")
    if not flag(kms, "enabled"):
        if text(kms, "keyId") and kms.get("enabled") is None:
            message = "azureKeyVaultKms has a keyId, but enabled is missing"
            raise AnswerError(message)
        return None
    return KeyReference.of(required(kms, "keyId"), canonical(text(kms, "keyVaultResourceId")))
