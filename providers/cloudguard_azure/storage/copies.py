"""Copies of etcd's disks: snapshots, images and disks, those of former disks, and the sources of disks.

Azure encrypts all copies. Other accounts can read a copy only through a link that was made for it, as long as the link
is valid (https://learn.microsoft.com/rest/api/compute/disks/grant-access).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final

from cloudguard.model.cluster import DiskSnapshot, RoleEvidence
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import AnswerError, Item, child, children, text, texts
from cloudguard.provider.etcd_disks import etcd_evidence, etcd_key, is_named_for_etcd, relations
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_DISKS, LIST_IMAGES, LIST_SNAPSHOTS, Call
from cloudguard_azure.access.ids import canonical, id_in, name_of, own_id, word
from cloudguard_azure.cluster.installer_tags import clusters_of, is_of
from cloudguard_azure.cluster.machines import Tags, tags_of
from cloudguard_azure.storage.encryption_sets import KeySets, key_of, key_of_image

COPY_CALLS: Final = (LIST_SNAPSHOTS, LIST_IMAGES, LIST_DISKS)
_KINDS: Final = {LIST_SNAPSHOTS: "snapshot", LIST_IMAGES: "image", LIST_DISKS: "disk"}
_HIDES: Final = (FactKind.DISKS,)
ETCD: Final = "k8s.io_etcd_"
"""kops: "k8s.io_etcd_main" (kubernetes/kops pkg/model/master_volumes.go, upup/pkg/fi/cloudup/azure/azure_cloud.go)."""
HOLDER: Final = "anyone with its shared access link"
_NOT_OPEN: Final = frozenset({"unattached", "attached", "reserved", "frozen", "readytoupload", "activeupload"})
_OPEN: Final = frozenset({"activesas", "activesasfrozen"})
"""https://learn.microsoft.com/rest/api/compute/disks/list, DiskState."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """A snapshot, image or disk, and the sources it was made from.

    ``key``: the customer's key that encrypts it ("": Azure's own), or None if it is unknown.
    """

    id: str
    call: Call
    origins: frozenset[str]
    tags: Tags
    shared_with: tuple[str, ...] | None
    key: str | None


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """The facts that copies are read with: the disk encryption sets, and the ids of the cluster's machines."""

    sets: KeySets
    machines: Collection[str]


def read_copies(
    api: Api,
    cluster: str,
    *,
    origins: Mapping[str, frozenset[str]],
    other_disks: Iterable[str],
    around: CopyFacts,
) -> list[DiskSnapshot]:
    """Return the copies that hold, or may hold, etcd's data. The copy of a former disk names no disk.

    ``origins``: map of each disk whose copies matter to the sources that it was made from. ``other_disks``: ids of
    disks whose copies do not matter.
    """
    listed = [copy for call in COPY_CALLS for copy in api.listed(call, partial(_copy, call, around), hides=_HIDES)]
    related = relations({copy.id: copy.origins for copy in listed}, origins)
    others, copies = set(other_disks), list[DiskSnapshot]()
    for copy in listed:
        if copy.id in origins:
            copies += [_disk_snapshot(copy, copy.id, "the content of")] if copy.shared_with != () else []
        elif copy.id in related:
            copies.append(_disk_snapshot(copy, *related[copy.id]))
        elif copy.call is not LIST_DISKS and not copy.origins & others and (former := _former(copy, cluster)):
            copies.append(former)
    return copies


def _copy(call: Call, around: CopyFacts, item: Item) -> _Copy:
    shared = () if call is LIST_IMAGES else shared_with(child(item, "properties"))
    sharing = texts(item, "managedByExtended")  # https://learn.microsoft.com/azure/virtual-machines/disks-shared
    if others := [name_of(machine) for machine in sharing if canonical(machine) not in around.machines]:
        shared = (*(shared or ()), *(f"the machine {name}" for name in others))
    key = _key(call, around.sets, child(item, "properties"))
    return _Copy(own_id(item), call, origins_of(item, with_images=True), tags_of(item), shared, key)


def _key(call: Call, sets: KeySets, properties: Item) -> str | None:
    with suppress(AnswerError):  # it is not stated
        image = call is LIST_IMAGES
        key = key_of_image(child(properties, "storageProfile"), sets) if image else key_of(properties, sets)
        return key.address if key else ""
    return None


def origins_of(item: Item, *, with_images: bool) -> frozenset[str]:
    """Return the ids of the sources of a disk, snapshot or image. ``with_images``: images are sources too."""
    data = child(item, "properties", "creationData")
    images = [child(data, "imageReference"), child(data, "galleryImageReference")] if with_images else []
    profile = child(item, "properties", "storageProfile")
    disks = [child(profile, "osDisk"), *children(profile, "dataDisks")]
    origins = {canonical(text(data, "sourceResourceId")), *(canonical(text(image, "id")) for image in images)}
    return frozenset({*origins, *(id_in(disk, key) for disk in disks for key in ("managedDisk", "snapshot"))} - {""})


def shared_with(properties: Item) -> tuple[str, ...] | None:
    """Return who may read a disk or snapshot through a link; None if its state does not show it.

    A policy may forbid links, allow them only over private endpoints, or also require a token from the reader
    (https://learn.microsoft.com/azure/virtual-machines/disks-restrict-import-export-overview).
    """
    policy, state = word(properties, "networkAccessPolicy"), word(properties, "diskState")
    private = policy == "allowprivate" or word(properties, "publicNetworkAccess") == "disabled"
    is_restricted = word(properties, "dataAccessAuthMode") == "azureactivedirectory"
    if policy == "denyall" or private or is_restricted or state in _NOT_OPEN:
        return ()
    return (HOLDER,) if state in _OPEN else None


def _former(copy: _Copy, cluster: str) -> DiskSnapshot | None:
    """Return a copy of a former disk, if its tags are the cluster's or its name or a source's name says etcd.

    Azure copies no tags of a machine to its disks, so disks of Cluster API ("_etcddisk") only have their names. A name
    does not show which cluster's etcd it was: such a copy has no evidence.
    """
    if is_of(copy.tags, cluster):
        etcd = etcd_key(copy.tags, ETCD)
        return _disk_snapshot(copy, "", evidence=etcd_evidence(etcd and f"tag {etcd}={copy.tags[etcd]}"))
    named = any(is_named_for_etcd(name_of(name), cluster) for name in (copy.id, *copy.origins))
    return _disk_snapshot(copy, "") if named and not any(clusters_of(copy.tags)) else None


def _disk_snapshot(
    copy: _Copy, disk: str, relation: str = "a copy of", evidence: RoleEvidence | None = None
) -> DiskSnapshot:
    source = Source(copy.call.name, copy.id)
    return DiskSnapshot(
        id=copy.id,
        disk=disk,
        encrypted=True,
        shared_with=copy.shared_with,
        source=source,
        relation=relation,
        evidence=evidence,
        kind=_KINDS[copy.call],
        key=copy.key or "",
        customer_key=None if copy.key is None else bool(copy.key),
    )
