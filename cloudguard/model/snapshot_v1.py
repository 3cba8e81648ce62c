"""Reads snapshot files of schema v1: the same facts as today's schema, some under former names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

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
    ("identities",): {
        "workloads": "service_accounts",
        "limits": "organization_limits",
        "limits_unseen": "unread_limits",
        "grants_unseen": "unread_grants",
    },
}
"""Former and present names of fields, by the path of the objects that have them; a list stands for its items."""


def upgraded(raw: bytes, schema: str) -> bytes:
    """Return a v1 file's JSON as one of the present ``schema``; what is no JSON object is returned as it is."""
    try:
        document = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(document, dict):
        return raw
    for path, names in _RENAMED.items():
        for found in _at(cast("object", document), path):
            for former, present in names.items():
                if former in found:
                    found[present] = found.pop(former)
    document["schema"] = schema
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _at(value: object, path: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the objects at ``path`` below ``value``."""
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _at(item, path)
    elif isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        if path:
            yield from _at(table.get(path[0]), path[1:])
        else:
            yield table
