"""The keys that encrypt etcd's data: their state, and whether they rotate."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Final

from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import AnswerError, Item, child, text
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import GET_CRYPTO_KEY, GET_CRYPTO_KEY_VERSION, LIST_DISKS

_KEYS: Final = (FactKind.KEYS,)
VERSION: Final = "/cryptoKeyVersions/"
CUSTOMER_SUPPLIED: Final = "customer-supplied:"
"""Prefix of a key that only its owner keeps. The key is known by its hash
(https://cloud.google.com/compute/docs/disks/customer-supplied-encryption).
"""
_STATES: Final = {
    "ENABLED": KeyState.ENABLED,
    "DISABLED": KeyState.DISABLED,
    "DESTROY_SCHEDULED": KeyState.PENDING_DELETION,
    "DESTROYED": KeyState.PENDING_DELETION,
    "PENDING_GENERATION": KeyState.UNAVAILABLE,
    "PENDING_IMPORT": KeyState.UNAVAILABLE,
}
"""https://cloud.google.com/kms/docs/reference/rest/v1/CryptoKeyVersionState"""


def key_of(encryption: Item) -> str:
    """Return the key of an encryption, as the cloud names it; "" for Google's own key, which answers do not name."""
    digest = text(encryption, "sha256")
    supplied = f"{CUSTOMER_SUPPLIED}{digest}" if digest or encryption.get("rawKey") else ""
    key = text(encryption, "kmsKeyName") or supplied
    if any(encryption.values()) and not key:
        message = "an encryption setting has a key of an unknown kind"
        raise AnswerError(message)
    return key


def known_key(item: Item, field: str) -> str | None:
    """Return the key in a field of an item as ``key_of`` does; None if it is of an unknown kind."""
    with suppress(AnswerError):
        return key_of(child(item, field))
    return None


def read_keys(api: Api, names: Iterable[str]) -> tuple[Key, ...]:
    """Read keys. A key that can't be read leaves a Gap and is left out."""
    wanted = sorted({name for name in names if name})
    return tuple(filter(None, api.gather(*(partial(_key, api, name) for name in wanted))))


def _key(api: Api, name: str) -> Key | None:
    """Return a key with the state of the version in use: the version in its name, or else the primary version."""
    if name.startswith(CUSTOMER_SUPPLIED):
        return Key(name, KeyManager.CUSTOMER, KeyState.ENABLED, api.source(LIST_DISKS))
    key, version, _ = name.partition(VERSION)
    read = partial(api.read, hides=_KEYS, about=name)
    keys = read(GET_CRYPTO_KEY, key=key)
    if version:
        call = GET_CRYPTO_KEY_VERSION
        states = api.mapped(call, read(call, key=name), _state, hides=_KEYS, about=name)
    else:
        call, states = (
            GET_CRYPTO_KEY,
            api.mapped(GET_CRYPTO_KEY, keys, lambda item: _state(child(item, "primary")), hides=_KEYS, about=name),
        )
    if not states:
        return None
    return Key(
        name, KeyManager.CUSTOMER, states[0], api.source(call, name), "rotationPeriod" in keys[0] if keys else None
    )


def _state(version: Item) -> KeyState:
    return _STATES.get(text(version, "state"), KeyState.UNKNOWN)
