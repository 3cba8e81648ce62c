"""Disks that hold, or may hold, etcd data: their hosts, their names, and their copies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from cloudguard.model.cluster import Datastore, Disk, DiskSnapshot, EvidenceKind, Host, Role, RoleEvidence, Strength
from cloudguard.model.keys import Key, SecretsEncryption
from cloudguard.model.possible_roles import possible_roles
from cloudguard.values import dataclass

_ETCD: Final = re.compile(r"(?<![a-z])etcd")
_HOLDERS: Final = frozenset({Role.CONTROL_PLANE, Role.ETCD})


@dataclass(frozen=True, slots=True)
class EtcdStorage:
    """The disks that may hold etcd's data, with their copies; copies of former disks; keys.

    ``datastores``: databases in place of etcd. ``secrets``: the encryption of Secrets in a managed cluster.
    """

    disks: tuple[Disk, ...] = ()
    copies: tuple[DiskSnapshot, ...] = ()
    keys: tuple[Key, ...] = ()
    datastores: tuple[Datastore, ...] = ()
    secrets: SecretsEncryption | None = None


def hosts_with_etcd(hosts: Iterable[Host]) -> tuple[Host, ...]:
    """Return the hosts whose disks may hold etcd: hosts that run, or may run, the control plane or etcd."""
    listed = tuple(hosts)
    possible = possible_roles(listed)
    return tuple(host for host in listed if not _HOLDERS.isdisjoint(possible.get(host.id, host.roles)))


def is_named_for_etcd(name: str, cluster: str) -> bool:
    """Whether ``name`` contains the word etcd, without counting the cluster's name inside it."""
    return bool(_ETCD.search((name.replace(cluster, "") if cluster else name).lower()))


def etcd_key(tags: Mapping[str, str], prefix: str) -> str:
    """Return the first key that begins with ``prefix``, which an installer's tags of etcd's disks have; "" for none."""
    return min((key for key in tags if key.startswith(prefix)), default="")


def etcd_evidence(sign: str, name: str = "", cluster: str = "") -> RoleEvidence | None:
    """Return the evidence that a disk or copy holds etcd; None if nothing shows it.

    ``sign``: an installer's tag or label in words ("" for none). ``name``: the name of the disk: weak evidence.
    """
    if sign:
        return RoleEvidence(EvidenceKind.INSTALLER, sign)
    named = is_named_for_etcd(name, cluster)
    return RoleEvidence(EvidenceKind.NAME, f"name {name}", Strength.WEAK) if named else None


def worth_copying(disks: Iterable[Disk], hosts: Iterable[str]) -> frozenset[str]:
    """Return the ids of the disks whose copies must be read.

    These are the disks that hold etcd. On a host of ``hosts`` (ids) where no strong evidence shows the etcd disk, these
    are all disks.
    """
    listed = list(disks)
    unclear = set(hosts) - {disk.host for disk in listed if disk.holds_main_etcd}
    return frozenset(disk.id for disk in listed if disk.etcd_evidence or disk.host in unclear)


def relations(
    made_from: Mapping[str, Collection[str]], disks: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, str]]:
    """Return copy id → the disk that the copy is related to, and how: ("disk-1", "a copy of") or "the origin of".

    ``made_from``: copy id → the ids that the copy was made from. ``disks``: disk id → the ids that the disk was made
    from.
    """
    of_disk = dict(zip(disks, disks, strict=True))
    while new := {
        copy: of_disk[name]
        for copy, origins in made_from.items()
        if copy not in of_disk
        for name in sorted(of_disk.keys() & {*origins})
    }:
        of_disk |= new
    origins = {origin: (disk, "the origin of") for disk, origins in disks.items() for origin in origins}
    return origins | {copy: (disk, "a copy of") for copy, disk in of_disk.items() if copy not in disks}


def etcd_traits(disks: Iterable[Disk]) -> tuple[tuple[str, str], ...]:
    """Return the names of the etcd clusters that the disks belong to, as traits of the cluster."""
    return tuple(("etcd-cluster", name) for name in sorted({disk.etcd_cluster for disk in disks} - {""}))


def with_snapshots(disks: Iterable[Disk], snapshots: Collection[DiskSnapshot]) -> tuple[Disk, ...]:
    """Return ``disks``, each with its snapshots in the order of their ids."""
    by_disk: dict[str, list[DiskSnapshot]] = {}
    for copy in sorted(snapshots, key=lambda snapshot: snapshot.id):
        by_disk.setdefault(copy.disk, []).append(copy)
    return tuple(replace(disk, snapshots=tuple(by_disk.get(disk.id, ()))) for disk in disks)
