"""The permissions that a condition on resource attributes allows, and which conditions are left for each of them.

A request for an instance has an instance's attributes:
https://cloud.google.com/iam/docs/conditions-resource-attributes. A list request is for the project, and has the
project's attributes (https://cloud.google.com/compute/docs/access/iam-permissions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cloudguard.model.identity import Condition
from cloudguard.provider.iam.expressions import opaque
from cloudguard_gcp.identity.conditions import GRANTS, NAME

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
_GRANTING: Final = ".setIamPolicy"
_PLACES: Final = frozenset({"global", "regions", "zones"})
"""A part of every name of a Compute resource."""
_TYPES: Final = {word: f"compute.googleapis.com/{kind}" for kind, words in _COMPUTE.items() for word in words}
"""The type of a Compute resource, by the word in its permissions."""
_PROJECT: Final = "cloudresourcemanager.googleapis.com/Project"
_DOMAINS: Final = {"resourcemanager": "cloudresourcemanager"}
"""Services whose permissions have another prefix than the service's domain."""


def by_conditions(
    conditions: Sequence[Condition], permissions: Iterable[str], project: str = ""
) -> Mapping[tuple[Condition, ...], list[str]]:
    """Return the permissions that requests may use under ``conditions``, by the conditions that are left for them.

    ``project``: the project whose resources they are on ("": any).
    """
    found: dict[tuple[Condition, ...], list[str]] = {}
    for permission in permissions:
        left = settled(permission, conditions, project)
        if left is not None:
            found.setdefault(left, []).append(permission)
    return found


def settled(permission: str, conditions: Iterable[Condition], project: str = "") -> tuple[Condition, ...] | None:
    """Return the conditions that a request for a permission may fail; None if every request fails one.

    Conditions on what is the same in all requests for the permission are settled. A condition that requires an
    attribute of a resource without attributes is undecided: no page says how it is evaluated.
    """
    left = list[Condition]()
    for condition in conditions:
        if condition.key == GRANTS:
            left += [condition] if permission.endswith(_GRANTING) else []
        elif condition.key not in {TYPE, SERVICE, NAME}:
            left.append(condition)
        elif not _may_meet(permission, condition):
            return None
        elif not _is_met(permission, condition, project):
            asked = f"{condition.key} is {' or '.join(condition.values)}"
            left.append(condition if _is_exact(permission) else opaque("condition", asked))
    return tuple(left)


def _is_exact(permission: str) -> bool:
    """Whether the names of a permission's resources are known in all their forms. A project may have its number."""
    return permission.endswith(_LISTING) or (
        _has_attributes(permission) and not permission.startswith("resourcemanager.")
    )


def _has_attributes(permission: str) -> bool:
    """Whether the resources of a permission certainly have attributes."""
    service, word, *_ = permission.split(".")
    if service == "compute":
        return word in _TYPES and not permission.endswith(_LISTING)
    return service in _OTHERS or (service == "resourcemanager" and word == "projects")


def _is_met(permission: str, condition: Condition, project: str) -> bool:
    """Whether each request for a permission meets a condition on an attribute, which some may meet."""
    if "Not" in condition.operator:
        return condition.key != NAME or not _has_attributes(permission)
    if not _has_attributes(permission):
        return False
    service, word, *_ = permission.split(".")
    if condition.key == SERVICE:
        return f"{_DOMAINS.get(service, service)}.googleapis.com" in condition.values
    if condition.key == TYPE:
        known = _PROJECT if service == "resourcemanager" else _TYPES.get(word, "") if service == "compute" else ""
        return bool(known) and known in condition.values
    whole = {"projects/*", *((f"projects/{project}*", f"projects/{project}/*") if project else ())}
    return service == "compute" and not whole.isdisjoint(condition.values)


def _may_meet(permission: str, condition: Condition) -> bool:
    if condition.operator in {"StringEquals", "StringLike"}:
        return any(_may_have(permission, condition.key, value) for value in condition.values)
    if condition.operator == "StringNotEquals" and condition.key == TYPE:
        kinds = (kind for value in condition.values for kind in _KINDS.get(value, ()))
        return permission.endswith(_LISTING) or not permission.startswith(tuple(kinds) or "\0")
    return True


def _may_have(permission: str, key: str, value: str) -> bool:
    """Whether a request for a permission may be for a resource with the attribute. Unknown attributes may match."""
    if (
        key == NAME
        and permission.startswith("compute.")
        and "*" not in value
        and not _PLACES.intersection(value.split("/"))
    ):
        return False
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
    if name == _DOMAINS["resourcemanager"]:
        return ("resourcemanager.projects." if value == _PROJECT else "resourcemanager.",)
    if key == TYPE:
        return _KINDS.get(value, ("compute.",) if name == "compute" else ())
    return ("compute.",) if name == "compute" else ()
