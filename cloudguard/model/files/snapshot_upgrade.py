"""The upgrade of older snapshot files to the present schema, and the fields that are missing in a file.

v1 has other names, and other fields for ranges. Before owners existed, a filter or rule that a program writes had a
note. A field that is missing in a file was not asked for when the file was made: it is a gap.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from cloudguard.model.source import FactKind, Gap, Reason

SCHEMA_V1 = "cloudguard/snapshot/v1"

_INTERFACE = {"segment": "subnet", "labels": "groups", "awaits_public": "public_ip_on_start"}
_IN_SUBNETS = {"segments": "subnets", "labels": "groups"}
_RENAMED: Mapping[tuple[str, ...], Mapping[str, str]] = {
    ("cluster",): {"labels": "traits"},
    ("cluster", "hosts", "interfaces"): _INTERFACE,
    ("cluster", "pools"): _IN_SUBNETS,
    ("topology", "filters"): {"chained": "in_chain"},
    ("topology", "filters", "rules"): {"targets": "target_groups", "doubt": "uncertain"},
    ("topology", "balancers"): _IN_SUBNETS,
    ("topology", "endpoints"): _IN_SUBNETS,
    ("topology", "strangers"): _INTERFACE,
    ("topology",): {"segments": "subnets", "strangers": "external_members"},
    ("identities", "policies", "statements"): {"label": "name"},
    ("identities",): {
        "workloads": "service_accounts",
        "limits": "organization_limits",
        "limits_unseen": "unread_limits",
        "grants_unseen": "unread_grants",
    },
}
"""Old and new names of fields, by the path of the objects that have them. A path goes through the items of lists."""
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
        "place",
    }
)
"""Fields on which no ``PASS`` depends."""
_PLACES: Final = sorted(_HIDDEN, key=len, reverse=True)


def is_older(raw: bytes, schema: str) -> bool:
    """Whether a file with the schema ``schema`` must be upgraded before it is read."""
    return schema == SCHEMA_V1 or b'"note"' in raw or b'"admitted"' in raw


def upgraded(raw: bytes, schema: str) -> bytes:
    """Return the JSON of an older file in ``schema``. Anything that is not a JSON object is returned unchanged."""
    try:
        parsed: object = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(parsed, dict):
        return raw
    document = cast("dict[str, Any]", parsed)
    if document.get("schema") == SCHEMA_V1:
        _rename(document)
        _separate_lists(document)
        _type_evidence(document)
    _name_writers(document)
    for identities in _objects_at(document, ("identities",)):
        identities.pop("admitted", None)  # trust policies show it
    document["schema"] = schema
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _rename(document: object) -> None:
    for path, names in _RENAMED.items():
        for item in _objects_at(document, path):
            for former, present in names.items():
                if former in item:
                    item[present] = item.pop(former)


def _separate_lists(document: object) -> None:
    """Move ids of address lists, and port ranges of listeners, to the fields that they have since v2."""
    for route in _objects_at(document, ("topology", "subnets", "routes")):
        named = route["destination"] if _is_list(route.get("destination")) else ""
        route.update({"destination": "", "address_list": named} if named else {"address_list": ""})
    for endpoint in _objects_at(document, ("topology", "endpoints")):
        named = endpoint.get("public_ranges")
        if isinstance(named, list):
            listed = cast("list[object]", named)
            endpoint["public_lists"] = [text for text in listed if _is_list(text)]
            endpoint["public_ranges"] = [text for text in listed if not _is_list(text)]
    for listener in _objects_at(document, ("topology", "balancers", "listeners")):
        terms = str(listener.get("service", "")).split(",")
        ranges = [term for term in terms if "/" not in term or "-" in term]
        listener["port_ranges"] = ",".join(ranges) or "none"


def _type_evidence(document: object) -> None:
    """Convert evidence, which was text before v2, to typed evidence.

    Its kind and strength were not stored, so the kind is unknown and the strength weak.
    """
    for path in (("cluster", "hosts"), ("cluster", "pools")):
        for holder in _objects_at(document, path):
            texts = holder.pop("evidence", [])
            listed = cast("list[object]", texts) if isinstance(texts, list) else [texts]
            holder["role_evidence"] = [_evidence(text) for text in listed]
    for disk in _objects_at(document, ("cluster", "disks")):
        text = disk.pop("holds_etcd", "")
        disk["etcd_evidence"] = _evidence(text) if text else None


def _name_writers(document: object) -> None:
    """Convert each note, which said what to do instead of an edit, to an owner."""
    for path in (("topology", "filters"), ("topology", "filters", "rules")):
        for item in _objects_at(document, path):
            if instead := item.pop("note", ""):
                texts = {"id": "", "who": "the cloud or a controller", "evidence": "", "undone": "", "instead": instead}
                item["written_by"] = {**texts, "names": []}


def _evidence(text: object) -> dict[str, object]:
    return {"kind": "unknown", "text": text, "strength": "weak"}


def _is_list(text: object) -> bool:
    return isinstance(text, str) and "/" not in text


def _objects_at(value: object, path: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the objects at ``path`` below ``value``."""
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _objects_at(item, path)
    elif isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        if path:
            yield from _objects_at(table.get(path[0]), path[1:])
        else:
            yield table


def not_asked(old: object, upgraded: object) -> Iterator[Gap]:
    """Yield a gap for each field of facts that is in ``upgraded`` and not in ``old``.

    ``upgraded`` is the snapshot as it was read, ``old`` is the file.
    """
    for path in dict.fromkeys(_missing(old, upgraded, "")):
        place = next((place for place in _PLACES if f"{path}/".startswith(f"{place}/")), "")
        if place and path.rpartition("/")[2] not in _SAYS_NOTHING:
            message = "an older version made this file and did not ask for it; collect it again"
            yield Gap("snapshot file", path.replace("/", "."), Reason.NOT_ASKED, message, _HIDDEN[place])


def _missing(old: object, upgraded: object, path: str) -> Iterator[str]:
    """Yield the paths of fields that ``upgraded`` has and ``old`` does not have. Paths have no positions in lists."""
    if isinstance(old, list) and isinstance(upgraded, list):
        for member, other in zip(cast("list[object]", old), cast("list[object]", upgraded), strict=False):
            yield from _missing(member, other, path)
    elif isinstance(old, dict) and isinstance(upgraded, dict):
        known = cast("dict[str, object]", old)
        for name, value in cast("dict[str, object]", upgraded).items():
            below = f"{path}/{name}" if path else name
            if name in known:
                yield from _missing(known[name], value, below)
            else:
                yield below
