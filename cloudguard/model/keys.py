"""Encryption keys, and the encryption of Secrets."""

from __future__ import annotations

from enum import StrEnum

from cloudguard.model.source import Source
from cloudguard.values import dataclass


class KeyManager(StrEnum):
    """The manager of an encryption key."""

    PROVIDER = "provider"
    CUSTOMER = "customer"


class KeyState(StrEnum):
    """The state of a key."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    PENDING_DELETION = "pending-deletion"
    EXPIRED = "expired"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Key:
    """An encryption key. ``rotates``: the provider replaces its key material regularly (None: unknown).

    ``expires``: the day from which it cannot be used ("2026-12-31"), "" for never.
    """

    id: str
    manager: KeyManager
    state: KeyState
    source: Source
    rotates: bool | None = None
    expires: str = ""

    @property
    def lasts(self) -> bool:
        """Whether it is a customer's key that can be used now, and that rotates if it expires."""
        is_usable = self.manager is KeyManager.CUSTOMER and self.state is KeyState.ENABLED
        return is_usable and (self.rotates is True or not self.expires)


@dataclass(frozen=True, slots=True)
class SecretsEncryption:
    """The encryption of Secrets by a managed control plane. ``key`` "" means the provider's key."""

    key: str
    source: Source
