"""The permissions that a condition on resource attributes allows.

A request for an instance has an instance's attributes:
https://cloud.google.com/iam/docs/conditions-resource-attributes. A list request is for the project, and has the
project's attributes (https://cloud.google.com/compute/docs/access/iam-permissions).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloudguard.model.identity import Condition
from cloudguard_gcp.identity.conditions import NAME, OPAQUE

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
"""Kinds of Compute resources with attributes, and the words of their permissions."""
_OTHERS: Final = frozenset({"bigquery", "cloudkms", "secretmanager", "spanner", "storage"})
"""Further services whose resources have attributes. Their permissions begin with the service's name."""
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
"""For each collection in a resource's name, the prefixes of the permissions on its resources."""
_ELSEWHERE: Final = {"instances": ("bigtable.", "cloudsql.", "spanner.")}
"""Collections of other services with the same names. Their resources are in no zone or region."""
_LISTING: Final = (".list", ".aggregatedList")


def permissions_left(conditions: Iterable[Condition], permissions: Iterable[str]) -> tuple[str, ...]:
    """Return the permissions for which some request meets the conditions."""
    on_resources = [condition for condition in conditions if condition.key in {TYPE, SERVICE, NAME}]
    return tuple(
        permission for permission in permissions if all(_may_meet(permission, condition) for condition in on_resources)
    )


def without_attributes(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return the conditions for a request about a resource without attributes, for example a service account.

    A condition that requires an attribute is undecided: no page says how it is evaluated.
    """
    return tuple(
        Condition(OPAQUE, "condition", (f"{condition.key} is {' or '.join(condition.values)}",))
        if condition.key in {TYPE, SERVICE, NAME} and "Not" not in condition.operator
        else condition
        for condition in conditions
    )


def _may_meet(permission: str, condition: Condition) -> bool:
    if condition.operator in {"StringEquals", "StringLike"}:
        return any(_may_have(permission, condition.key, value) for value in condition.values)
    if condition.operator == "StringNotEquals" and condition.key == TYPE:
        kinds = (kind for value in condition.values for kind in _KINDS.get(value, ()))
        return permission.endswith(_LISTING) or not permission.startswith(tuple(kinds) or "\0")
    return True


def _may_have(permission: str, key: str, value: str) -> bool:
    """Whether a request for a permission may be for a resource with the attribute. Unknown attributes may match."""
    beginnings = _permission_prefixes(key, value)
    return not beginnings or permission.startswith(beginnings)


def _permission_prefixes(key: str, value: str) -> tuple[str, ...]:
    """Return the prefixes of the permissions that match an attribute; none if they are unknown."""
    if key == NAME:
        folder = next((segment for segment in value.split("/")[:-1] if segment in _COLLECTIONS), "")
        elsewhere = () if "/zones/" in value or "/regions/" in value else _ELSEWHERE.get(folder, ())
        return (*_COLLECTIONS.get(folder, ()), *elsewhere)
    name = value.partition("/")[0].removesuffix(".googleapis.com")
    if name in _OTHERS:
        return (f"{name}.",)
    if key == TYPE:
        return _KINDS.get(value, ())
    return ("compute.",) if name == "compute" else ()
