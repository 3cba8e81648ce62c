"""The fields that are missing in an older snapshot file: each is a gap, because the facts were not asked for."""

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
"""The kinds of facts that a missing field hides, by its place. The longest matching place counts."""
_SAYS_NOTHING: Final = frozenset(
    {
        "remedy",
        "template",
        "desired",
        "managed_by",
        "written_by",
        "description",
        "pool",
        "resource",
        "others",
        "admitted",
    }
)
"""Fields on which no ``PASS`` depends."""
_PLACES: Final = sorted(_HIDDEN, key=len, reverse=True)


def not_asked(old: object, complete: object) -> Iterator[Gap]:
    """Yield a gap for each field of facts that is in ``complete``, the snapshot, and not in ``old``, its file."""
    for path in dict.fromkeys(_missing(old, complete, "")):
        place = next((place for place in _PLACES if f"{path}/".startswith(f"{place}/")), "")
        if place and path.rpartition("/")[2] not in _SAYS_NOTHING:
            message = "an older version made this file and did not ask for it; collect it again"
            yield Gap("snapshot file", path.replace("/", "."), Reason.NOT_ASKED, message, _HIDDEN[place])


def _missing(old: object, complete: object, path: str) -> Iterator[str]:
    """Yield the paths of fields that ``complete`` has and ``old`` does not have. Paths have no positions in lists."""
    if isinstance(old, list) and isinstance(complete, list):
        for member, other in zip(cast("list[object]", old), cast("list[object]", complete), strict=False):
            yield from _missing(member, other, path)
    elif isinstance(old, dict) and isinstance(complete, dict):
        known = cast("dict[str, object]", old)
        for name, value in cast("dict[str, object]", complete).items():
            below = f"{path}/{name}" if path else name
            if name in known:
                yield from _missing(known[name], value, below)
            else:
                yield below
