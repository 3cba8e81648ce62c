"""The disks of hosts that may hold etcd, their keys, and the copies of those disks.

Compute encrypts every disk and snapshot (https://cloud.google.com/compute/docs/disks/disk-encryption). Who owns the key
differs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from cloudguard.model.cluster import Disk, DiskSnapshot, EvidenceKind, Host, RoleEvidence, Strength
from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import NOTHING, AnswerError, Item, child, text, text_map
from cloudguard.provider.etcd_disks import hosts_with_etcd, is_named_for_etcd, with_snapshots, worth_copying
from cloudguard.provider.ownership.facts import Thing
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import (
    GET_CRYPTO_KEY,
    GET_CRYPTO_KEY_VERSION,
    LIST_DISKS,
)
from cloudguard_gcp.access.links import last, link_in, required_link
from cloudguard_gcp.access.owners import OWNERS
from cloudguard_gcp.cluster.copies import CLUSTER, ETCD, IMAGE, Origins, origins_of, read_copies
from cloudguard_gcp.cluster.installer_labels import safe
from cloudguard_gcp.cluster.instances import Instance

PROJECT_NUMBER: Final = "project-number"
"""The trait with the number of the cluster's project, which the account that Compute Engine acts as has in its name."""
_COPIED: Final = (
    *("type", "sizeGb", "labels", "description", "physicalBlockSizeBytes", "provisionedIops", "provisionedThroughput"),
    *("resourcePolicies", "guestOsFeatures", "licenses", "architecture"),
)
"""Fields of a disk that its copy must have too (https://cloud.google.com/compute/docs/reference/rest/v1/disks)."""
_ATTACHED: Final = ("deviceName", "boot", "mode", "interface", "autoDelete")
"""Fields of an attached disk (https://cloud.google.com/compute/docs/reference/rest/v1/instances/attachDisk)."""
_KEYS: Final = (FactKind.KEYS,)
_LEADS: Final = (FactKind.DISKS, FactKind.ETCD_CLUSTERS)
VERSION: Final = "/cryptoKeyVersions/"
CUSTOMER_SUPPLIED: Final = "customer-supplied:"
"""Prefix of a key that only its owner keeps. The key is known by its hash
(https://cloud.google.com/compute/docs/disks/customer-supplied-encryption).
"""
_STATES: Final = {
    "ENABLED": KeyState.ENABLED,
    "DISABLED": KeyState.DISABLED,
    "DESTROY_SCHEDULED": KeyState.PENDING_DELETION,
    "DESTROYED": KeyState.PENDING_DELETION,
    "PENDING_GENERATION": KeyState.UNAVAILABLE,
    "PENDING_IMPORT": KeyState.UNAVAILABLE,
}
"""https://cloud.google.com/kms/docs/reference/rest/v1/CryptoKeyVersionState"""


def read_disks(
    api: Api, *, project: str, cluster: str, hosts: tuple[Host, ...], instances: Iterable[Instance]
) -> tuple[tuple[Disk, ...], tuple[DiskSnapshot, ...], tuple[Key, ...]]:
    """Read the disks of control-plane and etcd hosts, with their keys. A disk of etcd's counts even if detached.

    Copies of these disks are on the disks. Copies of former disks are the second value.
    """
    concerned = hosts_with_etcd(hosts)
    if not concerned:
        return (), (), ()  # the provider runs the control plane, or no host with etcd is known
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
    )
    copies, keys = api.parallel(
        partial(read_copies, api, project, cluster, origins),
        partial(read_keys, api, [disk.key for disk in disks]),
    )
    former = tuple(sorted((copy for copy in copies if not copy.disk), key=lambda copy: copy.id))
    return with_snapshots(disks, [copy for copy in copies if copy.disk]), former, keys


def _disk(
    api: Api, item: Item, named: tuple[str, str], attached: Mapping[str, tuple[str, Item]]
) -> tuple[str, Disk | None, tuple[str, ...]]:
    """Return a disk's name, the disk if it belongs to a host or to etcd by its labels, and the disk's sources.

    ``named``: the names of the project and of the cluster. ``attached``: name of a disk → its host, and the disk as the
    host's instance shows it.
    An image is a source only for etcd's own disk: images of other disks hold no data.
    """
    (project, cluster), name, labels = named, required_link(item), text_map(item, "labels")
    etcd = min((key for key in labels if key.startswith(ETCD)), default="")
    primary = link_in(child(item, "asyncPrimaryDisk"), "disk")
    made_from = tuple(filter(None, (primary, *origins_of(item, project))))
    if name not in attached and not (etcd and labels.get(CLUSTER) == safe(cluster)):
        return name, None, made_from
    evidence = RoleEvidence(EvidenceKind.INSTALLER, f"label {etcd}={labels[etcd]}") if etcd else None
    if not etcd and is_named_for_etcd(last(name), cluster):
        evidence = RoleEvidence(EvidenceKind.NAME, f"name {last(name)}", Strength.WEAK)
    host, attachment = attached.get(name, ("", NOTHING))
    disk = Disk(
        id=name,
        name=last(name),
        host=host,
        device=last(name),
        encrypted=True,
        key=key_of(child(item, "diskEncryptionKey")),
        source=api.source(LIST_DISKS, name),
        etcd_evidence=evidence,
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


def key_of(encryption: Item) -> str:
    """Return the key of an encryption, as the cloud names it; "" for Google's own key, which answers do not name."""
    digest = text(encryption, "sha256")
    supplied = f"{CUSTOMER_SUPPLIED}{digest}" if digest or encryption.get("rawKey") else ""
    key = text(encryption, "kmsKeyName") or supplied
    if any(encryption.values()) and not key:
        message = "an encryption setting has a key of an unknown kind"
        raise AnswerError(message)
    return key


def read_keys(api: Api, names: Iterable[str]) -> tuple[Key, ...]:
    """Read keys. A key that can't be read leaves a Gap and is left out."""
    wanted = sorted({name for name in names if name})
    return tuple(filter(None, api.gather(*(partial(_key, api, name) for name in wanted))))


def _key(api: Api, name: str) -> Key | None:
    """Return a key with the state of the version in use: the version in its name, or else the primary version."""
    if name.startswith(CUSTOMER_SUPPLIED):
        return Key(name, KeyManager.CUSTOMER, KeyState.ENABLED, api.source(LIST_DISKS))
    key, version, _ = name.partition(VERSION)
    read = partial(api.read, hides=_KEYS, about=name)
    keys = read(GET_CRYPTO_KEY, key=key)
    if version:
        call = GET_CRYPTO_KEY_VERSION
        states = api.mapped(call, read(call, key=name), _state, hides=_KEYS, about=name)
    else:
        call, states = GET_CRYPTO_KEY, api.mapped(GET_CRYPTO_KEY, keys, _primary_state, hides=_KEYS, about=name)
    if not states:
        return None
    return Key(
        name, KeyManager.CUSTOMER, states[0], api.source(call, name), "rotationPeriod" in keys[0] if keys else None
    )


def _primary_state(key: Item) -> KeyState:
    return _state(child(key, "primary"))


def _state(version: Item) -> KeyState:
    return _STATES.get(text(version, "state"), KeyState.UNKNOWN)
