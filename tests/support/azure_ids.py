"""Parse Azure's resource ids. Upper and lower case are equal in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spoilt import Json, children

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ResourceId:
    """A parsed id, in lower case. ``scope``: the part before the last "/providers/". ``types`` pair with ``names``."""

    scope: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, path: str) -> ResourceId:
        """Parse an id, or the path of a list, which has one type more than names."""
        scope, _, rest = path.lower().rpartition("/providers/")
        namespace, *parts = rest.split("/")
        return cls(scope, namespace, tuple(parts[::2]), tuple(parts[1::2]))

    @property
    def is_list(self) -> bool:
        """Whether this is the path of a list."""
        return len(self.types) > len(self.names)

    def lists(self, resource_id: ResourceId) -> bool:
        """Whether the list at this path contains the resource ``resource_id``."""
        if self.namespace != resource_id.namespace or resource_id.names[: len(self.names)] != self.names:
            return False
        is_part = self.types[0] == "virtualmachinescalesets" == resource_id.types[0] and len(self.types) == 2
        if self.types != resource_id.types and not (is_part and self.types[1] == resource_id.types[-1]):
            return False  # a scale set lists the interfaces and addresses of all its machines
        below = len(self.types) == 1 and self.scope.count("/") == 2 and resource_id.scope.startswith(f"{self.scope}/")
        return resource_id.scope == self.scope or below


def action(path: str, verb: str = "GET") -> str:
    """Return the action that a request needs, as Azure's roles name it: "Microsoft.Network/loadBalancers/read"."""
    if "/providers/" not in path.lower():
        parts = path.strip("/").split("/")[::2]
        return f"Microsoft.Resources/{'/'.join(parts)}/read"
    namespace, *parts = path[path.lower().rindex("/providers/") :].split("/")[2:]
    namespace = f"Microsoft{namespace[len('microsoft') :]}"
    if verb == "GET":
        return "/".join((namespace, *parts[::2], "read"))
    return "/".join((namespace, *parts[:-1:2], parts[-1], "action"))


def inner(item: Item) -> dict[str, Item]:
    """Return id in lower case → part, for the parts of a resource that have their own ids."""
    found: dict[str, Item] = {}
    above = f"{item['id'].lower()}/"
    waiting: list[Json] = [item]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict) and len(value) > 1 and str(value.get("id", "")).lower().startswith(above):
            found[str(value["id"]).lower()] = value
        waiting += children(value).values()
    return found


def links(value: Json) -> set[str]:
    """Return all ids in a resource, including its own, as they are written."""
    if isinstance(value, str):
        return {value} if value.lower().startswith("/subscriptions/") else set()
    return {link for key, part in children(value).items() for link in links(part) | links(str(key))}
