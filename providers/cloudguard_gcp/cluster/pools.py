"""Group managers as pools: which are the cluster's, and what their next host will get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from cloudguard.model.cluster import DiskTemplate, Host, Pool, Role
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.provider.answers import Item, number, part, required, text
from cloudguard.provider.host_roles import roles_of_pool
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_GROUP_MANAGERS, LIST_INSTANCE_TEMPLATES
from cloudguard_gcp.access.links import last, link_in
from cloudguard_gcp.cluster import installer_labels
from cloudguard_gcp.cluster.disks import key_of
from cloudguard_gcp.cluster.find import Found
from cloudguard_gcp.cluster.hosts import UNREAD, host_of, roles_of
from cloudguard_gcp.cluster.instances import Instance, next_instance, place_of

HIDES: Final = (FactKind.POOLS,)


@dataclass(frozen=True, slots=True)
class _Manager:
    """A group manager; ``template``: the link of its template, whose project is named by id or by number."""

    id: str
    name: str
    template: str
    size: int


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
        place_of(required(item, "selfLink")), required(item, "name"), template, number(item, "targetSize", 0)
    )


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
    subnets = tuple(nic.subnet for nic in host.interfaces[:1] if nic.subnet) if host else ()
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
        public=any(nic.public_ip_on_start for nic in host.interfaces) if host else None,
        desired=manager.size,
        disks=_disks(api, after) if after and Role.ETCD in known.roles else (),
        identity=host.identity if host else "",
        metadata=host.metadata if host else None,
    )


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
    return tuple(replace(one, filters=chains.get(one.subnets[0], (UNREAD,)) if one.subnets else ()) for one in pools)
