"""The keys that encrypt etcd's data: whether they can be used, and whether they are rotated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cloudguard.model.cluster import Disk, DiskSnapshot, DiskTemplate
from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.results.change import AttributeEdit, Change, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.rows.encryption.problem import ROW, EncryptionProblem, change_of

KEY = Check(
    f"{ROW}/key",
    {Severity.HIGH: "the key of etcd's data, or of Secrets, is disabled, expired or pending deletion"},
    "The key of a disk with etcd's data, or of a managed cluster's Secrets, is disabled, expired or will be deleted.",
)
ROTATION = Check(
    f"{ROW}/rotation",
    {Severity.LOW: "a customer key is not rotated automatically"},
    "A customer key of etcd's data, or of Secrets, is not rotated automatically.",
)
Keys = Mapping[str, Key]
"""The keys that were read, by id."""
UNKNOWN_STATES = frozenset({KeyState.UNKNOWN, KeyState.UNAVAILABLE})
FAILING = {KeyState.DISABLED: "disabled", KeyState.EXPIRED: "expired", KeyState.PENDING_DELETION: "pending deletion"}
"""States in which a key cannot be used now, or cannot be used soon, each with its words."""


def is_customers(key: Key | None) -> bool:
    """Whether a key is known to be a customer key."""
    return key is not None and key.manager is KeyManager.CUSTOMER


def has_customer_key(holder: DiskTemplate | DiskSnapshot, keys: Keys) -> bool | None:
    """Return whether a customer's key encrypts a disk or copy, by the key's facts or the disk's own; None: unknown."""
    known = keys.get(holder.key)
    return holder.customer_key if known is None else is_customers(known)


def disk_key_problems(key: Key, disk: Disk, where: str) -> Iterator[EncryptionProblem]:
    """Yield the problems of the key of a disk. ``where`` is the disk in words."""
    hosts, width = (disk.host,) if disk.host else (), f"disk {disk.id}"
    if key.state in FAILING:
        message, resource = f"the key {key.id} of {where} is {FAILING[key.state]}", Resource("key", key.id)
        change, fact, lines = _enabled(key), f"state {key.state}", (width, FAILING[key.state])
        yield EncryptionProblem(KEY, Severity.HIGH, resource, message, fact, key.source, change, hosts, width=lines)
    elif key.rotates is False:
        yield _rotation(key, where, hosts, width)


def managed_key_problems(key: Key, content: str) -> Iterator[EncryptionProblem]:
    """Yield the problems of a key that encrypts ``content`` of a managed control plane."""
    if key.state in FAILING:
        message = f"the key {key.id} that encrypts {content} is {FAILING[key.state]}"
        resource, change, width = Resource("key", key.id), _enabled(key), (content, FAILING[key.state])
        yield EncryptionProblem(KEY, Severity.HIGH, resource, message, message, key.source, change, width=width)
    elif key.rotates is False:
        yield _rotation(key, content, (), content)


def _enabled(key: Key) -> Change:
    resource = Resource("key", key.id)
    return change_of("key.enable", resource, AttributeEdit("state", key.state, KeyState.ENABLED))


def _rotation(key: Key, content: str, hosts: tuple[str, ...], width: str) -> EncryptionProblem:
    until = f", and expires on {key.expires}" if key.expires else ""
    resource, message = Resource("key", key.id), f"the key {key.id} of {content} is not rotated automatically{until}"
    change = change_of("key.rotate", resource, AttributeEdit("rotation", "off", "on"))
    fact, severity = "rotation off", Severity.LOW
    return EncryptionProblem(ROTATION, severity, resource, message, fact, key.source, change, hosts, width=(width,))
