"""Resources by the keys of their tags."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import Call
from cloudguard_aws.cluster.tags import ETCD_TAG, INSTALLER_TAGS

FOUND_THROUGH_DISKS: Final = (FactKind.DISKS, FactKind.ETCD_CLUSTERS, FactKind.IDENTITIES)
"""Kinds of facts that are found through disks: a disk names its key, and key policies let identities use the key."""
ETCD_KEYS: Final = (f"{ETCD_TAG}*", *(f"{ETCD_TAG}{name}" for name in ("main", "events", "cilium", "leases")))
"""Tag keys of the volumes of kops' etcd clusters (kubernetes/kops pkg/wellknownports/wellknownports.go), and a pattern
for all others."""


def keys_of(cluster: str) -> tuple[str, ...]:
    """Return the tag keys that name a cluster, among them one pattern."""
    return (f"*/cluster/{cluster}", *(f"{prefix}{cluster}" for prefix in INSTALLER_TAGS.prefixes))


def with_tag_keys(
    api: Api,
    call: Call,
    keys: Collection[str],
    *,
    hides: tuple[FactKind, ...] = FOUND_THROUGH_DISKS,
    **parameters: object,
) -> list[Item]:
    """Return the resources that have a tag with any of ``keys``, which may be patterns.

    Each pattern is asked for alone, and the other keys together: servers that stand in for EC2 may not support
    patterns, or may require all of several keys at once.
    """
    patterns = [[key] for key in keys if "*" in key]
    filters = [*patterns, [key for key in keys if "*" not in key]]
    pages = api.gather(*(partial(api.matching, call, "tag-key", page, hides=hides, **parameters) for page in filters))
    return [item for page in pages for item in page]
