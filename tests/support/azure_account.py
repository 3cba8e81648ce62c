"""A made-up Azure subscription: resources by their ids. A resource that Azure could not send is refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

from azure_ids import Item, ResourceId, inner, links
from azure_schema import faults, shape_of
from azure_sdk import find
from fixture_error import FixtureError

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
TENANT = "54826b22-38d6-4fb2-bad9-b7b93a3e9c5a"
LOCATION = "westeurope"
_ROLES = "/providers/microsoft.authorization/roledefinitions/"


def guid(name: str) -> str:
    """Return a GUID for ``name``, which is always the same."""
    return str(uuid5(NAMESPACE_URL, name))


class Account:
    """A subscription's content.

    ``items``: id in lower case → resource. ``answers``: "VERB path" → fixed answer. ``members``: object id of a group →
    object ids of its members.
    """

    def __init__(self, subscription: str = SUBSCRIPTION, tenant: str = TENANT) -> None:
        self.subscription, self.tenant = subscription, tenant
        self.items: dict[str, Item] = {}
        self.answers: dict[str, Item] = {}
        self.members: dict[str, set[str]] = defaultdict(set)
        self.elsewhere: set[str] = set()
        """Ids of resources that are deleted, or are in a place that is not served."""
        self.group = "prod"

    def id(self, kind: str, *names: str, group: str = "") -> str:
        """Return a resource id: ``id("Microsoft.Network/virtualNetworks/subnets", "vnet", "nodes")``."""
        namespace, *types = kind.split("/")
        parts = "/".join(f"{one}/{name}" for one, name in zip(types, names, strict=True))
        scope = f"/subscriptions/{self.subscription}/resourceGroups/{group or self.group}"
        return f"{scope}/providers/{namespace}/{parts}"

    def put(self, item: Item, *, odd: bool = False) -> str:
        """Add a resource and return its id. Raises FixtureError if Azure could not send it.

        ``odd``: allow words that are not in an enum.
        """
        own, operation = str(item["id"]), find("GET", str(item["id"]))
        if operation is None:
            message = f"no operation reads {own}"
            raise FixtureError(message)
        wrong = [*faults(shape_of(operation.package, operation.model), item, own, odd=odd), *_misnamed(item)]
        wrong += [f"{own} is there twice"] if own.lower() in self.items else []
        if wrong:
            raise FixtureError("\n".join(wrong))
        self.items[own.lower()] = item
        return own

    def answer(self, path: str, body: Item, verb: str = "GET") -> None:
        """Set the answer of one path. Raises FixtureError if Azure could not send it."""
        operation = find(verb, path)
        if operation is None:
            message = f"no operation is at {verb} {path}"
            raise FixtureError(message)
        wrong = [*faults(shape_of(operation.package, operation.model), body, path)]
        if wrong:
            raise FixtureError("\n".join(wrong))
        self.answers[f"{verb} {path.lower()}"] = body

    def get(self, own: str) -> Item:
        """Return a resource, or a part of a resource, by its id."""
        above = own = own.lower()
        while above and above not in self.items:
            above = above.rpartition("/")[0]
        return inner(self.items[above])[own] if above not in {"", own} else self.items[own]

    def everything(self) -> dict[str, Item]:
        """Return id in lower case → resource, including the parts of resources that have ids."""
        return self.items | {own: part for item in self.items.values() for own, part in inner(item).items()}

    def check(self) -> None:
        """Raise FixtureError if a resource refers to an id that does not exist."""
        there = self.everything().keys() | {one.lower() for one in self.elsewhere}
        roles = {own.rpartition("/")[2] for own in there if _ROLES in own}
        dangling = [
            f"{item['id']}: there is no {link}"
            for item in self.items.values()
            for link in sorted(links(item))
            if "/providers/" in link.lower()
            and link.lower() not in there
            and not (_ROLES in link.lower() and link.lower().rpartition("/")[2] in roles)
        ]
        if dangling:
            raise FixtureError("\n".join(dangling))

    def subscriptions(self) -> Iterator[str]:
        """Yield the subscriptions that can be read."""
        yield self.subscription
        yield from sorted(
            {item.split("/")[2] for item in self.items if item.startswith("/subscriptions/")} - {self.subscription}
        )

    def groups(self) -> set[str]:
        """Return the resource groups, by their ids in lower case."""
        return {"/".join(item.split("/")[:5]) for item in self.items if "/resourcegroups/" in item}


def _misnamed(item: Item) -> Iterator[str]:
    """Yield the faults in a resource's name and type. The name of a scale set's member begins with the set's name."""
    resource_id = ResourceId.of(item["id"])
    kind = "/".join((resource_id.namespace, *resource_id.types))
    is_member = resource_id.types == ("virtualmachinescalesets", "virtualmachines")
    name = "_".join(resource_id.names) if is_member else resource_id.names[-1]
    if str(item.get("name", name)).lower() != name:
        yield f"{item['id']}: its name is {item['name']!r}"
    if str(item.get("type", kind)).lower() != kind:
        yield f"{item['id']}: its type is {item['type']!r}"
