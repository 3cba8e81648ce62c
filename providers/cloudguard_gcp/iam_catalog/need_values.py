"""The values of the placeholders in the tables of Google Cloud's needs: the names of one cluster's resources.

Conditions can't use labels as attributes, so the cluster's machines and disks are recognized by their names
(https://cloud.google.com/iam/docs/conditions-attribute-reference). Placeholders: ``<project>``; ``<instance>`` (names
of its machines, and of their disks if its installer names the disks after them), ``<volume>`` (names of volumes),
``<etcddisk>``; ``<state>`` and ``<backups>`` (buckets of kops), ``<zone>`` (a DNS zone).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Final

from cloudguard.model.cluster import Cluster
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.iam.need_tables import Values
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
"""The meaning of placeholders that exist in every cluster with the need, even if nothing shows them."""
_NAMED_AFTER_CLUSTER: Final = frozenset({"capg", "openshift"})
"""Installers that begin the names of machines and of their disks with the cluster's name.

OpenShift: with the infrastructure id (openshift/installer pkg/asset/machines/gcp); Cluster API, unless the user chooses
other names: kubernetes-sigs/cluster-api internal/topology/names.
"""
_IN_BUCKET: Final = re.compile(r"projects/_/buckets/([^/*]+)(?:/.*)?")
_VOLUMES: Final = "pvc-*"
"""The prefix of kubernetes-csi/external-provisioner."""


def values_of(snapshot: Snapshot) -> Values:
    """Return the values of every placeholder. A placeholder that no answer shows has no values."""
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
    """Return the buckets that conditions of grants name for an action."""
    statements = (
        statement
        for policy in snapshot.identities.policies
        for statement in policy.statements
        if action in statement.actions
    )
    named = (
        value
        for statement in statements
        for condition in statement.conditions
        if condition.key == NAME
        for value in condition.values
    )
    return {match[1] for value in named if (match := _IN_BUCKET.fullmatch(value))}


def _instances(cluster: Cluster) -> Iterator[str]:
    """Yield the names of the cluster's machines: prefixes of future names where known, and the other names."""
    beginnings = {f"{value}*" for name, value in cluster.traits if name == NEXT_HOST}
    beginnings |= {f"{cluster.name}-*"} if cluster.installer in _NAMED_AFTER_CLUSTER else set()
    names = {host.name for host in cluster.hosts}
    yield from beginnings
    yield from (name for name in names if name and not _is_among(name, beginnings))


def _attached(cluster: Cluster) -> set[str]:
    """Return the names of further disks of hosts. Some may be volumes made by hand."""
    named = {last(disk) for host in cluster.hosts for disk in host.disks if last(disk) != host.name}
    return {name for name in named if not _is_among(name, (_VOLUMES,))}


def _is_among(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
