"""Group managers as pools: which are the cluster's, and what their next host will get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, cast

from cloudguard.model.cluster import DiskTemplate, EvidenceKind, Host, Pool, Role, RoleEvidence
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.provider.answers import Item
from cloudguard.provider.host_roles import HostRoles, roles_of_pool
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_GROUP_MANAGERS, LIST_INSTANCE_TEMPLATES
from cloudguard_gcp.access.links import last, short
from cloudguard_gcp.cluster import installer_labels
from cloudguard_gcp.cluster.disks import key_of
from cloudguard_gcp.cluster.find import Found
from cloudguard_gcp.cluster.hosts import UNREAD, place_of
from cloudguard_gcp.cluster.instance_metadata import metadata_service
from cloudguard_gcp.cluster.selectors import labels_of

HIDES: Final = (FactKind.POOLS,)


def read_pools(api: Api, found: Found, hosts: tuple[Host, ...]) -> tuple[tuple[Pool, ...], dict[str, Item]]:
    """Return the group managers of the cluster, and the next instance of each by the pool's id.

    They are those that made its hosts, and those whose template is marked as the cluster's.
    """
    managers, templates = api.gather(
        partial(api.read, LIST_GROUP_MANAGERS, hides=HIDES, project=found.project),
        partial(api.read, LIST_INSTANCE_TEMPLATES, hides=HIDES, project=found.project),
    )
    known = {place(str(one["selfLink"])): one for one in templates}
    made = {host.pool for host in hosts}
    pools, own = list[Pool](), dict[str, Item]()
    for one in managers:
        name = place_of(str(one["selfLink"]))
        template = known.get(place(str(one.get("instanceTemplate", ""))))
        after: Item = _instance(template) if template else {}
        if name in made or (template and installer_labels.is_of(after, found.name)):
            pools.append(_pool(api, found, one, after, [host for host in hosts if host.pool == name]))
            own[name] = after
    return tuple(sorted(pools, key=lambda pool: pool.id)), own


def place(link: str) -> str:
    """Return a template's place: it is named with its project's id or number."""
    parts = short(link).split("/")
    return "/".join(parts[2:]) if parts[0] == "projects" else short(link)


def _instance(template: Item) -> Item:
    """Return what a template says of the next instance, as if it were one."""
    return {**cast("Item", template.get("properties") or {}), "name": "", "selfLink": str(template["selfLink"])}


def _pool(api: Api, found: Found, manager: Item, own: Item, hosts: Sequence[Host]) -> Pool:
    name = place_of(str(manager["selfLink"]))
    known = roles_of_pool(api, LIST_GROUP_MANAGERS, name, hosts, _roles(found, own))
    template = str(manager.get("instanceTemplate", ""))
    if not own:
        message = f"the template {last(template) or '(none)'} of {name} was not seen"
        api.add_gap(Gap(LIST_INSTANCE_TEMPLATES.name, name, Reason.MISSING, message, HIDES))
    nics = cast("Sequence[Item]", own.get("networkInterfaces") or ())
    accounts = cast("Sequence[Item]", own.get("serviceAccounts") or ())
    segments = tuple(short(str(one["subnetwork"])) for one in nics[:1] if one.get("subnetwork"))
    return Pool(
        id=name,
        name=str(manager["name"]),
        roles=known.roles,
        role_evidence=known.evidence,
        subnets=segments or tuple(sorted({one.subnet for host in hosts for one in host.interfaces[:1]})),
        filters=(),
        groups=labels_of(own),
        source=Source(LIST_INSTANCE_TEMPLATES.name, last(template)),
        template=last(template),
        public=any(one.get("accessConfigs") for one in nics),
        desired=int(manager.get("targetSize") or 0),
        disks=tuple(_disks(own)) if Role.ETCD in known.roles else (),
        identity=str(accounts[0].get("email", "")) if accounts else "",
        metadata=metadata_service(own, found.gke) if own else None,
    )


def _roles(found: Found, template: Item) -> HostRoles | None:
    """Return the roles of a pool's next hosts by its template's labels and tags."""
    known = installer_labels.roles_by_labels(template, found.name)
    if known is None and found.gke is not None:
        why = "a group of a GKE cluster, which runs no control plane of its own"
        return HostRoles((Role.NODE,), (RoleEvidence(EvidenceKind.MANAGED, why),))
    return known


def _disks(own: Item) -> list[DiskTemplate]:
    """Return the disks of the next instance: Compute encrypts them all."""
    listed = cast("Sequence[Item]", own.get("disks") or ())
    return [
        DiskTemplate(
            device=str(one.get("deviceName") or place),
            encrypted=True,
            key=key_of(cast("Item", one.get("diskEncryptionKey") or {})),
        )
        for place, one in enumerate(listed)
    ]


def guarded(pools: Iterable[Pool], chains: Mapping[str, tuple[str, ...]]) -> tuple[Pool, ...]:
    """Return the pools with the filters of the subnets that their next hosts will stand in."""
    return tuple(replace(one, filters=chains.get(one.subnets[0], (UNREAD,)) if one.subnets else ()) for one in pools)
