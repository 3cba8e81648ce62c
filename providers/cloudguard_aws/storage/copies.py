"""Copies of etcd's volumes: snapshots, images, and volumes, also of volumes that no longer exist.

How EC2 copies volumes: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshots.html, and the EC2 API reference:
CopySnapshot ("[Copied snap-… from …]", with an arbitrary volume id), CopyVolumes (SourceVolumeId), CreateImage,
CopyImage ("Copied for DestinationAmi … from SourceAmi … for SourceSnapshot snap-…").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import Disk, DiskSnapshot, EvidenceKind, RoleEvidence, Strength
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, child, children, flag, required, text
from cloudguard.provider.etcd_disks import etcd_evidence, etcd_key
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.tag_keys import ETCD_KEYS, keys_of, with_tag_keys
from cloudguard_aws.cluster.tags import ETCD_TAG, clusters_of, is_control_plane, tags_of
from cloudguard_aws.storage.sharing import Image, with_sharing

_DISKS: Final = (FactKind.DISKS,)
OF_PODS: Final = frozenset({"kubernetes.io/created-for/pvc/name", "CSIVolumeName", "CSIVolumeSnapshotName"})
"""Tags on volumes and snapshots of persistent volume claims: kubernetes-sigs/aws-ebs-csi-driver docs/tagging.md."""


OF_CONTROL_PLANE: Final = "tagged as part of the control plane"


@dataclass(frozen=True, slots=True)
class Volume:
    """A disk, and the id of the snapshot or of the volume that it was made from ("" for none)."""

    disk: Disk
    snapshot: str
    volume: str

    def as_leftover(self) -> Volume:
        """Return the volume as left over from a former control-plane host: weak evidence that it holds etcd's data."""
        weak = RoleEvidence(EvidenceKind.NAME, OF_CONTROL_PLANE, Strength.WEAK)
        return replace(self, disk=replace(self.disk, etcd_evidence=self.disk.etcd_evidence or weak))

    def as_copy(self, origins: Mapping[str, str]) -> Volume:
        """Return the volume as a copy of etcd's data.

        ``origins``: dict of snapshot or volume id → a text about the origin.
        """
        if self.disk.etcd_evidence is not None:
            return self
        words = next((origins[name] for name in (self.snapshot, self.disk.id) if name in origins), "a copy")
        return replace(
            self, disk=replace(self.disk, etcd_evidence=RoleEvidence(EvidenceKind.DISK, words, Strength.WEAK))
        )


@dataclass(frozen=True, slots=True)
class Copies:
    """Copies of etcd's volumes: ``of_disks`` (of known disks), ``others`` (of former disks), and ``volumes``.

    ``volumes``: volumes made from such snapshots, or from which known disks were copied. ``origins``: dict of snapshot
    or volume id → a text about the origin.
    """

    of_disks: tuple[DiskSnapshot, ...]
    others: tuple[DiskSnapshot, ...]
    volumes: tuple[Item, ...]
    origins: Mapping[str, str]


def read_copies(  # noqa: PLR0913 - all sources of copies
    api: Api,
    cluster: str,
    volumes: Sequence[Volume],
    *,
    hosts: Collection[str],
    apart: Collection[str],
    named: bool,
    account: str = "",
) -> Copies:
    """Read copies of ``volumes``, and of former volumes: by the cluster's tags, or in images of ``hosts``.

    ``apart``: ids of other volumes of today's hosts. ``named``: whether an installer's tag names the etcd volume of
    each host. ``account``: the cluster's own account.
    """
    known = {volume.disk.id: volume for volume in volumes}
    sources = {volume.snapshot: volume for volume in volumes if volume.snapshot}
    copied_from = {volume.volume for volume in volumes if volume.volume}
    (snapshots, made_from), tagged, other_volumes, images = api.parallel(
        lambda: (_snapshots(api, "volume-id", known), _snapshots(api, "snapshot-id", sources)),
        partial(_tagged, api, cluster),
        partial(api.matching, calls.DESCRIBE_VOLUMES, "volume-id", copied_from, hides=_DISKS),
        partial(api.listed, calls.DESCRIBE_IMAGES, _image, hides=_DISKS, Owners=["self"]),
    )
    former = {copy.id: copy for copy in _former(tagged, cluster, apart, named=named)}
    copies = former | {
        copy.id: replace(copy, disk=sources[copy.id].disk.id, relation="the origin of") for copy in made_from
    }
    copies |= {copy.id: copy for copy in snapshots}
    copies = {host.id: host for host in _of_hosts(api, images, hosts, {*apart, *known}, named=named)} | copies
    golden = {name for image in images for name in image.snapshots if _is_installation_image(copies.get(name), known)}
    of_cluster = {name: copy for name, copy in copies.items() if name not in golden}
    of_cluster |= {name: former[name] for name in golden & former.keys()}  # its tags show that it holds more
    copied, restored = api.parallel(
        partial(_described, api, of_cluster),
        partial(api.matching, calls.DESCRIBE_VOLUMES, "snapshot-id", of_cluster, hides=_DISKS),
    )
    of_cluster |= copied
    of_those = [image for image in images if not of_cluster.keys().isdisjoint(image.snapshots)]
    shared = with_sharing(api, of_cluster.values(), of_those, of_cluster, account)
    origins = {copy.id: f"made from {copy.id}, {copy.words}" for copy in of_cluster.values()}
    origins |= {volume.volume: f"{volume.disk.id} was copied from it" for volume in volumes if volume.volume}
    return Copies(
        of_disks=tuple(copy for copy in shared if copy.disk in known),
        others=tuple(sorted((copy for copy in shared if copy.disk not in known), key=lambda copy: copy.id)),
        volumes=(*other_volumes, *restored),
        origins=origins,
    )


def _snapshots(api: Api, key: str, values: Collection[str]) -> tuple[DiskSnapshot, ...]:
    """Return the account's own snapshots whose filter ``key`` matches any of ``values``, without their sharing."""
    call = calls.DESCRIBE_SNAPSHOTS
    listed = api.matching(call, key, values, hides=_DISKS, OwnerIds=["self"])
    copies = api.mapped(call, listed, lambda item: (required(item, _ID[key]), _snapshot(api, item)), hides=_DISKS)
    return tuple(copy for name, copy in copies if name in values)


_ID: Final = {"volume-id": "VolumeId", "snapshot-id": "SnapshotId"}


def _snapshot(api: Api, item: Item) -> DiskSnapshot:
    name = required(item, "SnapshotId")
    encrypted = flag(item, "Encrypted")
    source, key = api.source(calls.DESCRIBE_SNAPSHOTS, name), text(item, "KmsKeyId")
    return DiskSnapshot(name, text(item, "VolumeId"), encrypted, (), source, key=key)


def _tagged(api: Api, cluster: str) -> tuple[tuple[DiskSnapshot, Mapping[str, str]], ...]:
    """Return the snapshots with the cluster's tags, each with its tags."""
    items = with_tag_keys(api, calls.DESCRIBE_SNAPSHOTS, (*keys_of(cluster), *ETCD_KEYS), OwnerIds=["self"])
    copies = api.mapped(
        calls.DESCRIBE_SNAPSHOTS, items, lambda item: (_snapshot(api, item), tags_of(item)), hides=_DISKS
    )
    of_cluster = {copy.id: (copy, tags) for copy, tags in copies if cluster in {*clusters_of(tags)}}
    return tuple(of_cluster.values())


def _former(
    tagged: Iterable[tuple[DiskSnapshot, Mapping[str, str]]], cluster: str, apart: Collection[str], *, named: bool
) -> Iterator[DiskSnapshot]:
    """Yield the tagged snapshots that hold etcd's data, or may hold it.

    Snapshots of pods' volumes and of the volumes ``apart`` are left out. If an installer's tag names etcd's volumes
    (``named``), only snapshots with that tag are yielded.
    """
    for copy, tags in tagged:
        key, name = etcd_key(tags, ETCD_TAG), tags.get("Name", "")
        evidence = etcd_evidence(key and f"tag {key}={tags[key]}", name, cluster)
        if key:
            yield replace(copy, evidence=evidence)
        elif named or copy.disk in apart or not OF_PODS.isdisjoint(tags):
            continue
        elif evidence:
            yield replace(copy, evidence=evidence)
        elif is_control_plane(tags):
            yield replace(copy, evidence=RoleEvidence(EvidenceKind.NAME, OF_CONTROL_PLANE, Strength.WEAK))
        else:
            yield copy


def _described(api: Api, copies: Mapping[str, DiskSnapshot]) -> dict[str, DiskSnapshot]:
    """Return copies of snapshots in this region, and copies of those copies. Their description names the snapshot."""
    described = _described_once(api, copies)
    return described | _described(api, {**copies, **described}) if described else {}


def _described_once(api: Api, copies: Mapping[str, DiskSnapshot]) -> dict[str, DiskSnapshot]:
    call = calls.DESCRIBE_SNAPSHOTS
    listed = api.matching(call, "description", [f"*{name}*" for name in copies], hides=_DISKS, OwnerIds=["self"])

    def copy(item: Item) -> DiskSnapshot | None:
        origin = next((name for name in copies if name in text(item, "Description")), "")
        snapshot = _snapshot(api, item)
        if not origin or snapshot.id in copies:
            return None
        return replace(
            snapshot, disk=copies[origin].disk, relation=copies[origin].relation, evidence=copies[origin].evidence
        )

    return {each.id: each for each in api.mapped(call, listed, copy, hides=_DISKS) if each is not None}


def _image(item: Item) -> Image:
    mapped = (text(child(mapping, "Ebs"), "SnapshotId") for mapping in children(item, "BlockDeviceMappings"))
    return Image(
        required(item, "ImageId"), tuple(filter(None, mapped)), flag(item, "Public"), text(item, "SourceInstanceId")
    )


def _of_hosts(
    api: Api, images: Iterable[Image], hosts: Collection[str], volumes: Collection[str], *, named: bool
) -> Iterator[DiskSnapshot]:
    """Yield the snapshots in images of ``hosts`` that belong to none of today's ``volumes``, but to former volumes."""
    host_of = {name: image.host for image in images if image.host in hosts for name in image.snapshots}
    for snapshot in _snapshots(api, "snapshot-id", host_of):
        if snapshot.disk not in volumes:
            evidence = RoleEvidence(EvidenceKind.DISK, f"part of an image of {host_of[snapshot.id]}", Strength.WEAK)
            yield replace(snapshot, evidence=None if named else evidence)


def _is_installation_image(copy: DiskSnapshot | None, known: Mapping[str, Volume]) -> bool:
    """Whether a snapshot of an image is only the installation source of hosts' disks.

    This is not assumed if an installer's tag marks the disk as etcd's.
    """
    if copy is None or copy.relation != "the origin of":
        return False
    return not known[copy.disk].disk.holds_main_etcd
