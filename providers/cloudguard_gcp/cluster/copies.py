"""Copies of etcd's disks: snapshots and images of all kinds, clones, those of former disks, and the sources of disks.

Compute encrypts all copies. What matters is who they are shared with, which ``identity/shared_copies.py`` reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

from cloudguard.model.cluster import DiskSnapshot, RoleEvidence
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import Item, children, text_map
from cloudguard.provider.etcd_disks import etcd_evidence, etcd_key, relations
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import Call
from cloudguard_gcp.access.links import last, link_in, machine, project_of, required_link
from cloudguard_gcp.cluster.installer_labels import safe
from cloudguard_gcp.cluster.keys import known_key

HIDES: Final = (FactKind.DISKS,)
Relations = Mapping[str, tuple[str, str]]
"""Copy → the disk of etcd that it is related to, and how: see ``etcd_disks.relations``."""
ETCD: Final = "k8s-io-etcd-"
"""kops: "k8s-io-etcd-main" (kubernetes/kops pkg/model/master_volumes.go)."""
CLUSTER: Final = "k8s-io-cluster-name"
IMAGE: Final = "sourceImage"
ORIGINS: Final = ("sourceDisk", "sourceSnapshot", "sourceInstantSnapshot", IMAGE)
"""Fields with the sources that a disk, snapshot or image was made from."""


_DISK: Final = "disk"
_KINDS: Final = {
    calls.LIST_SNAPSHOTS: "snapshot",
    calls.LIST_INSTANT_SNAPSHOTS: "instant snapshot",
    calls.LIST_IMAGES: "image",
    calls.LIST_MACHINE_IMAGES: "machine image",
}
_KEY_FIELDS: Final = {
    calls.LIST_SNAPSHOTS: "snapshotEncryptionKey",
    calls.LIST_IMAGES: "imageEncryptionKey",
    calls.LIST_MACHINE_IMAGES: "machineImageEncryptionKey",
}
"""The fields with the key of a copy: https://cloud.google.com/compute/docs/reference/rest/v1/snapshots, images and
machineImages. An instant snapshot has no such field."""
_CALLS: Final = {**{kind: call for call, kind in _KINDS.items()}, _DISK: calls.LIST_DISKS}
_COLLECTIONS: Final = {
    "/snapshots/": "snapshot",
    "/instantSnapshots/": "instant snapshot",
    "/images/": "image",
    "/disks/": _DISK,
}
"""The kind of the resource that a link leads to."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """A snapshot or image, and the sources it was made from.

    A machine image is made from all disks of an instance, whose id is ``instance`` ("" for other copies). ``key``: the
    customer's key that encrypts it ("": Google's own), or None if it is unknown.
    """

    id: str
    kind: str
    origins: frozenset[str]
    labels: Mapping[str, str]
    instance: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Origins:
    """The sources that disks were made from. ``of_etcd``: of each disk whose copies matter.

    ``of_others``: of the other disks, which only matter if they were made from one of the first, or one of the first
    from them. ``on_hosts``: map of an instance's id to one of the first disks on it. ``keys``: the keys of disks, as
    in ``_Copy``.
    """

    of_etcd: Mapping[str, Collection[str]]
    of_others: Mapping[str, Collection[str]]
    on_hosts: Mapping[str, str]
    keys: Mapping[str, str | None]


def read_copies(api: Api, project: str, cluster: str, disks: Origins) -> list[DiskSnapshot]:
    """Return the copies that hold, or may hold, etcd's data. The copy of a former disk names no disk.

    Each disk whose copies matter is returned too. Who a copy is shared with is not read yet.
    """
    listed = [*chain.from_iterable(api.gather(*(partial(_listed, api, project, call) for call in _KINDS)))]
    made_from = {copy.id: {*copy.origins, disks.on_hosts.get(copy.instance, "")} for copy in listed}
    related = relations({**made_from, **disks.of_others}, disks.of_etcd)
    found = (_found(copy, cluster, related, disks.of_others) for copy in listed)
    keys = {**disks.keys, **{copy.id: copy.key for copy in listed}}
    copies = (*_of_disks(disks, related), *_elsewhere(project, related), *filter(None, found))
    known = ((copy, keys.get(copy.id)) for copy in copies)
    return [replace(copy, key=key or "", customer_key=None if key is None else bool(key)) for copy, key in known]


def _of_disks(disks: Origins, related: Relations) -> Iterator[DiskSnapshot]:
    """Yield the disks themselves, their clones, and the disks that they were made from."""
    yield from (_unread(name, _DISK, name, "the content of") for name in disks.of_etcd)
    yield from (_unread(name, _DISK, *related[name]) for name in disks.of_others if name in related)


def _elsewhere(project: str, related: Relations) -> Iterator[DiskSnapshot]:
    """Yield the sources of disks in other projects, whose policies are not read."""
    for name, (disk, relation) in related.items():
        kind = next((kind for part, kind in _COLLECTIONS.items() if part in name), "")
        if kind and project_of(name) != project:
            yield _unread(name, kind, disk, relation)


def _found(copy: _Copy, cluster: str, related: Relations, others: Collection[str]) -> DiskSnapshot | None:
    """Return a snapshot or image of etcd's data; None if it has none."""
    if copy.id in related:
        return _unread(copy.id, copy.kind, *related[copy.id])
    if copy.labels.get(CLUSTER) != safe(cluster) or not copy.origins.isdisjoint(others):
        return None
    etcd = etcd_key(copy.labels, ETCD)
    return _unread(copy.id, copy.kind, "", evidence=etcd_evidence(etcd and f"label {etcd}={copy.labels[etcd]}"))


def _unread(
    name: str, kind: str, disk: str, relation: str = "a copy of", evidence: RoleEvidence | None = None
) -> DiskSnapshot:
    source = Source(_CALLS[kind].name, last(name))
    return DiskSnapshot(name, disk, True, None, source, relation, evidence, kind)  # noqa: FBT003 - encrypted


def _listed(api: Api, project: str, call: Call) -> tuple[_Copy, ...]:
    return api.listed(call, partial(_copy, call, project), hides=HIDES, project=project)


def _copy(call: Call, project: str, item: Item) -> _Copy:
    instance = link_in(item, "sourceInstance")
    return _Copy(
        required_link(item),
        _KINDS[call],
        frozenset(origins_of(item, project)),
        text_map(item, "labels"),
        machine(instance) if instance else "",
        known_key(item, _KEY_FIELDS[call]) if call in _KEY_FIELDS else None,
    )


def origins_of(item: Item, project: str) -> Iterator[str]:
    """Yield the sources that a disk, snapshot or image was made from. A project's number counts as this project."""
    named = (
        *(link_in(item, key) for key in ORIGINS),
        *(link_in(saved_disk, "sourceDisk") for saved_disk in children(item, "savedDisks")),
    )
    for name in filter(None, named):
        owner = project_of(name)
        yield name.replace(f"projects/{owner}/", f"projects/{project}/", 1) if owner.isdigit() else name
