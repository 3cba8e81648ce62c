"""The part of an action catalog that is the same for all clouds whose requests have no condition context."""

from __future__ import annotations

from collections.abc import Mapping


class ContextFree:
    """The context methods of an ``ActionCatalog`` for a cloud without condition context."""

    def multivalued(self, key: str) -> bool:
        """Whether a condition key may have several values: always False."""
        del key
        return False

    def service_context(self, service: str) -> Mapping[str, str]:
        """Return an empty mapping: no service fixes a condition key."""
        del service
        return {}
