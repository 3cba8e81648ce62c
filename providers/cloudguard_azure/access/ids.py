"""Resource ids, compared without case (https://learn.microsoft.com/azure/azure-resource-manager/management/overview).

"/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/loadBalancers/L/backendAddressPools/P" has pairs of a
kind and a name, except for the namespace after "providers".
"""

from __future__ import annotations

from functools import lru_cache

from cloudguard.provider.answers import AnswerError, Item, child, children, required, text
from cloudguard.values import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class Resource:
    """A resource, by its canonical id."""

    id: str

    @property
    def group(self) -> str:
        """Its resource group, in lower case."""
        return group_of(self.id)


@lru_cache(maxsize=1 << 16)
def canonical(written: str) -> str:
    """Return the canonical form of an id: lower case, with a leading and no trailing slash; "" for ""."""
    bare = written.strip("/").lower()
    return f"/{bare}" if bare else ""


def name_of(written: str) -> str:
    """Return the resource's own name, as it is written."""
    return written.rstrip("/").rpartition("/")[2]


def segment_after(written: str, kind: str) -> str:
    """Return what follows ``kind`` in an id, in lower case: the group after "resourceGroups"; "" if nothing does."""
    words = canonical(written).split("/")
    kind = kind.lower()
    return words[words.index(kind) + 1] if kind in words[:-1] else ""


def subscription_of(written: str) -> str:
    """Return the subscription of a resource, "" for none."""
    return segment_after(written, "subscriptions")


def group_of(written: str) -> str:
    """Return the resource group of a resource, "" for none."""
    return segment_after(written, "resourcegroups")


def place(written: str, name_key: str) -> dict[str, str]:
    """Return the SDK's parameters for a resource. ``name_key``: the parameter for the resource's name."""
    where = {"subscription": subscription_of(written), "resource_group_name": group_of(written)}
    return {**where, name_key: name_of(written)}


def parent(written: str) -> str:
    """Return the id of a resource's parent: of a pool its load balancer, of a load balancer its resource group."""
    words = canonical(written).split("/")[:-2]
    return "/".join(words[:-2] if words[-2:-1] == ["providers"] else words)


def own_id(item: Item, key: str = "id") -> str:
    """Return an item's own id. Raises AnswerError if it has none."""
    return _checked(required(item, key), key)


def id_in(item: Item, key: str) -> str:
    """Return the id in an item's reference ``key`` (an object with an ``id``), "" for none."""
    return _checked(text(child(item, key), "id"), key)


def ids_in(item: Item, key: str) -> tuple[str, ...]:
    """Return the ids of a list of references."""
    return tuple(_checked(required(reference, "id"), key) for reference in children(item, key))


def parts(item: Item, *keys: str) -> list[Item]:
    """Return the properties of the parts in the lists ``keys`` of an item."""
    return [child(part, "properties") for key in keys for part in children(item, key)]


def word(item: Item, key: str) -> str:
    """Return an enum's value in lower case: Azure compares it without case."""
    return text(item, key).lower()


def _checked(written: str, key: str) -> str:
    if written and "/" not in written:
        message = f"{key} is not a resource id"
        raise AnswerError(message)
    return canonical(written)
