"""The key that encrypts the Secrets in an AKS cluster's etcd."""

from __future__ import annotations

from typing import Any

import pytest

from azure_answers import Answers, aks, arm_id, resource
from cloudguard.model.keys import KeyState
from cloudguard.model.source import FactKind
from cloudguard_azure.access.calls import GET_KEY, GET_KEY_VERSION, LIST_VAULTS
from cloudguard_azure.cluster.aks import managed_cluster
from cloudguard_azure.storage.secrets import read_secrets

VAULT = arm_id("keys", "Microsoft.KeyVault/vaults", "acme")
NEWEST = "https://Acme.vault.azure.net/keys/etcd"
PINNED = f"{NEWEST}/0123abcd"
KEYS = "Microsoft.KeyVault/vaults/keys"


def with_kms(**kms: object) -> dict[str, Any]:
    return aks("prod", "team", "mc", securityProfile={"azureKeyVaultKms": kms})


def reader(*, vaults: bool = True) -> Answers:
    """Return a reader of a vault with a rotating key; the named version of the key is disabled."""
    rotating = {"lifetimeActions": [{"action": {"type": "rotate"}}]}
    newest = resource("keys", KEYS, "acme", "etcd", attributes={"enabled": True}, rotationPolicy=rotating)
    version = resource("keys", f"{KEYS}/versions", "acme", "etcd", "0123abcd", attributes={"enabled": False})
    known = [resource("keys", "Microsoft.KeyVault/vaults", "acme")] if vaults else []
    return Answers({LIST_VAULTS: known, GET_KEY: [newest], GET_KEY_VERSION: [version]})


def test_without_a_customer_key_the_key_is_azure_s() -> None:
    for item in (aks("prod", "team", "mc"), with_kms(), with_kms(enabled=False, keyId=PINNED)):
        api = reader()
        secrets, keys = read_secrets(api, managed_cluster(item))
        assert secrets is not None
        assert (secrets.key, keys, api.gaps, api.made) == ("", (), (), [])


@pytest.mark.parametrize("vault", ["", VAULT.upper()])
@pytest.mark.parametrize(
    ("address", "state", "rotates"), [(PINNED, KeyState.DISABLED, False), (NEWEST, KeyState.ENABLED, True)]
)
def test_a_key_without_a_version_uses_the_newest(address: str, state: KeyState, vault: str, *, rotates: bool) -> None:
    api = reader()
    item = with_kms(enabled=True, keyId=address, keyVaultResourceId=vault)
    secrets, [key] = read_secrets(api, managed_cluster(item))
    assert secrets is not None
    assert (secrets.key, api.gaps) == (address, ())
    assert (key.id, key.state, key.rotates) == (address, state, rotates)


@pytest.mark.parametrize("address", [PINNED, "https://acme.managedhsm.azure.net/keys/etcd", "etcd", "https://x/y"])
def test_a_missing_key_is_a_gap(address: str) -> None:
    api = reader(vaults=False)
    secrets, keys = read_secrets(api, managed_cluster(with_kms(enabled=True, keyId=address)))
    assert secrets is not None
    assert (secrets.key, keys) == (address, ())
    [gap] = api.gaps
    assert (gap.hides, "is in a managed HSM" in gap.message) == ((FactKind.KEYS,), "managedhsm" in address)


@pytest.mark.parametrize(
    "kms", [{"enabled": True}, {"keyId": PINNED}, {"enabled": "true", "keyId": PINNED}, {"enabled": True, "keyId": 3}]
)
def test_settings_that_are_not_understood_are_a_gap(kms: dict[str, object]) -> None:
    api = reader()
    assert read_secrets(api, managed_cluster(with_kms(**kms))) == (None, ())
    assert [gap.hides for gap in api.gaps] == [(FactKind.KEYS,)]
