"""The disks on which the next host of a pool would hold etcd."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.model.cluster import Cluster, DiskTemplate, Pool, Role
from cloudguard.results.change import AttributeEdit, Procedure, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.rows.encryption.disks import CUSTOMER_KEY
from cloudguard.rows.encryption.keys import Keys, has_customer_key
from cloudguard.rows.encryption.problem import ROW, EncryptionProblem, change_of

POOL = Check(
    f"{ROW}/pool",
    {Severity.MEDIUM: "the next host of a pool would hold etcd on an unencrypted disk"},
    "The next host of a pool that runs etcd would get an unencrypted disk.",
)


def pool_problems(cluster: Cluster, keys: Keys, *, require_customer_key: bool) -> Iterator[EncryptionProblem]:
    """Yield a problem for each pool whose next host would hold etcd on an unencrypted disk, or without a wanted key."""
    for pool in _etcd_pools(cluster):
        devices = tuple(disk.device for disk in _for_etcd(cluster, pool) if disk.encrypted is False)
        plain = ", ".join(devices)
        if plain:
            resource = Resource("pool", pool.id, pool.name)
            message = f"the next host of {pool.name or pool.id} would hold etcd on unencrypted {plain}"
            edit = AttributeEdit("disks", f"{plain} unencrypted", "encrypted", parts=devices)
            change = change_of("pool.encrypt", resource, edit)
            fact = f"template {pool.template}" if pool.template else "its template"
            width, severity = tuple(f"disk {device} of pool {pool.id}" for device in devices), Severity.MEDIUM
            yield EncryptionProblem(POOL, severity, resource, message, fact, pool.source, change, width=width)
        if require_customer_key:
            yield from _without_customer_key(cluster, pool, keys)


def _without_customer_key(cluster: Cluster, pool: Pool, keys: Keys) -> Iterator[EncryptionProblem]:
    disks = [disk for disk in _for_etcd(cluster, pool) if disk.encrypted and has_customer_key(disk, keys) is False]
    devices = tuple(disk.device for disk in disks)
    if devices:
        resource, fault = Resource("pool", pool.id, pool.name), "provider's key"
        message = f"the next host of {pool.name or pool.id} would hold etcd on {', '.join(devices)} with the {fault}"
        steps = Procedure((fault,), ("name your own key for the disks in the pool's template",))
        change, width = (
            change_of("pool.rekey", resource, steps),
            tuple(f"disk {device} of pool {pool.id}" for device in devices),
        )
        yield EncryptionProblem(
            CUSTOMER_KEY, Severity.MEDIUM, resource, message, fault, pool.source, change, width=width
        )


def pool_unknown(cluster: Cluster, keys: Keys, *, require_customer_key: bool) -> Iterator[str]:
    """Yield lines about unknown facts of the disks on which the next host of a pool would hold etcd."""
    for pool in _etcd_pools(cluster):
        name = f"the next host of {pool.name or pool.id}"
        if not pool.disks:
            yield f"which disks {name} will have: its template does not say"
        for disk in _for_etcd(cluster, pool):
            if disk.encrypted is None:
                yield f"whether {disk.device} of {name} is encrypted: its template does not say"
            elif disk.encrypted and require_customer_key and has_customer_key(disk, keys) is None:
                yield f"whether {disk.device} of {name} has a customer key: {disk.key or 'its key'} was not read"


def _etcd_pools(cluster: Cluster) -> tuple[Pool, ...]:
    return tuple(pool for pool in cluster.pools if Role.ETCD in pool.roles)


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
