"""What an older snapshot file lacks counts as not asked: a Gap for each field that it does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, cast

from cloudguard.model.source import FactKind, Gap, Reason

_HIDDEN: Final[Mapping[str, tuple[FactKind, ...]]] = {
    "cluster/hosts": (FactKind.HOSTS,),
    "cluster/pools": (FactKind.POOLS,),
    "cluster/disks": (FactKind.DISKS, FactKind.ETCD_CLUSTERS),
    "cluster/keys": (FactKind.KEYS,),
    "cluster/secrets_encryption": (FactKind.KEYS,),
    "cluster": (FactKind.HOSTS,),
    "topology/filters": (FactKind.FILTERS,),
    "topology/groups": (FactKind.MEMBERS,),
    "topology/external_members": (FactKind.MEMBERS,),
    "topology/address_lists": (FactKind.ADDRESS_LISTS,),
    "topology/balancers": (FactKind.BALANCERS,),
    "topology/endpoints": (FactKind.ENDPOINT,),
    "topology": (FactKind.ROUTES,),
    "identities": (FactKind.IDENTITIES,),
}
"""The kinds of facts that a missing field hides, by where it is; the longest place counts."""
_SAYS_NOTHING: Final = frozenset(
    {"remedy", "template", "desired", "managed_by", "note", "description", "pool", "resource"}
)
"""Fields on which no answer rests."""
_PLACES: Final = sorted(_HIDDEN, key=len, reverse=True)


def not_asked(given: object, whole: object) -> Iterator[Gap]:
    """Yield a Gap for each field of facts that ``whole``, the snapshot as it was read, has and the file does not."""
    for path in dict.fromkeys(_missing(given, whole, "")):
        place = next((place for place in _PLACES if f"{path}/".startswith(f"{place}/")), "")
        if place and path.rpartition("/")[2] not in _SAYS_NOTHING:
            message = "an older version made this file and did not ask for it; collect it again"
            yield Gap("snapshot file", path.replace("/", "."), Reason.NOT_ASKED, message, _HIDDEN[place])


def _missing(given: object, whole: object, path: str) -> Iterator[str]:
    """Yield the paths of fields, without the places in lists, that ``whole`` has and ``given`` has not."""
    if isinstance(given, list) and isinstance(whole, list):
        for one, other in zip(cast("list[object]", given), cast("list[object]", whole), strict=False):
            yield from _missing(one, other, path)
    elif isinstance(given, dict) and isinstance(whole, dict):
        known = cast("dict[str, object]", given)
        for name, value in cast("dict[str, object]", whole).items():
            below = f"{path}/{name}" if path else name
            if name in known:
                yield from _missing(known[name], value, below)
            else:
                yield below
