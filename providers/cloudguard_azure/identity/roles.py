"""Role definitions as the permissions they hold, each read once; where that fails, as they were at the release."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files

from cloudguard.provider.answers import Item, part, parts, required, text
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import GET_ROLE_DEFINITION
from cloudguard_azure.access.ids import canonical, name_of
from cloudguard_azure.identity.holders import HIDES
from cloudguard_azure.identity.permissions import Permission, permission


@dataclass(frozen=True, slots=True)
class Role:
    """What a role permits; ``read`` is the day of that where it is not today, in ISO 8601."""

    name: str
    built_in: bool
    permissions: tuple[Permission, ...]
    read: str = ""


class Roles:
    """The role definitions that assignments name. One role has many ids: they end in the same GUID."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._ids: dict[str, str] = {}

    def prefetch(self, ids: Sequence[str]) -> None:
        """Ask for definitions at once."""
        self._api.gather(*(partial(self.role, self._first(one)) for one in sorted(set(map(self._first, ids)))))

    def role(self, role_id: str) -> Role | None:
        """Return a role; where it can't be read there is a Gap, and the role as it was known, or None."""
        call, asked = GET_ROLE_DEFINITION, self._first(role_id)
        found = self._api.read(call, hides=HIDES, about=asked, role_id=asked)
        read = self._api.mapped(call, found, _role, hides=HIDES, about=asked)
        return read[0] if read else known_roles().get(guid_of(asked))

    def _first(self, role_id: str) -> str:
        return self._ids.setdefault(guid_of(role_id), canonical(role_id))


def guid_of(role_id: str) -> str:
    """Return the GUID of a role definition, which is the same wherever the role is assigned."""
    return name_of(role_id).lower()


def _role(item: Item) -> Role:
    properties = part(item, "properties")
    name, built_in = required(properties, "roleName"), text(properties, "type").lower() == "builtinrole"
    return Role(name, built_in, tuple(map(permission, parts(properties, "permissions"))))


@cache
def known_roles() -> Mapping[str, Role]:
    """Return the built-in roles that this release knows, by GUID."""
    written = tomllib.loads(files("cloudguard_azure.identity").joinpath("built_in.toml").read_text(encoding="utf-8"))
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
