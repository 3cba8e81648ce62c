"""The keys that encrypt etcd's data: their manager, their state, and whether they rotate."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, choice, flag, required, text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.arns import account_of

_KEYS: Final = (FactKind.KEYS, FactKind.IDENTITIES)
_MANAGERS: Final = {"AWS": KeyManager.PROVIDER, "CUSTOMER": KeyManager.CUSTOMER}
_STATES: Final = {
    "Enabled": KeyState.ENABLED,
    "Disabled": KeyState.DISABLED,
    "PendingDeletion": KeyState.PENDING_DELETION,
    "PendingReplicaDeletion": KeyState.PENDING_DELETION,
    "Unavailable": KeyState.UNAVAILABLE,
    "PendingImport": KeyState.UNAVAILABLE,
}
"""States of keys: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""


def read_keys(
    api: Api, names: Iterable[str], account: str = "", *, hides: tuple[FactKind, ...] = _KEYS
) -> tuple[Key, ...]:
    """Read keys by ARN, id or alias. A key that can't be read leaves a Gap that ``hides`` facts, and is left out.

    The policies of customer keys of ``account`` ("": of any account) are requested ahead.
    """
    wanted = sorted({name for name in names if name})
    read = api.gather(*(partial(_key, api, name, account, hides) for name in wanted))
    return tuple(key for keys in read for key in keys)


def _key(api: Api, name: str, account: str, hides: tuple[FactKind, ...]) -> tuple[Key, ...]:
    items = api.read(calls.DESCRIBE_KEY, hides=hides, about=name, KeyId=name)
    read = partial(_described_key, api, name, account, hides)
    return api.mapped(calls.DESCRIBE_KEY, items, read, hides=hides)


def _described_key(api: Api, name: str, account: str, hides: tuple[FactKind, ...], item: Item) -> Key:
    manager, arn = choice(item, "KeyManager", _MANAGERS), text(item, "Arn")
    if manager is KeyManager.CUSTOMER and arn and account_of(arn) == (account or account_of(arn)):
        api.prefetch(calls.GET_KEY_POLICY, **policy_of(arn))
    state = _STATES.get(text(item, "KeyState"), KeyState.UNKNOWN)
    rotates = _rotates(api, item, hides) if manager is KeyManager.CUSTOMER and state is KeyState.ENABLED else None
    return Key(name, manager, state, api.source(calls.DESCRIBE_KEY, name), rotates)


def policy_of(key: str) -> dict[str, str]:
    """Return the parameters of GetKeyPolicy for a key."""
    return {"KeyId": key, "PolicyName": "default"}


def _rotates(api: Api, key: Item, hides: tuple[FactKind, ...]) -> bool | None:
    """Return whether KMS rotates a key automatically. None for imported material and custom stores, which can't rotate.

    https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
    """
    if text(key, "Origin") != "AWS_KMS":
        return None
    call = calls.GET_KEY_ROTATION_STATUS
    answer = api.read(call, hides=hides, about=required(key, "KeyId"), KeyId=required(key, "Arn"))
    rotates = api.mapped(call, answer, lambda item: flag(item, "KeyRotationEnabled"), hides=hides)
    return rotates[0] if rotates else None
