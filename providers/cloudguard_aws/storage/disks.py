"""Disks of hosts that may run etcd, their keys, and copies of disks that may hold etcd's data."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Final

from cloudguard.model.cluster import Disk, DiskSnapshot, EvidenceKind, Host, RoleEvidence, Strength
from cloudguard.model.possible_roles import shows_etcd
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.answers import NOTHING, Item, children, flag, required, text
from cloudguard.provider.etcd_disks import (
    EtcdStorage,
    etcd_key,
    hosts_with_etcd,
    is_named_for_etcd,
    with_snapshots,
    worth_copying,
)
from cloudguard.provider.ownership.facts import Thing
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.owners import OWNERS
from cloudguard_aws.cluster.tag_keys import ETCD_KEYS, FOUND_THROUGH_DISKS, with_tag_keys
from cloudguard_aws.cluster.tags import CLUSTER, ETCD_TAG, clusters_of, is_control_plane, roles_by_tags, tags_of
from cloudguard_aws.storage.copies import OF_PODS, Copies, Volume, read_copies
from cloudguard_aws.storage.databases import read_datastores
from cloudguard_aws.storage.keys import read_keys

_COPIED: Final = ("AvailabilityZone", "VolumeType", "Size")
_RATES: Final = {"gp3": ("Iops", "Throughput"), "io1": ("Iops",), "io2": ("Iops",)}
"""Further parameters for a new volume, by volume type. DescribeVolumes also returns them for types that refuse them
(EC2 API reference, CreateVolume)."""
_NAMING_TAGS: Final = ("Name", "kubernetes.io/created-for/pvc/name")


def read_storage(  # noqa: PLR0913 - all facts that locate disks and keys
    api: Api,
    *,
    cluster: str,
    hosts: tuple[Host, ...],
    installer: str = "",
    networks: Collection[str] = (),
    account: str = "",
    stores: Mapping[str, str] | None = None,
) -> EtcdStorage:
    """Read the disks of hosts that may run etcd, detached etcd volumes, their copies and their keys.

    If no tag names etcd's volume, databases in ``networks`` and unencrypted instance ``stores`` may hold its data.
    ``stores``: dict of instance id → a text about its store. ``account``: the account of the cluster.
    """
    concerned = [host.id for host in hosts_with_etcd(hosts)]
    if not concerned:
        return EtcdStorage()  # the provider runs the control plane, or no host of it is known
    attached, tagged, detached, datastores = api.parallel(
        partial(api.matching, calls.DESCRIBE_VOLUMES, "attachment.instance-id", concerned, hides=FOUND_THROUGH_DISKS),
        partial(_tagged, api, cluster),
        partial(_detached_volumes, api, cluster),
        lambda: () if shows_etcd(hosts) else read_datastores(api, cluster, installer, networks),
    )
    made = partial(_volumes, api, cluster=cluster, hosts=concerned)
    volumes, spare = made((*tagged, *attached)), list[Volume]()
    places = {volume.disk.host for volume in volumes if volume.disk.holds_main_etcd}
    named = places.issuperset(concerned)
    if not named:
        volumes += [
            volume.as_leftover() for volume in made(item for item in detached if is_control_plane(tags_of(item)))
        ]
        spare = made(item for item in detached if roles_by_tags(tags_of(item)) is None)
        volumes += [volume for volume in spare if volume.disk.etcd_evidence]
        _record_unclear_stores(api, stores or {}, set(concerned) - places)
    concerning = worth_copying([volume.disk for volume in volumes], concerned)
    apart_from = frozenset(name for host in hosts for name in host.disks) - concerning
    copy = partial(read_copies, api, cluster, hosts=concerned, apart=apart_from, named=named, account=account)
    (by_id, copies), _ = api.parallel(
        partial(_with_restored, volumes, concerning, copy, made),
        partial(read_keys, api, [volume.disk.key for volume in volumes], account),  # ahead
    )
    disks = [by_id[name].disk for name in sorted(by_id)]
    apart = (_as_copy(volume.disk) for volume in spare if volume.disk.id not in by_id)
    kept, former = with_snapshots(disks, copies.of_disks), (*copies.others, *apart)
    further = {copy.key for copy in (*copies.of_disks, *former)} - {disk.key for disk in disks}
    keys = read_keys(api, [disk.key for disk in disks], account)
    keys += read_keys(api, further, account, hides=())  # without --require-cmk no row needs them
    return EtcdStorage(kept, former, tuple(sorted(keys, key=lambda key: key.id)), datastores)


def _with_restored(
    volumes: Iterable[Volume],
    concerning: Collection[str],
    read: Callable[[list[Volume]], Copies],
    made: Callable[[Iterable[Item]], list[Volume]],
) -> tuple[dict[str, Volume], Copies]:
    """Return ``volumes`` and those restored from copies, by id, and the copies of all volumes that matter.

    ``concerning``: ids of the volumes whose copies must be read. ``made``: makes volumes of items.
    """
    by_id, names = {volume.disk.id: volume for volume in volumes}, {*concerning}
    copies = read([by_id[name] for name in sorted(names)])
    while new := [item for item in copies.volumes if required(item, "VolumeId") not in by_id]:
        restored = {volume.disk.id: volume.as_copy(copies.origins) for volume in made(new)}
        if not restored:
            break
        by_id |= restored
        names |= restored.keys()
        copies = read([by_id[name] for name in sorted(names)])
    return by_id, copies


def _as_copy(disk: Disk) -> DiskSnapshot:
    """Return a disk without a host as a copy that may hold etcd's data."""
    words = "a disk without a host"
    return DiskSnapshot(disk.id, "", disk.encrypted, (), disk.source, words, kind="disk", key=disk.key)


def _record_unclear_stores(api: Api, stores: Mapping[str, str], hosts: Iterable[str]) -> None:
    """Record a Gap for each host with an unencrypted instance store: it is not known whether etcd uses the store."""
    for host in sorted(host for host in hosts if stores.get(host)):
        message = f"{stores[host]}; it is not known whether etcd uses it"
        api.add_gap(Gap(calls.DESCRIBE_INSTANCES.name, host, Reason.UNSUPPORTED, message, (FactKind.DISKS,)))


def _tagged(api: Api, cluster: str) -> list[Item]:
    """Read etcd's volumes by kops' tags. A volume that is detached for the moment also holds etcd's data."""
    listed = with_tag_keys(api, calls.DESCRIBE_VOLUMES, ETCD_KEYS)
    return [item for item in listed if cluster in {*clusters_of(tags_of(item))}]


def _detached_volumes(api: Api, cluster: str) -> list[Item]:
    """Read detached volumes of former hosts by the cluster's tag, without volumes of pods."""
    detached = [
        {"Name": "tag-key", "Values": [f"{CLUSTER}{cluster}"]},
        {"Name": "status", "Values": ["available"]},
    ]
    listed = api.read(calls.DESCRIBE_VOLUMES, hides=FOUND_THROUGH_DISKS, about=cluster, Filters=detached)
    tagged = ((volume, tags_of(volume)) for volume in listed)
    return [volume for volume, tags in tagged if OF_PODS.isdisjoint(tags)]


def _volumes(api: Api, items: Iterable[Item], cluster: str, hosts: Collection[str]) -> list[Volume]:
    volumes = api.mapped(
        calls.DESCRIBE_VOLUMES, items, lambda item: _volume(api, item, cluster, hosts), hides=FOUND_THROUGH_DISKS
    )
    return sorted({volume.disk.id: volume for volume in volumes}.values(), key=lambda item: item.disk.id)


def _volume(api: Api, item: Item, cluster: str, hosts: Collection[str]) -> Volume:
    attachments = [attachment for attachment in children(item, "Attachments") if text(attachment, "InstanceId")]
    attachments.sort(key=lambda attachment: text(attachment, "InstanceId") not in hosts)
    where = attachments[0] if attachments else NOTHING
    name, tags = required(item, "VolumeId"), tags_of(item)
    disk = Disk(
        id=name,
        name=tags.get("Name", ""),
        host=text(where, "InstanceId"),
        device=text(where, "Device"),
        encrypted=flag(item, "Encrypted"),
        key=text(item, "KmsKeyId"),
        source=api.source(calls.DESCRIBE_VOLUMES, name),
        etcd_evidence=etcd_evidence(tags, cluster),
        etcd_cluster=etcd_key(tags, ETCD_TAG).removeprefix(ETCD_TAG),
        written_by=OWNERS.of(Thing.DISK, tags.get("Name", ""), tags),
        copy_fields=_copy_fields(item, tags),
    )
    return Volume(disk, text(item, "SnapshotId"), text(item, "SourceVolumeId"))


def _copy_fields(item: Item, tags: Mapping[str, str]) -> str:
    """Return, as JSON, the parameters of CreateVolume for a volume like this one. Users can't set tags with "aws:"."""
    copied = (*_COPIED, *_RATES.get(text(item, "VolumeType"), ()))
    fields = {key: item[key] for key in copied if item.get(key)}
    tags_left = [{"Key": key, "Value": value} for key, value in sorted(tags.items()) if not key.startswith("aws:")]
    if tags_left:
        fields["TagSpecifications"] = [{"ResourceType": "volume", "Tags": tags_left}]
    return json.dumps(fields, sort_keys=True, default=str)


def etcd_evidence(tags: Mapping[str, str], cluster: str) -> RoleEvidence | None:
    """Return the tag that shows that a disk holds etcd's data, or None. The cluster's own name is no evidence.

    A tag on a disk of another cluster too is weak evidence: it does not rule out the host's other disks.
    """
    owners, key = {*clusters_of(tags)} - {cluster}, etcd_key(tags, ETCD_TAG)
    if key:
        of_another = f", of {min(owners)}" if owners else ""
        strength = Strength.WEAK if owners else Strength.STRONG
        return RoleEvidence(EvidenceKind.INSTALLER, f"tag {key}={tags[key]}{of_another}", strength)
    named = (key for key in _NAMING_TAGS if is_named_for_etcd(tags.get(key, ""), cluster))
    return next((RoleEvidence(EvidenceKind.NAME, f"tag {key}={tags[key]}", Strength.WEAK) for key in named), None)
