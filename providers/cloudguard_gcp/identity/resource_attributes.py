"""Which permissions a condition on resource attributes leaves: a request for an instance has an instance's attributes.

https://cloud.google.com/iam/docs/conditions-resource-attributes. What lists is asked on the project that holds it, and
has the project's attributes (https://cloud.google.com/compute/docs/access/iam-permissions).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloudguard.model.identity import Condition
from cloudguard_gcp.identity.conditions import NAME

TYPE: Final = "resource.type"
SERVICE: Final = "resource.service"
_COMPUTE: Final = {
    "BackendService": ("backendServices", "regionBackendServices"),
    "Disk": ("disks",),
    "Firewall": ("firewalls",),
    "ForwardingRule": ("forwardingRules",),
    "GlobalForwardingRule": ("globalForwardingRules",),
    "Image": ("images",),
    "Instance": ("instances",),
    "InstanceTemplate": ("instanceTemplates",),
    "Snapshot": ("snapshots",),
    "TargetHttpProxy": ("targetHttpProxies", "regionTargetHttpProxies"),
    "TargetHttpsProxy": ("targetHttpsProxies", "regionTargetHttpsProxies"),
    "TargetSslProxy": ("targetSslProxies",),
    "TargetTcpProxy": ("targetTcpProxies", "regionTargetTcpProxies"),
}
"""Kinds of Compute's that have attributes, with the words of their permissions."""
_OTHERS: Final = frozenset({"bigquery", "cloudkms", "secretmanager", "spanner", "storage"})
"""Further services whose resources have attributes, and whose permissions begin with their names."""
_KINDS: Final = {
    f"compute.googleapis.com/{kind}": tuple(f"compute.{word}." for word in words) for kind, words in _COMPUTE.items()
}
_COLLECTIONS: Final = {
    **{
        words[0]: tuple(f"compute.{word}." for word in (*words, *_COMPUTE.get(f"Global{kind}", ())))
        for kind, words in _COMPUTE.items()
    },
    "buckets": ("logging.", "storage."),
    "keyRings": ("cloudkms.",),
    "secrets": ("secretmanager.",),
}
"""By collection in a resource's name: how the permissions on what is in it begin."""
_ELSEWHERE: Final = {"instances": ("bigtable.", "cloudsql.", "spanner.")}
"""Other services' collections of the same names: theirs stand in no zone or region."""
_LISTING: Final = (".list", ".aggregatedList")


def left_by(conditions: Iterable[Condition], permissions: Iterable[str]) -> tuple[str, ...]:
    """Return those permissions of which a request may meet the conditions."""
    asked = [one for one in conditions if one.key in {TYPE, SERVICE, NAME}]
    return tuple(each for each in permissions if all(_may_meet(each, one) for one in asked))


def _may_meet(permission: str, condition: Condition) -> bool:
    if condition.operator in {"StringEquals", "StringLike"}:
        return any(_may_have(permission, condition.key, value) for value in condition.values)
    if condition.operator == "StringNotEquals" and condition.key == TYPE:
        own = (kind for value in condition.values for kind in _KINDS.get(value, ()))
        return permission.endswith(_LISTING) or not permission.startswith(tuple(own) or "\0")
    return True


def _may_have(permission: str, key: str, value: str) -> bool:
    """Whether a request for a permission may be about a resource with the attribute; one not known here may."""
    beginnings = _beginnings(key, value)
    return not beginnings or permission.startswith(beginnings)


def _beginnings(key: str, value: str) -> tuple[str, ...]:
    """Return how the permissions begin that an attribute fits; none where that is not known."""
    if key == NAME:
        folder = next((part for part in value.split("/")[:-1] if part in _COLLECTIONS), "")
        elsewhere = () if "/zones/" in value or "/regions/" in value else _ELSEWHERE.get(folder, ())
        return (*_COLLECTIONS.get(folder, ()), *elsewhere)
    name = value.partition("/")[0].removesuffix(".googleapis.com")
    if name in _OTHERS:
        return (f"{name}.",)
    if key == TYPE:
        return _KINDS.get(value, ())
    return ("compute.",) if name == "compute" else ()
