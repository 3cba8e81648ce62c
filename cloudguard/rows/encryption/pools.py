"""The disks on which the next host of a pool would hold etcd."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.model.cluster import Cluster, DiskTemplate, Pool, Role
from cloudguard.results.change import AttributeEdit, Procedure, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.rows.encryption.disks import CUSTOMER_KEY
from cloudguard.rows.encryption.keys import Keys
from cloudguard.rows.encryption.problem import ROW, EncryptionProblem

POOL = Check(
    f"{ROW}/pool",
    {Severity.MEDIUM: "the next host of a pool would hold etcd on an unencrypted disk"},
    "The next host of a pool that runs etcd would get an unencrypted disk.",
)


def of_pools(cluster: Cluster, keys: Keys) -> Iterator[EncryptionProblem | str]:
    """Yield the problems of the disks on which a pool's next host would hold etcd, and lines about unknown facts."""
    for pool in cluster.pools:
        if Role.ETCD in pool.roles:
            disks = _for_etcd(cluster, pool)
            if plain := tuple(disk.device for disk in disks if disk.encrypted is False):
                yield _unencrypted(pool, plain)
            encrypted = [disk for disk in disks if disk.encrypted] if keys.required else []
            if others := tuple(disk.device for disk in encrypted if keys.is_customers(disk) is False):
                yield _without_customer_key(pool, others)
            yield from _unknown(pool, disks, keys)


def _unencrypted(pool: Pool, devices: tuple[str, ...]) -> EncryptionProblem:
    plain, resource = ", ".join(devices), Resource("pool", pool.id, pool.name)
    message = f"{_next_host(pool)} would hold etcd on unencrypted {plain}"
    edit = AttributeEdit("disks", f"{plain} unencrypted", "encrypted", parts=devices)
    fact = f"template {pool.template}" if pool.template else "its template"
    source, kind, width, severity = pool.source, "pool.encrypt", _width(pool, devices), Severity.MEDIUM
    return EncryptionProblem(POOL, severity, resource, message, fact, source, kind, edit, width=width)


def _without_customer_key(pool: Pool, devices: tuple[str, ...]) -> EncryptionProblem:
    resource, fault = Resource("pool", pool.id, pool.name), "provider's key"
    message = f"{_next_host(pool)} would hold etcd on {', '.join(devices)} with the {fault}"
    steps = Procedure((fault,), ("name your own key for the disks in the pool's template",))
    source, kind, width, severity = pool.source, "pool.rekey", _width(pool, devices), Severity.MEDIUM
    return EncryptionProblem(CUSTOMER_KEY, severity, resource, message, fault, source, kind, steps, width=width)


def _width(pool: Pool, devices: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"disk {device} of pool {pool.id}" for device in devices)


def _unknown(pool: Pool, disks: tuple[DiskTemplate, ...], keys: Keys) -> Iterator[str]:
    name = _next_host(pool)
    if not pool.disks:
        yield f"which disks {name} will have: its template does not say"
    for disk in disks:
        if disk.encrypted is None:
            yield f"whether {disk.device} of {name} is encrypted: its template does not say"
        elif disk.encrypted and keys.required and keys.is_customers(disk) is None:
            yield f"whether {disk.device} of {name} has a customer key: {disk.key or 'its key'} was not read"


def _next_host(pool: Pool) -> str:
    return f"the next host of {pool.name or pool.id}"


def _for_etcd(cluster: Cluster, pool: Pool) -> tuple[DiskTemplate, ...]:
    """Return the disks of a pool's template that would hold etcd.

    If all of today's hosts have etcd on disks with strong evidence, only the devices of these disks count. Such a disk
    that no template makes is moved to the next host, and is judged as a disk. Otherwise every disk counts.
    """
    hosts = cluster.hosts_by(Role.ETCD)
    ids = {host.id for host in hosts if host.pool == pool.id} or {host.id for host in hosts}
    of_hosts = [disk for disk in cluster.disks if disk.host in ids and disk.certainly_holds_etcd]
    if not ids or ids != {disk.host for disk in of_hosts if disk.holds_main_etcd}:
        return pool.disks
    return tuple(disk for disk in pool.disks if disk.device in {disk_of_host.device for disk_of_host in of_hosts})
