"""Role definitions as their permissions, each read once. If that fails, those known to this release are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial

from cloudguard.provider.answers import Item, child, children, required, text
from cloudguard.tables import table_of
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import GET_ROLE_DEFINITION
from cloudguard_azure.access.ids import canonical, name_of
from cloudguard_azure.identity.holders import HIDES
from cloudguard_azure.identity.permissions import Permission, permission


@dataclass(frozen=True, slots=True)
class Role:
    """The permissions of a role. ``read``: the day when they were read (ISO 8601), if that is not today."""

    name: str
    built_in: bool
    permissions: tuple[Permission, ...]
    read: str = ""


class Roles:
    """The role definitions that assignments name. One role has many ids, which end in the same GUID."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ids: dict[str, str] = {}

    def prefetch(self, ids: Sequence[str]) -> None:
        """Read several definitions at once."""
        self._api.gather(*(partial(self.role, self._first(role_id)) for role_id in sorted(set(map(self._first, ids)))))

    def role(self, role_id: str) -> Role | None:
        """Return a role. If it can't be read, leave a Gap, and return the role known to this release, or None."""
        name = self._first(role_id)
        read = self._api.listed(GET_ROLE_DEFINITION, _role, hides=HIDES, about=name, role_id=name)
        return read[0] if read else known_roles().get(guid_of(name))

    def _first(self, role_id: str) -> str:
        return self._ids.setdefault(guid_of(role_id), canonical(role_id))


def guid_of(role_id: str) -> str:
    """Return the GUID of a role definition. It is the same at all scopes."""
    return name_of(role_id).lower()


def _role(item: Item) -> Role:
    properties = child(item, "properties")
    name, built_in = required(properties, "roleName"), text(properties, "type").lower() == "builtinrole"
    return Role(name, built_in, tuple(map(permission, children(properties, "permissions"))))


@cache
def known_roles() -> Mapping[str, Role]:
    """Return the built-in roles known to this release, by GUID."""
    written = table_of("cloudguard_azure.identity", "built_in.toml")
    return {
        guid: Role(
            table["name"],
            built_in=True,
            permissions=(
                Permission(
                    table.get("actions", ()),
                    table.get("not-actions", ()),
                    table.get("data-actions", ()),
                    table.get("not-data-actions", ()),
                    table.get("condition", ""),
                ),
            ),
            read=written["read"],
        )
        for guid, table in written["roles"].items()
    }
