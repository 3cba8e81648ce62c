"""Managed instance groups as pools: which ones are the cluster's, and what their next host will be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import DiskTemplate, Host, NextInterface, Pool, Role
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import Item, child, children, number, required, text, texts
from cloudguard.provider.host_roles import roles_of_pool
from cloudguard.provider.ownership.facts import Thing
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_GROUP_MANAGERS, LIST_INSTANCE_TEMPLATES
from cloudguard_gcp.access.links import last, link_in
from cloudguard_gcp.access.owners import OWNERS
from cloudguard_gcp.cluster.find import FoundCluster
from cloudguard_gcp.cluster.hosts import UNREAD, host_of, roles_of
from cloudguard_gcp.cluster.instances import Instance, next_instance, place_of
from cloudguard_gcp.cluster.keys import key_of

HIDES: Final = (FactKind.POOLS,)
NEXT_HOST: Final = "next-host"
"""The trait of a cluster with the prefix of the names of a pool's next hosts."""


@dataclass(frozen=True, slots=True)
class _Manager:
    """A group manager. ``templates``: links of its versions' templates, with the project as an id or a number.

    ``target_pools``: the places of the target pools of its hosts. ``base_name``: the prefix of its hosts' names.
    """

    id: str
    name: str
    templates: tuple[str, ...]
    size: int
    target_pools: tuple[str, ...]
    base_name: str


def read_pools(api: Api, found: FoundCluster, hosts: tuple[Host, ...]) -> tuple[tuple[Pool, ...], dict[str, Instance]]:
    """Return the cluster's pools, one for each template of its group managers, and the next instance of each pool.

    The cluster's group managers are those that made its hosts, those that GKE names, and those with a template that has
    its labels.
    """
    managers, known = api.parallel(partial(_managers, api, found.project), partial(_next_instances, api, found.project))
    groups = {host.pool for host in hosts} | (found.gke.groups if found.gke else frozenset[str]())
    pools, next_machines = list[Pool](), dict[str, Instance]()
    for manager in managers:
        described_by = [known.get(_place(link)) for link in manager.templates]
        marked = any(after and found.owns(after) for after in described_by)
        own_hosts = [host for host in hosts if host.pool == manager.id]
        for link, after in zip(manager.templates, described_by, strict=True) if marked or manager.id in groups else ():
            pools.append(_pool(api, found, manager, (link, after), own_hosts))
            next_machines |= {pools[-1].id: after} if after else {}
    return tuple(sorted(pools, key=lambda pool: pool.id)), next_machines


def _managers(api: Api, project: str) -> tuple[_Manager, ...]:
    return api.listed(LIST_GROUP_MANAGERS, _manager, hides=HIDES, project=project)


def _next_instances(api: Api, project: str) -> dict[str, Instance]:
    """Return the next instance of each template, by the template's place."""
    listed = api.listed(LIST_INSTANCE_TEMPLATES, next_instance, hides=HIDES, project=project)
    return {_place(instance.link): instance for instance in listed}


def _manager(item: Item) -> _Manager:
    versions = (link_in(version, "instanceTemplate") for version in children(item, "versions"))
    templates = tuple(dict.fromkeys(filter(None, (link_in(item, "instanceTemplate"), *versions))))
    return _Manager(
        place_of(required(item, "selfLink")),
        required(item, "name"),
        templates or ("",),
        number(item, "targetSize", 0),
        tuple(map(place_of, texts(item, "targetPools"))),
        _beginning(text(item, "baseInstanceName")),
    )


def _beginning(base: str) -> str:
    """Return the prefix of names made from a base: "web" is followed by "-" and letters, "web-###" has digits."""
    return base.partition("#")[0] if "#" in base else f"{base}-" if base else ""


def pools_behind(api: Api, project: str, pools: Iterable[Pool]) -> dict[str, list[str]]:
    """Return the ids of pools whose next hosts will be in an instance group or target pool, by its place.

    A manager's instance group has the manager's name:
    https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers
    """
    names, by_group = [pool.id for pool in pools], dict[str, list[str]]()
    for manager in _managers(api, project):
        group = manager.id.replace("/instanceGroupManagers/", "/instanceGroups/")
        for place in (group, *manager.target_pools):
            by_group.setdefault(place, []).extend(name for name in names if _manager_of(name) == manager.id)
    return by_group


def next_hosts(api: Api, project: str, pools: Iterable[Pool]) -> tuple[tuple[str, str], ...]:
    """Return the prefixes of the names of the pools' next hosts, as traits of the cluster.

    https://cloud.google.com/compute/docs/instance-groups/create-mig-with-basic-autoscaling ("base instance name")
    """
    known = {_manager_of(pool.id) for pool in pools}
    names = {manager.base_name for manager in _managers(api, project) if manager.id in known}
    return tuple((NEXT_HOST, name) for name in sorted(names - {""}))


def next_of_others(api: Api, project: str, pools: Iterable[Pool]) -> Iterator[tuple[str, Instance]]:
    """Yield the next instances of the group managers that are not the cluster's, each with its manager's name."""
    known, of_cluster = _next_instances(api, project), {_manager_of(pool.id) for pool in pools}
    for manager in _managers(api, project):
        if manager.id not in of_cluster:
            known_templates = (known.get(_place(link)) for link in manager.templates)
            yield from ((manager.name, after) for after in known_templates if after)


def _manager_of(pool: str) -> str:
    return pool.partition("#")[0]


def _place(link: str) -> str:
    """Return a template's link without its project."""
    words = link.split("/")
    return "/".join(words[2:]) if words[0] == "projects" else link


def _pool(
    api: Api, found: FoundCluster, manager: _Manager, version: tuple[str, Instance | None], hosts: Sequence[Host]
) -> Pool:
    """Return the pool of one template of a manager.

    ``version``: the template's link, and its next instance (None: not read). ``hosts``: hosts that the manager made.
    """
    link, after = version
    template, first = last(link), link == manager.templates[0]
    otherwise = roles_of(found, after, {}) if after else None
    known = roles_of_pool(api, LIST_GROUP_MANAGERS, manager.id, hosts, otherwise)
    if after is None:
        message = f"the template {template or '(none)'} of {manager.id} was not found"
        api.missed(LIST_INSTANCE_TEMPLATES, manager.id, message, HIDES)
    host = host_of(after, found.gke) if after else None
    nics = host.interfaces if host else ()
    subnets = tuple(nic.subnet for nic in nics[:1] if nic.subnet)
    six = after.public_ipv6 if after else ()
    return Pool(
        id=manager.id if first else f"{manager.id}#{template}",
        name=manager.name if first else f"{manager.name} ({template})",
        roles=known.roles,
        role_evidence=known.evidence,
        subnets=subnets or tuple(sorted({nic.subnet for host in hosts for nic in host.interfaces[:1]})),
        filters=(),
        groups=after.groups if after else (),
        source=Source(LIST_INSTANCE_TEMPLATES.name, template),
        template=template,
        public=any(nic.public_ip_on_start for nic in nics[:1]) if host else None,
        desired=manager.size,
        disks=_disks(api, after) if after and Role.ETCD in known.roles else (),
        identity=host.identity if host else "",
        metadata=host.metadata if host else None,
        public_ipv6=any(six[:1]) if host else None,
        further=tuple(_further(nic, ipv6=ipv6) for nic, ipv6 in zip(nics[1:], six[1:], strict=True)),
        written_by=OWNERS.of(Thing.POOL, manager.name, after.labels if after else {}),
    )


def _further(nic: Interface, *, ipv6: bool) -> NextInterface:
    where = (nic.subnet,) if nic.subnet else ()
    return NextInterface((), nic.groups, where, public=bool(nic.public_ip_on_start), public_ipv6=ipv6)


def _disks(api: Api, after: Instance) -> tuple[DiskTemplate, ...]:
    """Return the disks of the next instance. Compute encrypts all of them."""
    named = api.mapped(
        LIST_INSTANCE_TEMPLATES, after.disks, _disk, hides=(FactKind.POOLS, FactKind.DISKS), about=after.link
    )
    return tuple(replace(disk, device=disk.device or str(place)) for place, disk in enumerate(named))


def _disk(item: Item) -> DiskTemplate:
    key = key_of(child(item, "diskEncryptionKey"))
    return DiskTemplate(text(item, "deviceName"), encrypted=True, key=key, customer_key=bool(key))


def guarded(pools: Iterable[Pool], chains: Mapping[str, tuple[str, ...]]) -> tuple[Pool, ...]:
    """Return the pools with the filters of their next hosts' subnets."""

    def of(subnets: tuple[str, ...]) -> tuple[str, ...]:
        return chains.get(subnets[0], (UNREAD,)) if subnets else ()

    return tuple(
        replace(
            pool,
            filters=of(pool.subnets),
            further=tuple(replace(nic, filters=of(nic.subnets or pool.subnets)) for nic in pool.further),
        )
        for pool in pools
    )
