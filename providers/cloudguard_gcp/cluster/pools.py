"""Group managers as pools: which are the cluster's, and what their next host will get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import DiskTemplate, Host, NextInterface, Pool, Role
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.provider.answers import Item, number, part, required, text, texts
from cloudguard.provider.host_roles import roles_of_pool
from cloudguard.provider.ownership.facts import Thing
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_GROUP_MANAGERS, LIST_INSTANCE_TEMPLATES
from cloudguard_gcp.access.links import last, link_in
from cloudguard_gcp.access.owners import OWNERS
from cloudguard_gcp.cluster import installer_labels
from cloudguard_gcp.cluster.disks import key_of
from cloudguard_gcp.cluster.find import Found
from cloudguard_gcp.cluster.hosts import UNREAD, host_of, roles_of
from cloudguard_gcp.cluster.instances import Instance, next_instance, place_of

HIDES: Final = (FactKind.POOLS,)
NEXT_HOST: Final = "next-host"
"""The trait of a cluster that tells how the names of a pool's next hosts begin."""


@dataclass(frozen=True, slots=True)
class _Manager:
    """A group manager; ``template``: the link of its template, whose project is named by id or by number.

    ``target_pools``: the places of those that it puts its hosts into. ``base_name``: how their names begin.
    """

    id: str
    name: str
    template: str
    size: int
    target_pools: tuple[str, ...]
    base_name: str


def read_pools(api: Api, found: Found, hosts: tuple[Host, ...]) -> tuple[tuple[Pool, ...], dict[str, Instance]]:
    """Return the group managers of the cluster, and the next instance of each by the pool's id.

    They are those that made its hosts, and those whose template is marked as the cluster's.
    """
    listed, templates = api.two(
        partial(api.read, LIST_GROUP_MANAGERS, hides=HIDES, project=found.project),
        partial(api.read, LIST_INSTANCE_TEMPLATES, hides=HIDES, project=found.project),
    )
    described = api.mapped(LIST_INSTANCE_TEMPLATES, templates, next_instance, hides=HIDES)
    known = {_place(template.link): template for template in described}
    made = {host.pool for host in hosts}
    pools, own = list[Pool](), dict[str, Instance]()
    for manager in api.mapped(LIST_GROUP_MANAGERS, listed, _manager, hides=HIDES):
        after = known.get(_place(manager.template))
        if manager.id in made or (after and installer_labels.is_of(after, found.name)):
            pools.append(_pool(api, found, manager, after, [host for host in hosts if host.pool == manager.id]))
            own |= {manager.id: after} if after else {}
    return tuple(sorted(pools, key=lambda pool: pool.id)), own


def _manager(item: Item) -> _Manager:
    template = link_in(item, "instanceTemplate")
    return _Manager(
        place_of(required(item, "selfLink")),
        required(item, "name"),
        template,
        number(item, "targetSize", 0),
        tuple(map(place_of, texts(item, "targetPools"))),
        _beginning(text(item, "baseInstanceName")),
    )


def _beginning(base: str) -> str:
    """Return how names begin that are made from a base: "web" is followed by "-" and letters, "web-###" has digits."""
    return base.partition("#")[0] if "#" in base else f"{base}-" if base else ""


def pools_behind(api: Api, project: str, pools: Iterable[Pool]) -> dict[str, list[str]]:
    """Return the ids of pools whose next hosts will be in an instance group or target pool, by its place.

    A manager's group has its name: https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers
    """
    known, found = {pool.id for pool in pools}, dict[str, list[str]]()
    listed = api.read(LIST_GROUP_MANAGERS, hides=HIDES, project=project)
    for manager in api.mapped(LIST_GROUP_MANAGERS, listed, _manager, hides=HIDES):
        group = manager.id.replace("/instanceGroupManagers/", "/instanceGroups/")
        for place in (group, *manager.target_pools) if manager.id in known else ():
            found.setdefault(place, []).append(manager.id)
    return found


def next_hosts(api: Api, project: str, pools: Iterable[Pool]) -> tuple[tuple[str, str], ...]:
    """Return how the names of the pools' next hosts begin, as traits of the cluster.

    https://cloud.google.com/compute/docs/instance-groups/create-mig-with-basic-autoscaling ("base instance name")
    """
    known, listed = {pool.id for pool in pools}, api.read(LIST_GROUP_MANAGERS, hides=HIDES, project=project)
    managers = api.mapped(LIST_GROUP_MANAGERS, listed, _manager, hides=HIDES)
    return tuple(sorted({(NEXT_HOST, one.base_name) for one in managers if one.id in known and one.base_name}))


def _place(link: str) -> str:
    """Return a template's place without its project."""
    parts = link.split("/")
    return "/".join(parts[2:]) if parts[0] == "projects" else link


def _pool(api: Api, found: Found, manager: _Manager, after: Instance | None, hosts: Sequence[Host]) -> Pool:
    otherwise = roles_of(found, after, {}) if after else None
    known = roles_of_pool(api, LIST_GROUP_MANAGERS, manager.id, hosts, otherwise)
    template = last(manager.template)
    if after is None:
        message = f"the template {template or '(none)'} of {manager.id} was not seen"
        api.add_gap(Gap(LIST_INSTANCE_TEMPLATES.name, manager.id, Reason.MISSING, message, HIDES))
    host = host_of(after, found.gke) if after else None
    nics = host.interfaces if host else ()
    subnets = tuple(nic.subnet for nic in nics[:1] if nic.subnet)
    six = after.public_ipv6 if after else ()
    return Pool(
        id=manager.id,
        name=manager.name,
        roles=known.roles,
        role_evidence=known.evidence,
        subnets=subnets or tuple(sorted({nic.subnet for made in hosts for nic in made.interfaces[:1]})),
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
    """Return the disks of the next instance: Compute encrypts them all."""
    named = api.mapped(
        LIST_INSTANCE_TEMPLATES, after.disks, _disk, hides=(FactKind.POOLS, FactKind.DISKS), about=after.link
    )
    return tuple(replace(disk, device=disk.device or str(place)) for place, disk in enumerate(named))


def _disk(item: Item) -> DiskTemplate:
    return DiskTemplate(text(item, "deviceName"), encrypted=True, key=key_of(part(item, "diskEncryptionKey")))


def guarded(pools: Iterable[Pool], chains: Mapping[str, tuple[str, ...]]) -> tuple[Pool, ...]:
    """Return the pools with the filters of the subnets that their next hosts will stand in."""

    def of(subnets: tuple[str, ...]) -> tuple[str, ...]:
        return chains.get(subnets[0], (UNREAD,)) if subnets else ()

    return tuple(
        replace(
            one,
            filters=of(one.subnets),
            further=tuple(replace(nic, filters=of(nic.subnets or one.subnets)) for nic in one.further),
        )
        for one in pools
    )
