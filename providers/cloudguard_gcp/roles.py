"""Roles as the permissions they hold, each read once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import cast

from cloudguard.model.source import Facet
from cloudguard_gcp.api import Api
from cloudguard_gcp.calls import GET_ROLE


class Roles:
    """The roles that bindings name."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def prefetch(self, names: Sequence[str]) -> None:
        """Ask for roles at once."""
        self._api.gather(*(partial(self.permissions, name) for name in sorted(set(names))))

    def permissions(self, name: str) -> tuple[str, ...] | None:
        """Return a role's permissions; None, and a Gap, where it can't be read."""
        found = self._api.read_or_none(GET_ROLE, hides=(Facet.IDENTITIES,), about=name, role=name)
        if found is None:
            return None
        listed = cast("Sequence[str]", (found[0] if found else {}).get("includedPermissions") or ())
        return () if found and found[0].get("deleted") else tuple(listed)
