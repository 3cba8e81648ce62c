"""Roles as their permissions, each read once. If that fails, the permissions known to this release are used."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Final

from cloudguard.provider.answers import AnswerError, Item, flag, required, text, texts
from cloudguard.tables import table_of
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import GET_ROLE
from cloudguard_gcp.identity.bindings import HIDES

_DISABLED: Final = "DISABLED"


@dataclass(frozen=True, slots=True)
class Role:
    """The permissions of a role. ``read``: the day when they were read (ISO 8601), if that is not today."""

    permissions: tuple[str, ...]
    read: str = ""


class Roles:
    """The roles that bindings name."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def prefetch(self, names: Sequence[str]) -> None:
        """Read several roles at once."""
        self._api.gather(*(partial(self.role, name) for name in sorted(set(names))))

    def role(self, name: str) -> Role | None:
        """Return a role. If it can't be read, leave a Gap, and return the role known to this release, or None."""
        read = self._api.listed(GET_ROLE, partial(_role, name), hides=HIDES, about=name, role=name)
        return read[0] if read else known_roles().get(name)


def _role(name: str, item: Item) -> Role:
    """Return the role ``name``. A role that is deleted or disabled grants nothing.

    https://cloud.google.com/iam/docs/creating-custom-roles#disable-custom-role
    """
    if required(item, "name") != name:
        message = f"it is the role {text(item, 'name')[:60]}"
        raise AnswerError(message)
    gone = flag(item, "deleted") or text(item, "stage") == _DISABLED
    return Role(() if gone else tuple(texts(item, "includedPermissions")))


@cache
def known_roles() -> dict[str, Role]:
    """Return the predefined roles known to this release, by name. Some have only a part of their permissions."""
    written = table_of("cloudguard_gcp.identity", "predefined.toml")
    return {
        name: Role(
            tuple(f"{of}.{verb}" for of, verbs in permissions.items() for verb in verbs.split()), written["read"]
        )
        for name, permissions in written["roles"].items()
    }
