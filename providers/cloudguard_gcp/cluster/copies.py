"""Copies of etcd's disks: snapshots and images of all kinds, those of former disks, and the sources of disks.

Compute encrypts all copies. What matters is who they are shared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import DiskSnapshot, EvidenceKind, RoleEvidence
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import Item, children, text_map, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import (
    GET_IMAGE_POLICY,
    GET_INSTANT_SNAPSHOT_POLICY,
    GET_MACHINE_IMAGE_POLICY,
    GET_SNAPSHOT_POLICY,
    LIST_IMAGES,
    LIST_INSTANT_SNAPSHOTS,
    LIST_MACHINE_IMAGES,
    LIST_SNAPSHOTS,
    Call,
)
from cloudguard_gcp.access.links import last, link_in, part_of, required_link
from cloudguard_gcp.cluster.installer_labels import safe

HIDES: Final = (FactKind.DISKS,)
ETCD: Final = "k8s-io-etcd-"
"""kops: "k8s-io-etcd-main" (kubernetes/kops pkg/model/master_volumes.go)."""
CLUSTER: Final = "k8s-io-cluster-name"
IMAGE: Final = "sourceImage"
ORIGINS: Final = ("sourceDisk", "sourceSnapshot", "sourceInstantSnapshot", IMAGE)
"""Fields with the sources that a disk, snapshot or image was made from."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """A snapshot or image, and the sources it was made from. A machine image is made from all disks of an instance."""

    id: str
    kind: str
    origins: frozenset[str]
    labels: Mapping[str, str]


def read_copies(
    api: Api,
    project: str,
    cluster: str,
    *,
    origins: Mapping[str, Iterable[str]],
    other_disks: Mapping[str, Iterable[str]],
) -> list[DiskSnapshot]:
    """Return the copies that hold, or may hold, etcd's data. The copy of a former disk names no disk.

    ``origins``: map of each disk whose copies matter to the sources that it was made from. ``other_disks``: the same
    for the other disks, which only matter if they were made from one of the first.
    """
    listed = [
        copy for copies in api.gather(*(partial(_listed, api, project, call) for call in _POLICIES)) for copy in copies
    ]
    of_disk = dict(zip(origins, origins, strict=True))
    made_from = {copy.id: copy.origins for copy in listed} | {name: {*names} for name, names in other_disks.items()}
    pending = True
    while pending:
        new = {
            name: of_disk[origin]
            for name, names in made_from.items()
            if name not in of_disk
            for origin in names & of_disk.keys()
        }
        of_disk |= new
        pending = bool(new)
    sources = {name: disk for disk, names in origins.items() for name in names}
    others = set(other_disks)
    copies = list[DiskSnapshot]()
    for copy in listed:
        former = copy.labels.get(CLUSTER) == safe(cluster) and not copy.origins & others
        if copy.id in of_disk:
            copies.append(_disk_snapshot(copy, of_disk[copy.id]))
        elif copy.id in sources:
            copies.append(_disk_snapshot(copy, sources[copy.id], "the origin of"))
        elif former:
            copies.append(_disk_snapshot(copy, ""))
    return api.gather(*(partial(_shared, api, project, copy) for copy in copies))


def _listed(api: Api, project: str, call: Call) -> tuple[_Copy, ...]:
    return api.mapped(call, api.read(call, hides=HIDES, project=project), partial(_copy, call), hides=HIDES)


def _copy(call: Call, item: Item) -> _Copy:
    named = (
        *(link_in(item, key) for key in ORIGINS),
        *(link_in(saved_disk, "sourceDisk") for saved_disk in children(item, "savedDisks")),
    )
    return _Copy(required_link(item), _KINDS[call], frozenset(filter(None, named)), text_map(item, "labels"))


def _disk_snapshot(copy: _Copy, disk: str, relation: str = "a copy of") -> DiskSnapshot:
    etcd = min((key for key in copy.labels if key.startswith(ETCD)), default="")
    evidence = RoleEvidence(EvidenceKind.INSTALLER, f"label {etcd}={copy.labels[etcd]}") if etcd and not disk else None
    source = Source(_CALLS[copy.kind].name, last(copy.id))
    return DiskSnapshot(copy.id, disk, True, None, source, relation, evidence, copy.kind)  # noqa: FBT003 - encrypted


_POLICIES: Final = {
    LIST_SNAPSHOTS: GET_SNAPSHOT_POLICY,
    LIST_INSTANT_SNAPSHOTS: GET_INSTANT_SNAPSHOT_POLICY,
    LIST_IMAGES: GET_IMAGE_POLICY,
    LIST_MACHINE_IMAGES: GET_MACHINE_IMAGE_POLICY,
}
_KINDS: Final = {
    LIST_SNAPSHOTS: "snapshot",
    LIST_INSTANT_SNAPSHOTS: "instant snapshot",
    LIST_IMAGES: "image",
    LIST_MACHINE_IMAGES: "machine image",
}
_CALLS: Final = {kind: call for call, kind in _KINDS.items()}


def _shared(api: Api, project: str, copy: DiskSnapshot) -> DiskSnapshot:
    """Return a copy with the members of its own IAM policy. The project's members are not outsiders."""
    call, about = _POLICIES[_CALLS[copy.kind]], last(copy.id)
    where = {"zone": zone} if (zone := part_of(copy.id, "zones")) else {}
    policy = api.read_or_none(call, hides=HIDES, about=about, project=project, **where, resource=about)
    shared = api.mapped(call, policy or (), lambda item: [*_members(item)], hides=HIDES, about=about)
    known = policy is not None and len(shared) == len(policy)
    members = tuple(sorted({member for listed in shared for member in listed})) if known else None
    return replace(copy, shared_with=members)


def _members(policy: Item) -> Iterator[str]:
    return (member for binding in children(policy, "bindings") for member in texts(binding, "members"))
