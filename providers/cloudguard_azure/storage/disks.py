"""The disks of hosts that may hold etcd, their keys, and the copies of those disks.

Every managed disk is encrypted (https://learn.microsoft.com/azure/virtual-machines/disk-encryption). Who owns the key
differs. The disk's own resource shows it; what the machine names does not matter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cloudguard.model.cluster import Disk, Host
from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.answers import Item, child, required, text
from cloudguard.provider.etcd_disks import (
    EtcdStorage,
    etcd_evidence,
    etcd_key,
    hosts_with_etcd,
    with_snapshots,
    worth_copying,
)
from cloudguard.provider.ownership.facts import Thing
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_DISK_ENCRYPTION_SETS, LIST_DISKS, LIST_MACHINES
from cloudguard_azure.access.ids import canonical, own_id
from cloudguard_azure.access.owners import OWNERS
from cloudguard_azure.cluster.attached_disks import AttachedDisk, Storage, attached_disks, is_encrypted
from cloudguard_azure.cluster.find import FoundCluster
from cloudguard_azure.cluster.installer_tags import is_of
from cloudguard_azure.cluster.machines import Machine, tags_of
from cloudguard_azure.storage.copies import COPY_CALLS, ETCD, CopyFacts, origins_of, read_copies
from cloudguard_azure.storage.encryption_sets import KeySets, key_of, read_key_sets
from cloudguard_azure.storage.keys import KeyReference, read_keys

_LEADS: Final = (FactKind.DISKS, FactKind.ETCD_CLUSTERS)
_DISKS: Final = (FactKind.DISKS,)


@dataclass(frozen=True, slots=True)
class _Context:
    """The cluster's name, the ids of machines that may run etcd, their disks by disk id, and all key sets."""

    cluster: str
    machines: frozenset[str]
    places: Mapping[str, tuple[Machine, AttachedDisk]]
    sets: KeySets


@dataclass(frozen=True, slots=True)
class _ReadDisk:
    """A disk by its resource. ``of_cluster``: it may hold this cluster's etcd. ``key``: None for Azure's own."""

    id: str
    disk: Disk
    key: KeyReference | None
    of_cluster: bool
    origins: frozenset[str]


def read_storage(api: Api, found: FoundCluster, hosts: tuple[Host, ...]) -> EtcdStorage:
    """Read the disks of control-plane and etcd hosts, with their keys. A disk of etcd's counts even if detached."""
    concerned = frozenset(host.id for host in hosts_with_etcd(hosts))
    if not concerned:
        return EtcdStorage()  # the provider runs the control plane, or no host with etcd is known
    for call in (LIST_DISK_ENCRYPTION_SETS, *COPY_CALLS):
        api.prefetch(call)
    attached = [
        (machine, disk)
        for machine in found.machines
        if machine.id in concerned
        for disk in attached_disks(machine.item)
    ]
    context = _Context(
        found.name, concerned, {disk.id: (machine, disk) for machine, disk in attached}, read_key_sets(api)
    )
    read = api.listed(LIST_DISKS, lambda item: _disk(api, item, context), hides=_LEADS)
    of_cluster = [disk for disk in read if disk.of_cluster]
    disks = sorted((*(each.disk for each in of_cluster), *_without_resource(api, attached)), key=lambda disk: disk.id)
    concerning = worth_copying(disks, concerned)
    copies = read_copies(
        api,
        found.name,
        origins={disk.id: disk.origins for disk in of_cluster if disk.id in concerning},
        other_disks=[disk.id for disk in read if disk.id not in concerning],
        around=CopyFacts(context.sets, frozenset(machine.id for machine in found.machines)),
    )
    keys = read_keys(api, [disk.key for disk in of_cluster if disk.key])
    former = tuple(sorted((copy for copy in copies if not copy.disk), key=lambda copy: copy.id))
    return EtcdStorage(with_snapshots(disks, copies), former, keys)


def _disk(api: Api, item: Item, context: _Context) -> _ReadDisk:
    """Return a disk, and whether it belongs to a host, or to etcd by its tags. Raises AnswerError."""
    resource_id, tags, name = own_id(item), tags_of(item), required(item, "name")
    machine, place = context.places.get(resource_id, (None, None))
    host = machine.id if machine else canonical(text(item, "managedBy"))
    etcd = etcd_key(tags, ETCD)
    of_cluster = host in context.machines or bool(etcd and is_of(tags, context.cluster))
    reference = key_of(child(item, "properties"), context.sets) if of_cluster else None
    disk = Disk(
        id=resource_id,
        name=name,
        host=host if host in context.machines else "",
        device=place.device if place else name,
        encrypted=True,
        key=reference.address if reference else "",
        source=api.source(LIST_DISKS, resource_id),
        etcd_evidence=etcd_evidence(etcd and f"tag {etcd}={tags[etcd]}", name, context.cluster),
        etcd_cluster=etcd.removeprefix(ETCD),
        written_by=OWNERS.of(Thing.DISK, name, tags),
        copy_fields=_copy_fields(child(item, "properties", "encryption")) if of_cluster else "",
    )
    return _ReadDisk(resource_id, disk, reference, of_cluster, origins_of(item, with_images=bool(etcd)))


def _copy_fields(encryption: Item) -> str:
    """Return the customer's encryption set of a disk as JSON, for other disks; "" without one."""
    named = text(encryption, "diskEncryptionSetId")
    fields = {"type": text(encryption, "type"), "diskEncryptionSetId": named}
    return json.dumps({"encryption": fields}, sort_keys=True) if named else ""


def _without_resource(api: Api, attached: Iterable[tuple[Machine, AttachedDisk]]) -> Iterator[Disk]:
    """Yield the disks on the physical host. A disk whose encryption is unknown leaves a Gap."""
    for machine, disk in attached:
        encrypted, source = is_encrypted(disk, machine.item), api.source(LIST_MACHINES, machine.id)
        if disk.storage is Storage.LOCAL and encrypted is not None:
            yield Disk(disk.id, disk.name, machine.id, disk.device, encrypted, "", source)
        elif disk.storage is not Storage.MANAGED:
            message = (
                f"the encryption of the {disk.device} of {machine.name} is not known: it is {_KINDS[disk.storage]}"
            )
            api.missed(LIST_MACHINES, disk.id, message, _DISKS, Reason.UNSUPPORTED)


_KINDS: Final = {
    Storage.LOCAL: "on the physical host",
    Storage.UNMANAGED: "a blob of a storage account",
    Storage.UNKNOWN: "of an unknown kind",
}
