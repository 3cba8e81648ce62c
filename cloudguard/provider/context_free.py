"""A catalog of actions whose requests have no context that conditions are about."""

from __future__ import annotations

from collections.abc import Mapping


class ContextFree:
    """What an ``ActionCatalog`` says of context where there is none."""

    def multivalued(self, key: str) -> bool:
        """Return False: no condition key has several values."""
        del key
        return False

    def service_context(self, service: str) -> Mapping[str, str]:
        """Return nothing: no service fixes a condition key."""
        del service
        return {}
