"""Encryption keys: whose they are, and whether they can be used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudguard.model.source import Source


class KeyManager(StrEnum):
    """Whose an encryption key is."""

    PROVIDER = "provider"
    CUSTOMER = "customer"


class KeyState(StrEnum):
    """Whether a key can be used."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    PENDING_DELETION = "pending-deletion"
    EXPIRED = "expired"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Key:
    """An encryption key. ``rotates``: the provider replaces its material from time to time; None: unknown.

    ``expires``: the day from which it can't be used ("2026-12-31"), "" for never.
    """

    id: str
    manager: KeyManager
    state: KeyState
    source: Source
    rotates: bool | None = None
    expires: str = ""
