"""The disks that hold etcd's data, and their snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloudguard.model.cluster import Cluster, Disk, DiskSnapshot, Host, Role
from cloudguard.results.change import Procedure, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.rows.encryption.keys import UNKNOWN_STATES, Keys, key_problems
from cloudguard.rows.encryption.problem import ROW, EncryptionProblem

ANY_DISK = "a disk of an etcd host whose etcd disk is unknown"
DISK = Check(
    f"{ROW}/disk",
    {Severity.HIGH: "a disk with etcd's data is not encrypted"},
    "A disk with etcd's data is not encrypted.",
)
SNAPSHOT = Check(
    f"{ROW}/snapshot",
    {Severity.HIGH: "a snapshot of a disk with etcd's data is not encrypted, or is shared"},
    "A snapshot of a disk with etcd's data is not encrypted, or other accounts may read it.",
)
CUSTOMER_KEY = Check(
    f"{ROW}/customer-key",
    {
        Severity.MEDIUM: (
            "`--require-cmk` is set, and a disk with etcd's data, its copy, or a next host's disk has no customer key"
        )
    },
    "A customer key is required (`--require-cmk`), but a disk with etcd's data, or a copy of it, has none.",
)


def etcd_disks(cluster: Cluster) -> list[Disk]:
    """Return the disks that hold etcd's data, or may hold it.

    They are the disks with any evidence of etcd, and all disks of an etcd host if no disk of it has strong evidence.
    """
    etcd = {host.id for host in cluster.hosts_by(Role.ETCD)}
    known = {disk.host for disk in cluster.disks if disk.holds_main_etcd and disk.host}
    return [disk for disk in cluster.disks if disk.etcd_evidence or (disk.host in etcd and disk.host not in known)]


def of_disk(disk: Disk, keys: Keys) -> Iterator[EncryptionProblem | str]:
    """Yield the problems of a disk that holds etcd, of its key and its snapshots, and lines about unknown facts."""
    key, resource, hosts = (
        keys.by_id.get(disk.key),
        Resource("disk", disk.id, disk.name),
        (disk.host,) * bool(disk.host),
    )
    holds = disk.etcd_evidence.text if disk.etcd_evidence else ANY_DISK
    where = f"{disk.id} ({disk.device} of {disk.host})" if disk.host else f"{disk.id} (detached)"
    kind = "disk.encrypt"
    if not disk.encrypted:
        message, fault = f"{where} holds etcd and is not encrypted", "not encrypted"
        copy = Procedure(("encrypted: no",), ("make an encrypted copy of the disk, and attach the copy instead",))
        yield EncryptionProblem(DISK, Severity.HIGH, resource, message, holds, disk.source, kind, copy, hosts, fault)
    elif key is not None:
        yield from key_problems(key, where, f"disk {disk.id}", hosts)
        if key.state in UNKNOWN_STATES:
            yield f"whether the key {key.id} of {disk.id} can be used: its state is {key.state}"
    elif disk.key:
        yield f"the key {disk.key} of {disk.id} was not read"
    if disk.encrypted and keys.required and keys.is_customers(disk) is False:
        message, fault = f"{where} has the provider's key, but a customer key is required", "provider's key"
        copy = Procedure((fault,), ("encrypt the disk, or a copy that replaces it, with your own key",))
        check, severity = CUSTOMER_KEY, Severity.MEDIUM
        yield EncryptionProblem(check, severity, resource, message, holds, disk.source, kind, copy, hosts, fault)
    for snapshot in disk.snapshots:
        yield from _of_copy(snapshot, f"{snapshot.relation} {where}", hosts, keys)


def of_former_disks(cluster: Cluster, keys: Keys) -> Iterator[EncryptionProblem | str]:
    """Yield the problems of copies of etcd's former disks, and lines about unknown facts.

    Without evidence it is unknown whether such a copy holds etcd's data.
    """
    for copy in cluster.copies:
        if copy.evidence is not None:
            yield from _of_copy(copy, copy.words, (), keys)
            continue
        if _faults(copy):
            yield f"whether {copy.id}, {copy.words}, holds etcd's data; the copy {_faults(copy)}"
        elif copy.shared_with is None:
            yield _sharing_unknown(copy)
        if keys.required and copy.encrypted and keys.is_customers(copy) is None:
            yield _key_unknown(copy)
        elif keys.required and copy.encrypted and not keys.is_customers(copy):
            yield f"whether {copy.id}, {copy.words}, holds etcd's data; the copy has the provider's key"


def _of_copy(copy: DiskSnapshot, subject: str, hosts: tuple[str, ...], keys: Keys) -> Iterator[EncryptionProblem | str]:
    """Yield the problems of a copy that holds etcd's data, and lines about unknown facts."""
    resource, source, faults, is_disk = Resource(copy.kind, copy.id), copy.source, _faults(copy), copy.id == copy.disk
    if faults:
        message = f"{subject if is_disk else f'{copy.id}, {subject}'}, {faults}"
        remedy = "stop sharing it" if is_disk else "encrypt the copy and stop sharing it, or delete it"
        kind, steps = f"{copy.kind}.remove", Procedure((message,), (remedy,))
        lines = [f"shared with {name}" for name in copy.shared_with or ()]
        width, severity = (*lines, *(() if copy.encrypted else ("not encrypted",))), Severity.HIGH
        yield EncryptionProblem(SNAPSHOT, severity, resource, message, message, source, kind, steps, hosts, width=width)
    if copy.shared_with is None:
        yield _sharing_unknown(copy)
    if not keys.required or not copy.encrypted or is_disk:
        return
    if keys.is_customers(copy) is None:
        yield _key_unknown(copy)
    elif not keys.is_customers(copy):
        fault, check, severity = "provider's key", CUSTOMER_KEY, Severity.MEDIUM
        message = f"{copy.id}, {subject}, has the {fault}, but a customer key is required"
        kind, steps = (
            "copy.rekey",
            Procedure((fault,), ("copy it with your own key, and delete it; or only delete it",)),
        )
        yield EncryptionProblem(check, severity, resource, message, fault, source, kind, steps, hosts, fault)


def _faults(copy: DiskSnapshot) -> str:
    faults = [] if copy.encrypted else ["is not encrypted"]
    if copy.shared_with:
        faults.append(f"is shared with {', '.join(copy.shared_with)}")
    return " and ".join(faults)


def _sharing_unknown(copy: DiskSnapshot) -> str:
    return f"whether {copy.id}, {copy.words}, is shared: its sharing settings were not read"


def _key_unknown(copy: DiskSnapshot) -> str:
    return f"whether {copy.id}, {copy.words}, has a customer key: {copy.key or 'its key'} was not read"


def unread_disks(cluster: Cluster, hosts: Iterable[Host]) -> Iterator[str]:
    """Yield a line for each etcd host with a disk that was not read. etcd's data may be on that disk."""
    read = {disk.id for disk in cluster.disks}
    seen = {disk.host for disk in cluster.disks}
    for host in hosts:
        missing = sorted(set(host.disks) - read)
        if host.id not in seen:
            yield f"no disk of {host.id} ({host.name}) was read"
        elif missing:
            yield f"{', '.join(missing)} of {host.id} ({host.name}) was not read"
