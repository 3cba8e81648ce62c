"""The disks that hold etcd's data, and their snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloudguard.model.cluster import Cluster, Disk, DiskSnapshot, Host, Role
from cloudguard.results.change import Procedure, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.rows.encryption.keys import UNKNOWN_STATES, Keys, disk_key_problems, has_customer_key, is_customers
from cloudguard.rows.encryption.problem import ROW, EncryptionProblem, change_of

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


def disk_problems(disk: Disk, keys: Keys, *, require_customer_key: bool) -> Iterator[EncryptionProblem]:
    """Yield the problems of a disk that holds etcd, of its key and of its snapshots."""
    key = keys.get(disk.key)
    resource = Resource("disk", disk.id, disk.name)
    hosts = (disk.host,) if disk.host else ()
    holds = disk.etcd_evidence.text if disk.etcd_evidence else ANY_DISK
    where = f"{disk.id} ({disk.device} of {disk.host})" if disk.host else f"{disk.id} (detached)"
    if not disk.encrypted:
        message, fault = f"{where} holds etcd and is not encrypted", "not encrypted"
        copy = Procedure(("encrypted: no",), ("make an encrypted copy of the disk, and attach the copy instead",))
        change = change_of("disk.encrypt", resource, copy)
        yield EncryptionProblem(DISK, Severity.HIGH, resource, message, holds, disk.source, change, hosts, fault)
    elif key is not None:
        yield from disk_key_problems(key, disk, where)
    unread = bool(disk.key) and key is None
    if disk.encrypted and require_customer_key and not is_customers(key) and not unread:
        message, fault = f"{where} has the provider's key, but a customer key is required", "provider's key"
        copy = Procedure((fault,), ("encrypt the disk, or a copy that replaces it, with your own key",))
        change = change_of("disk.encrypt", resource, copy)
        severity = Severity.MEDIUM
        yield EncryptionProblem(CUSTOMER_KEY, severity, resource, message, holds, disk.source, change, hosts, fault)
    for snapshot in disk.snapshots:
        subject = f"{snapshot.relation} {where}"
        yield from _copy_problems(snapshot, subject, hosts)
        if require_customer_key:
            yield from _key_problems(snapshot, keys, subject, hosts)


def former_problems(cluster: Cluster, keys: Keys, *, require_customer_key: bool) -> Iterator[EncryptionProblem]:
    """Yield the problems of copies of etcd's former disks."""
    for copy in cluster.copies:
        if copy.evidence is not None:
            yield from _copy_problems(copy, copy.words, ())
            if require_customer_key:
                yield from _key_problems(copy, keys, copy.words, ())


def _copy_problems(copy: DiskSnapshot, subject: str, hosts: tuple[str, ...]) -> Iterator[EncryptionProblem]:
    faults = _faults(copy)
    if faults:
        words = subject if copy.id == copy.disk else f"{copy.id}, {subject}"
        message, copied = f"{words}, {faults}", Resource(copy.kind, copy.id)
        remedy = "stop sharing it" if copy.id == copy.disk else "encrypt the copy and stop sharing it, or delete it"
        steps = Procedure((message,), (remedy,))
        change = change_of(f"{copy.kind}.remove", copied, steps)
        width = tuple(f"shared with {name}" for name in copy.shared_with or ())
        width += () if copy.encrypted else ("not encrypted",)
        yield EncryptionProblem(
            SNAPSHOT, Severity.HIGH, copied, message, message, copy.source, change, hosts, width=width
        )


def _faults(copy: DiskSnapshot) -> str:
    faults = [] if copy.encrypted else ["is not encrypted"]
    if copy.shared_with:
        faults.append(f"is shared with {', '.join(copy.shared_with)}")
    return " and ".join(faults)


def _key_problems(copy: DiskSnapshot, keys: Keys, subject: str, hosts: tuple[str, ...]) -> Iterator[EncryptionProblem]:
    """Yield a problem if a copy is encrypted, but not with a customer's key."""
    if copy.encrypted and copy.id != copy.disk and has_customer_key(copy, keys) is False:
        fault, resource = "provider's key", Resource(copy.kind, copy.id)
        message = f"{copy.id}, {subject}, has the {fault}, but a customer key is required"
        steps = Procedure((fault,), ("copy it with your own key, and delete it; or only delete it",))
        change, severity = change_of("copy.rekey", resource, steps), Severity.MEDIUM
        yield EncryptionProblem(CUSTOMER_KEY, severity, resource, message, fault, copy.source, change, hosts, fault)


def _key_unknown(copy: DiskSnapshot, keys: Keys) -> Iterator[str]:
    """Yield a line if it is unknown whether a customer's key encrypts an encrypted copy."""
    if copy.encrypted and copy.id != copy.disk and has_customer_key(copy, keys) is None:
        yield f"whether {copy.id}, {copy.words}, has a customer key: {copy.key or 'its key'} was not read"


def disk_unknown(disk: Disk, keys: Keys, *, require_customer_key: bool) -> Iterator[str]:
    """Yield lines about unknown facts of a disk that holds etcd and was read."""
    key = keys.get(disk.key)
    if disk.encrypted and disk.key and key is None:
        yield f"the key {disk.key} of {disk.id} was not read"
    if disk.encrypted and key is not None and key.state in UNKNOWN_STATES:
        yield f"whether the key {key.id} of {disk.id} can be used: its state is {key.state}"
    for snapshot in disk.snapshots:
        if snapshot.shared_with is None:
            yield f"whether {snapshot.id}, {snapshot.words}, is shared: its sharing settings were not read"
        if require_customer_key:
            yield from _key_unknown(snapshot, keys)


def former_unknown(cluster: Cluster, keys: Keys, *, require_customer_key: bool) -> Iterator[str]:
    """Yield lines about unknown facts of copies that hold, or may hold, the data of etcd's former disks."""
    for copy in cluster.copies:
        if copy.evidence is None and _faults(copy):
            yield f"whether {copy.id}, {copy.words}, holds etcd's data; the copy {_faults(copy)}"
        elif copy.shared_with is None:
            yield f"whether {copy.id}, {copy.words}, is shared: its sharing settings were not read"
        if require_customer_key:
            yield from _key_unknown(copy, keys)
            if copy.evidence is None and copy.encrypted and has_customer_key(copy, keys) is False:
                yield f"whether {copy.id}, {copy.words}, holds etcd's data; the copy has the provider's key"


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
