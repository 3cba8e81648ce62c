"""What carries some tag, by its key."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import Call
from cloudguard_aws.cluster.tags import ETCD_TAG, NAMED_BY_KEY

LEADS: Final = (FactKind.DISKS, FactKind.ETCD_CLUSTERS, FactKind.IDENTITIES)
"""Disks lead to their keys, and keys to the policies that let identities use them."""
ETCD_KEYS: Final = (f"{ETCD_TAG}*", *(f"{ETCD_TAG}{name}" for name in ("main", "events", "cilium", "leases")))
"""kops' etcd clusters (kubernetes/kops pkg/wellknownports/wellknownports.go), and any other."""


def keys_of(cluster: str) -> tuple[str, ...]:
    """Return the keys that name a cluster, and a pattern of them."""
    return (f"*/cluster/{cluster}", *(f"{prefix}{cluster}" for prefix in NAMED_BY_KEY))


def with_tag_keys(
    api: Api, call: Call, keys: Collection[str], *, hides: tuple[FactKind, ...] = LEADS, **parameters: object
) -> list[Item]:
    """Return what has a tag with any of ``keys``, patterns among them: the answers to each pattern, and to the rest.

    Servers that stand in for EC2 may know no patterns, or take several keys for all that there are.
    """
    patterns = [[key] for key in keys if "*" in key]
    asked = [*patterns, [key for key in keys if "*" not in key]]
    pages = api.gather(*(partial(api.matching, call, "tag-key", page, hides=hides, **parameters) for page in asked))
    return [item for page in pages for item in page]
