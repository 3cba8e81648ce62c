"""The disks of hosts that may hold etcd, their keys, and the copies of those disks.

Compute encrypts every disk and snapshot (https://cloud.google.com/compute/docs/disks/disk-encryption). Who owns the key
differs.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from cloudguard.model.cluster import Disk, Host
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import NOTHING, Item, child, text, text_map
from cloudguard.provider.etcd_disks import (
    EtcdStorage,
    etcd_evidence,
    etcd_key,
    hosts_with_etcd,
    with_snapshots,
    worth_copying,
)
from cloudguard.provider.ownership.facts import Thing
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_DISKS, LIST_INSTANCES
from cloudguard_gcp.access.links import last, link_in, required_link, short
from cloudguard_gcp.access.owners import OWNERS
from cloudguard_gcp.cluster.copies import CLUSTER, ETCD, IMAGE, Origins, origins_of, read_copies
from cloudguard_gcp.cluster.installer_labels import safe
from cloudguard_gcp.cluster.instances import Instance
from cloudguard_gcp.cluster.keys import key_of, known_key, read_keys

PROJECT_NUMBER: Final = "project-number"
"""The trait with the number of the cluster's project, which the account that Compute Engine acts as has in its name."""
_COPIED: Final = (
    *("type", "sizeGb", "labels", "description", "physicalBlockSizeBytes", "provisionedIops", "provisionedThroughput"),
    *("resourcePolicies", "guestOsFeatures", "licenses", "architecture"),
)
"""Fields of a disk that its copy must have too (https://cloud.google.com/compute/docs/reference/rest/v1/disks)."""
_LOCAL: Final = "SCRATCH"
"""The type of an attached local SSD (https://cloud.google.com/compute/docs/reference/rest/v1/instances)."""
_ATTACHED: Final = ("deviceName", "boot", "mode", "interface", "autoDelete")
"""Fields of an attached disk (https://cloud.google.com/compute/docs/reference/rest/v1/instances/attachDisk)."""
_LEADS: Final = (FactKind.DISKS, FactKind.ETCD_CLUSTERS)


def read_storage(
    api: Api, *, project: str, cluster: str, hosts: tuple[Host, ...], instances: Sequence[Instance]
) -> EtcdStorage:
    """Read the disks of control-plane and etcd hosts, with their keys. A disk of etcd's counts even if detached."""
    concerned = hosts_with_etcd(hosts)
    if not concerned:
        return EtcdStorage()  # the provider runs the control plane, or no host with etcd is known
    of_hosts = {disk: host.id for host in concerned for disk in host.disks}
    attachments = {
        link_in(item, "source"): item for instance in instances for item in instance.disks if item.get("source")
    }
    attached = {disk: (host, attachments.get(disk, NOTHING)) for disk, host in of_hosts.items()}
    listed = api.read(LIST_DISKS, hides=_LEADS, project=project)
    read = api.mapped(LIST_DISKS, listed, lambda item: _disk(api, item, (project, cluster), attached), hides=_LEADS)
    disks = sorted((disk for _, disk, _ in read if disk), key=lambda disk: disk.id)
    concerning = worth_copying(disks, (host.id for host in concerned))
    origins = Origins(
        {name: made_from for name, _, made_from in read if name in concerning},
        {name: made_from for name, _, made_from in read if name not in concerning},
        {disk.host: disk.id for disk in disks if disk.id in concerning and disk.host},
        {short(str(item.get("selfLink"))): known_key(item, "diskEncryptionKey") for item in listed},
    )
    copies, keys = api.parallel(
        partial(read_copies, api, project, cluster, origins),
        partial(read_keys, api, [disk.key for disk in disks]),
    )
    former = tuple(sorted((copy for copy in copies if not copy.disk), key=lambda copy: copy.id))
    local = _local_disks(instances, {host.id for host in concerned})
    return EtcdStorage(with_snapshots([*disks, *local], copies), former, keys)


def _local_disks(instances: Sequence[Instance], hosts: Container[str]) -> Iterator[Disk]:
    """Yield the local SSDs of hosts. No list has them, and only Google's own key encrypts them.

    https://cloud.google.com/compute/docs/disks/local-ssd
    """
    for instance in instances:
        listed = instance.disks if instance.id in hosts else ()
        found = [item for item in listed if text(item, "type") == _LOCAL and not item.get("source")]
        for number, item in enumerate(found):
            device, source = text(item, "deviceName") or f"local-ssd-{number}", Source(LIST_INSTANCES.name, instance.id)
            yield Disk(f"{instance.id}/{device}", device, instance.id, device, True, "", source)  # noqa: FBT003 - encrypted


def _disk(
    api: Api, item: Item, named: tuple[str, str], attached: Mapping[str, tuple[str, Item]]
) -> tuple[str, Disk | None, tuple[str, ...]]:
    """Return a disk's name, the disk if it belongs to a host or to etcd by its labels, and the disk's sources.

    ``named``: the names of the project and of the cluster. ``attached``: name of a disk → its host, and the disk as the
    host's instance shows it.
    An image is a source only for etcd's own disk: images of other disks hold no data.
    """
    (project, cluster), name, labels = named, required_link(item), text_map(item, "labels")
    etcd = etcd_key(labels, ETCD)
    primary = link_in(child(item, "asyncPrimaryDisk"), "disk")
    made_from = tuple(filter(None, (primary, *origins_of(item, project))))
    if name not in attached and not (etcd and labels.get(CLUSTER) == safe(cluster)):
        return name, None, made_from
    host, attachment = attached.get(name, ("", NOTHING))
    disk = Disk(
        id=name,
        name=last(name),
        host=host,
        device=last(name),
        encrypted=True,
        key=key_of(child(item, "diskEncryptionKey")),
        source=api.source(LIST_DISKS, name),
        etcd_evidence=etcd_evidence(etcd and f"label {etcd}={labels[etcd]}", last(name), cluster),
        etcd_cluster=etcd.removeprefix(ETCD),
        written_by=OWNERS.of(Thing.DISK, last(name), labels),
        copy_fields=_copy_fields(item, attachment),
    )
    image = link_in(item, IMAGE)
    return name, disk, tuple(origin for origin in made_from if etcd or origin != image)


def _copy_fields(item: Item, attachment: Item) -> str:
    """Return, as JSON, the fields of a disk like this one (``disk``), and of its attachment (``attached``)."""
    fields = {
        name: {key: source[key] for key in keys if source.get(key)}
        for name, source, keys in (("disk", item, _COPIED), ("attached", attachment, _ATTACHED))
    }
    return json.dumps(fields, sort_keys=True)
