"""Auto Scaling groups and fleets of the cluster as pools, with the settings of their next hosts."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from cloudguard.model.cluster import Host, Pool, Role
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import required
from cloudguard.provider.host_roles import HostRoles, managed_node, may_run_etcd, roles_by_flags, roles_of_pool
from cloudguard.provider.ownership.facts import Thing
from cloudguard.provider.role_names import roles_by_names
from cloudguard.provider.tag_patterns import has_tag
from cloudguard.values import dataclass
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_AUTO_SCALING_GROUPS, DESCRIBE_SECURITY_GROUPS
from cloudguard_aws.access.owners import OWNERS
from cloudguard_aws.cluster.find import FoundCluster
from cloudguard_aws.cluster.instance_metadata import Settings, next_service
from cloudguard_aws.cluster.instance_metadata import read_defaults as read_metadata_defaults
from cloudguard_aws.cluster.pools.fleets import read_fleets
from cloudguard_aws.cluster.pools.launch_templates import (
    HIDES,
    Defaults,
    Template,
    configurations,
    disks,
    read_defaults,
    template_versions,
)
from cloudguard_aws.cluster.pools.scaling_groups import ScalingGroup, read_scaling_groups
from cloudguard_aws.cluster.tags import roles_by_tags

_WITH_PODS = {Role.CONTROL_PLANE, Role.NODE}
_BY_EKS = "eks:nodegroup-name"
"""The tag on scaling groups that EKS makes, with its own template, for managed node groups (EKS user guide)."""
DEFAULT_GROUP = "default"
"""The security group of an instance whose template names none (EC2 user guide, Default security groups)."""


@dataclass(frozen=True, eq=False, slots=True)
class _Context:
    """Facts that complete templates: hosts, the account's metadata defaults, other defaults, ids of groups by name."""

    hosts: tuple[Host, ...]
    account: Settings | None
    defaults: Defaults
    group_ids: Mapping[str, str]
    may_run_etcd: Callable[[HostRoles], bool]

    def ids(self, names: Collection[str]) -> tuple[str, ...]:
        """Return the ids of the security groups that a template names, or of the default group if it names none."""
        return tuple(sorted(self.group_ids.get(name, name) for name in names or (DEFAULT_GROUP,)))

    def subnets(self, group: ScalingGroup, template: Template) -> tuple[str, ...]:
        """Return the subnets of the next host: the group's, else its template's, else those of the group's hosts."""
        stand = (
            interface.subnet for host in self.hosts if host.pool == group.name for interface in host.interfaces[:1]
        )
        return group.subnets or template.subnets or tuple(sorted({*stand}))


def read_pools(api: Api, found: FoundCluster, hosts: tuple[Host, ...], named: Collection[str]) -> tuple[Pool, ...]:
    """Return the cluster's scaling groups and fleets as pools.

    They have its tag, are listed in ``named``, or have launched its hosts.
    """
    groups = [*read_scaling_groups(api, found, named), *read_fleets(api, found)]
    known = configurations(api, {group.configuration for group in groups if group.configuration})
    templates = api.gather(*(partial(_templates, api, group, known) for group in groups))
    triples = [
        (group, template, _roles(api, group, found, hosts))
        for group, listed in zip(groups, templates, strict=True)
        for template in listed
    ]
    exposed = [template for _, template, known in triples if template.profile and _WITH_PODS & {*known.roles}]
    may_hold = partial(may_run_etcd, hosts=hosts)
    account = read_metadata_defaults(api, [template.metadata for template in exposed])
    by_image = [
        template
        for template in exposed
        if account is not None and next_service(template.metadata, account, None) is None
    ]
    context = _Context(
        hosts,
        account,
        read_defaults(api, [template for _, template, known in triples if may_hold(known)], by_image),
        _ids(api, {name for _, template, _ in triples for name in _group_names(template)}, found.networks),
        may_hold,
    )
    pools = (_pool(group, template, known, context) for group, template, known in triples)
    return tuple(sorted(pools, key=lambda pool: (pool.id, pool.template)))


def _templates(api: Api, group: ScalingGroup, known: Mapping[str, Template]) -> list[Template]:
    """Return all templates that the group's next host may use. ``known``: launch configurations by name."""
    templates = [known[group.configuration]] if group.configuration in known else [*group.specifications]
    for key, name, version in group.templates:
        templates += template_versions(api, key, name, version)
    if not (group.configuration or group.specifications or group.templates):
        api.missed(group.call, group.name, "it names no launch template and no launch configuration", HIDES)
    listed = {template.name: template for template in templates}.values()
    return [replace(template, types=group.types) for template in listed] if group.types else [*listed]


def _roles(api: Api, group: ScalingGroup, found: FoundCluster, hosts: tuple[Host, ...]) -> HostRoles:
    """Return the roles of a group's next hosts: those of its current hosts, else by its tags, else by its name."""
    known = roles_by_flags(found.role_tags, partial(has_tag, group.tags)) or roles_by_tags(group.tags)
    if known is None and found.eks is not None:
        known = managed_node("it is a scaling group of an EKS cluster, whose control plane AWS runs")
    known = known or roles_by_names([("name", group.name)], found.name)
    return roles_of_pool(api, group.call, group.name, hosts, known)


def _group_names(template: Template) -> Iterator[str]:
    for groups in (template.groups, *(interface.groups for interface in template.further)):
        yield from groups or (DEFAULT_GROUP,)


def _ids(api: Api, names: Iterable[str], networks: Collection[str]) -> dict[str, str]:
    """Return a dict of name → id for security groups that templates name by name.

    A name of no group or of several groups is a Gap.
    """
    wanted = sorted(name for name in names if not name.startswith("sg-"))
    if not wanted:
        return {}
    call, hides = DESCRIBE_SECURITY_GROUPS, (FactKind.POOLS, FactKind.FILTERS)
    filters = [{"Name": "group-name", "Values": wanted}, {"Name": "vpc-id", "Values": sorted(networks)}]
    listed = api.read_or_none(call, hides=HIDES, about=",".join(wanted), Filters=filters)
    pairs = api.mapped(
        call, listed or (), lambda item: (required(item, "GroupName"), required(item, "GroupId")), hides=hides
    )
    by_id = dict[str, str]()
    for name in wanted if listed is not None else ():
        ids = [id_ for called, id_ in pairs if called == name]
        if len(ids) == 1:
            by_id[name] = ids[0]
        else:
            message = f"a template refers to the group {name!r} by name, but {len(ids)} groups have this name"
            api.missed(call, name, message, hides)
    return by_id


def _pool(group: ScalingGroup, template: Template, known: HostRoles, context: _Context) -> Pool:
    groups = context.ids(template.groups)
    further = ((nic, context.ids(nic.groups)) for nic in template.further)
    image = context.defaults.images.get(template.image)
    return Pool(
        id=group.name,
        name=group.name,
        roles=known.roles,
        role_evidence=known.evidence,
        subnets=context.subnets(group, template),
        filters=groups,
        groups=groups,
        source=template.source,
        template=template.name,
        public=template.public,
        desired=group.desired,
        disks=tuple(disks(template, context.defaults)) if context.may_run_etcd(known) else (),
        identity=template.profile,
        metadata=next_service(template.metadata, context.account, image.metadata if image else None),
        public_ipv6=template.ipv6,
        further=tuple(replace(nic, filters=ids, groups=ids) for nic, ids in further),
        written_by=OWNERS.of(Thing.POOL, group.name, group.tags),
        template_fields=_template_fields(group, template),
    )


def _template_fields(group: ScalingGroup, template: Template) -> str:
    """Return, as JSON, the fields that a new template version must repeat, and the version that the group refers to.

    "" if a new version can't be used: a launch configuration, several templates, a template that EKS makes for node
    groups, or the template of a fleet, which keeps its version.
    """
    if len(group.templates) != 1 or _BY_EKS in group.tags or group.call is not DESCRIBE_AUTO_SCALING_GROUPS:
        return ""
    ((_, _, version),) = group.templates
    return json.dumps({"Version": version, **template.fields}, sort_keys=True, default=str)
