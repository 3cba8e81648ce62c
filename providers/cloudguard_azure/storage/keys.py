"""Keys of Azure Key Vault, read as resources: no permission on the vault's data is needed.

https://learn.microsoft.com/rest/api/keyvault/keyvault/keys/get
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard.provider.answers import Item, child, children, flag, number
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import GET_KEY, GET_KEY_VERSION, LIST_VAULTS
from cloudguard_azure.access.ids import name_of, own_id, place, word

_KEYS: Final = (FactKind.KEYS,)
_ADDRESS: Final = re.compile(
    r"https://([a-z0-9-]+)\.vault\.[a-z.]+(?::443)?/keys/([a-z0-9-]+)(?:/([a-z0-9]+))?/?", re.IGNORECASE
)
"""https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates, for vaults of all clouds."""
_HSM: Final = ".managedhsm."
"""A part of the address of a managed HSM. Its keys and its local roles are read only with permissions of its own:
https://learn.microsoft.com/azure/key-vault/managed-hsm/access-control.
"""
_LAST: Final = 253_402_300_800
"""Seconds from 1970 to the year 10000, the first year that ``datetime`` can't represent."""


@dataclass(frozen=True, slots=True)
class KeyReference:
    """A reference to a key: its address, and its vault's id ("": unknown).

    ``follows``: the resource that uses the key always takes the newest version.
    """

    address: str
    vault: str
    follows: bool

    @staticmethod
    def of(address: str, vault: str) -> KeyReference:
        """Return the reference to a key. It follows the newest version if the address names no version."""
        match = _ADDRESS.fullmatch(address)
        return KeyReference(address, vault, follows=bool(match) and not (match and match[3]))


def read_keys(api: Api, wanted: Iterable[KeyReference], now: float | None = None) -> tuple[Key, ...]:
    """Read keys. A key that can't be read leaves a Gap and is left out.

    ``now``: the time for expiry, in seconds since 1970 (None: the current time).
    """
    merged: dict[str, KeyReference] = {}
    for reference in wanted:
        known = merged.get(reference.address, reference)
        merged[reference.address] = replace(
            known, vault=known.vault or reference.vault, follows=known.follows and reference.follows
        )
    vaults = _vaults(api) if any(not reference.vault for reference in merged.values()) else dict[str, str]()
    moment = time.time() if now is None else now
    return tuple(filter(None, api.gather(*(partial(_key, api, merged[key], vaults, moment) for key in sorted(merged)))))


def _vaults(api: Api) -> Mapping[str, str]:
    """Return the ids of the subscription's vaults by name. No two vaults share a name."""
    return {name_of(vault): vault for vault in api.listed(LIST_VAULTS, own_id, hides=_KEYS)}


def _key(api: Api, wanted: KeyReference, vaults: Mapping[str, str], now: float) -> Key | None:
    """Return a key with the state of the version in use: the version in its address, or else the newest."""
    match = _ADDRESS.fullmatch(wanted.address)
    vault = wanted.vault or (vaults.get(match[1].lower(), "") if match else "")
    if match is None or not vault:
        elsewhere = "a managed HSM" if _HSM in wanted.address.lower() else "no key vault with a known address"
        vault = "no vault of the subscription" if match else elsewhere
        message = f"the key {wanted.address} is in {vault}, so its state is not read"
        api.missed(GET_KEY, wanted.address, message, _KEYS, Reason.UNSUPPORTED)
        return None
    where = {**place(vault, "vault_name"), "key_name": match[2]}
    newest = api.read(GET_KEY, hides=_KEYS, about=wanted.address, **where)
    call, used = GET_KEY, newest
    if match[3] and not wanted.follows:
        call, where = GET_KEY_VERSION, {**where, "key_version": match[3]}
        used = api.read(call, hides=_KEYS, about=wanted.address, **where)
    source = api.source(call, wanted.address)
    keys = api.mapped(call, used, lambda item: _key_version(item, wanted, source, now), hides=_KEYS, about=vault)
    rotated = api.mapped(GET_KEY, newest, _rotates, hides=_KEYS, about=wanted.address)
    rotates = (rotated[0] and wanted.follows) if rotated else None
    return replace(keys[0], rotates=rotates) if keys else None


def _key_version(item: Item, wanted: KeyReference, source: Source, now: float) -> Key:
    """Return the key of a version. It can't be used after its expiry."""
    attributes = child(item, "properties", "attributes")
    expiry = number(attributes, "exp", 0)
    day = datetime.fromtimestamp(expiry, UTC).date().isoformat() if 0 < expiry < _LAST else ""
    return Key(wanted.address, KeyManager.CUSTOMER, state_of(attributes, now), source, expires=day)


def state_of(attributes: Item, now: float) -> KeyState:
    """Return whether a version of a key can be used ``now`` (seconds since 1970)."""
    if not flag(attributes, "enabled", default=True):
        return KeyState.DISABLED
    expiry = number(attributes, "exp", 0)
    if expiry and expiry <= now:
        return KeyState.EXPIRED
    if attributes.get("enabled") is None:
        return KeyState.UNKNOWN
    return KeyState.UNAVAILABLE if number(attributes, "nbf", 0) > now else KeyState.ENABLED


def _rotates(item: Item) -> bool:
    """Whether a key's policy makes new versions. An answer without a policy means that there is none."""
    actions = children(child(item, "properties", "rotationPolicy"), "lifetimeActions")
    return any(word(child(action, "action"), "type") == "rotate" for action in actions)
