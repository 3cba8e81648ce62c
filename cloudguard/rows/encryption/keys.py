"""The keys that encrypt etcd's data: whether they can be used, and whether they are rotated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cloudguard.model.cluster import Disk, DiskSnapshot, DiskTemplate
from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.results.change import AttributeEdit, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.rows.encryption.problem import ROW, EncryptionProblem
from cloudguard.values import dataclass

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
UNKNOWN_STATES = frozenset({KeyState.UNKNOWN, KeyState.UNAVAILABLE})
FAILING = {KeyState.DISABLED: "disabled", KeyState.EXPIRED: "expired", KeyState.PENDING_DELETION: "pending deletion"}
"""States in which a key cannot be used now, or cannot be used soon, each with its words."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that were read, by id. ``required``: the user requires a customer's key."""

    by_id: Mapping[str, Key]
    required: bool

    def is_customers(self, holder: Disk | DiskTemplate | DiskSnapshot) -> bool | None:
        """Return whether a customer's key encrypts a disk or copy, by the key's facts or its own; None: unknown."""
        known = self.by_id.get(holder.key)
        if known is not None:
            return known.manager is KeyManager.CUSTOMER
        if isinstance(holder, Disk):
            return None if holder.key else False
        return holder.customer_key


def key_problems(key: Key, content: str, width: str, hosts: tuple[str, ...] = ()) -> Iterator[EncryptionProblem]:
    """Yield the problems of a key that encrypts ``content``. ``width`` is the content as a line of a width."""
    name, resource, source = f"the key {key.id} that encrypts {content}", Resource("key", key.id), key.source
    if key.state in FAILING:
        message, fact = f"{name} is {FAILING[key.state]}", f"state {key.state}"
        kind, edit = "key.enable", AttributeEdit("state", key.state, KeyState.ENABLED)
        severity, lines = Severity.HIGH, (width, FAILING[key.state])
        yield EncryptionProblem(KEY, severity, resource, message, fact, source, kind, edit, hosts, width=lines)
    elif key.rotates is False:
        until = f", and expires on {key.expires}" if key.expires else ""
        message, fact, severity = f"{name} is not rotated automatically{until}", "rotation off", Severity.LOW
        kind, edit = "key.rotate", AttributeEdit("rotation", "off", "on")
        yield EncryptionProblem(ROTATION, severity, resource, message, fact, source, kind, edit, hosts, width=(width,))
