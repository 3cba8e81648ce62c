"""The values of the placeholders in the tables of Google Cloud's needs, for one cluster: what its resources are called.

Labels are no attributes for conditions, so names tell the cluster's machines and disks
(https://cloud.google.com/iam/docs/conditions-attribute-reference). Placeholders: ``<project>``; ``<instance>`` (names
of its machines, and of their disks where its installer names them so), ``<volume>`` (of volumes), ``<etcddisk>``;
``<state>`` and ``<backups>`` (kops' buckets), ``<zone>`` (a DNS zone).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final

from cloudguard.model.cluster import Cluster
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.need_tables import Values, filled
from cloudguard_gcp.access.links import last
from cloudguard_gcp.cluster.pools import NEXT_HOST
from cloudguard_gcp.identity.conditions import NAME

PLACES: Final = {
    "backups": "the store of etcd's backups",
    "etcddisk": "etcd's disks",
    "instance": "the cluster's machines",
    "state": "the state store",
    "zone": "the DNS zone",
}
"""What placeholders stand for that every cluster with the need has, whether anything shows it or not."""
_NAMED_AFTER_IT: Final = frozenset({"capg", "openshift"})
"""Installers that begin the names of machines and of their disks with the cluster's.

OpenShift: with the infrastructure id (openshift/installer pkg/asset/machines/gcp); Cluster API, unless the user
chooses others: kubernetes-sigs/cluster-api internal/topology/names.
"""
_IN_BUCKET: Final = re.compile(r"projects/_/buckets/([^/*]+)(?:/.*)?")
_VOLUMES: Final = "pvc-*"
"""The prefix of kubernetes-csi/external-provisioner."""


def values_of(snapshot: Snapshot) -> Values:
    """Return the values of every placeholder; those of which no answer tells have none."""
    cluster = snapshot.cluster
    etcd = {last(disk.id) for disk in cluster.disks if disk.etcd_evidence}
    return {
        "project": [cluster.account],
        "instance": sorted(_instances(cluster)),
        "volume": sorted({_VOLUMES, *_attached(cluster) - etcd}),
        "etcddisk": sorted(etcd),
        "state": sorted(_buckets(snapshot, "storage:objects.get")),
        "backups": sorted(_buckets(snapshot, "storage:objects.create")),
    }


def _buckets(snapshot: Snapshot, action: str) -> set[str]:
    """Return the buckets to which conditions of grants bind an action."""
    statements = (one for policy in snapshot.identities.policies for one in policy.statements if action in one.actions)
    named = (value for one in statements for each in one.conditions if each.key == NAME for value in each.values)
    return {found[1] for value in named if (found := _IN_BUCKET.fullmatch(value))}


def _instances(cluster: Cluster) -> Iterator[str]:
    """Yield the names of the cluster's machines, by what those to come will begin with where that is known."""
    beginnings = {f"{value}*" for name, value in cluster.traits if name == NEXT_HOST}
    beginnings |= {f"{cluster.name}-*"} if cluster.installer in _NAMED_AFTER_IT else set()
    names = {host.name for host in cluster.hosts}
    yield from beginnings
    yield from (name for name in names if name and not _is_among(name, beginnings))


def _attached(cluster: Cluster) -> set[str]:
    """Return the names of further disks of hosts: volumes that somebody made by hand are among them."""
    named = {last(disk) for host in cluster.hosts for disk in host.disks if last(disk) != host.name}
    return {name for name in named if not _is_among(name, (_VOLUMES,))}


def _is_among(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def cluster_resources(values: Values) -> Iterator[Statement]:
    """Yield statements that match only requests on the cluster's own resources."""
    patterns = tuple(filled(("*/instances/<instance>", "*/disks/<etcddisk>"), values))
    if patterns:
        own = Condition("StringLike", NAME, patterns)
        yield Statement("names", Effect.ALLOW, ("*",), resources=("*",), conditions=(own,))
