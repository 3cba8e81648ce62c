"""Auto scaling groups as pools: which are the cluster's, and what their next host will get."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from cloudguard.model.cluster import Host, Pool, Role
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.provider.role_names import told_by_names
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_AUTO_SCALING_GROUPS, DESCRIBE_SECURITY_GROUPS
from cloudguard_aws.cluster import installer_tags
from cloudguard_aws.cluster.find import Found, Told
from cloudguard_aws.cluster.hosts import TELL, stacks
from cloudguard_aws.cluster.instance_metadata import read_defaults, service_of
from cloudguard_aws.cluster.launch_templates import HIDES, Given, Template, configurations, disks, given, templates_of
from cloudguard_aws.network.rules import Item, tags_of

MOST_NAMES = 50
"""Names that one call takes (Auto Scaling API reference, DescribeAutoScalingGroups)."""
_WITH_PODS = {Role.CONTROL_PLANE, Role.NODE}
DEFAULT_GROUP = "default"
"""What an instance gets whose template names no security group (EC2 user guide, Default security groups)."""


def read_pools(api: Api, found: Found, hosts: tuple[Host, ...], named: Collection[str]) -> tuple[Pool, ...]:
    """Return the scaling groups of the cluster: by tag, by ``named``, and those that made its hosts."""
    groups = _groups(api, found, {host.pool for host in hosts if host.pool} | set(named))
    known = configurations(api, groups)
    made = api.gather(*[lambda one=one: templates_of(api, one, known) for one in groups])
    triples = [
        (group, template, _told(api, group, found, hosts))
        for group, those in zip(groups, made, strict=True)
        for template in those
    ]
    exposed = [template for _, template, (roles, _) in triples if template.profile and _WITH_PODS & set(roles)]
    account = read_defaults(api, [template.item for template in exposed])
    open_ = [one for one in exposed if account is not None and service_of(one.item, account, None) is None]
    facts = given(api, [template for _, template, (roles, _) in triples if Role.ETCD in roles], open_)
    ids = _ids(api, {name for _, template, _ in triples for name in _names(template)}, found.networks)
    pools = [
        replace(
            _pool(group, template, told, facts, ids),
            metadata=service_of(template.item, account, facts.images.get(template.image)),
        )
        for group, template, told in triples
    ]
    return tuple(sorted(pools, key=lambda pool: (pool.id, pool.template)))


def _groups(api: Api, found: Found, names: set[str]) -> list[Item]:
    call, cluster = DESCRIBE_AUTO_SCALING_GROUPS, found.name
    keys = [f"{prefix}{cluster}" for prefix in installer_tags.NAMED_BY_KEY]
    if any(installer_tags.LEGACY in tags_of(one) for one in found.instances):
        keys.append(installer_tags.LEGACY)  # else the groups of all clusters that have it would be listed for nothing
    listed = api.read(call, hides=HIDES, about=cluster, Filters=[{"Name": "tag-key", "Values": keys}])
    groups = {
        str(one["AutoScalingGroupName"]): one for one in listed if cluster in installer_tags.clusters_of(tags_of(one))
    }
    more = sorted(names - groups.keys())
    for start in range(0, len(more), MOST_NAMES):
        page = more[start : start + MOST_NAMES]
        listed = api.read(call, hides=HIDES, about=cluster, AutoScalingGroupNames=page)
        groups.update((str(one["AutoScalingGroupName"]), one) for one in listed)
    return [groups[name] for name in sorted(groups)]


def _told(api: Api, group: Item, found: Found, hosts: tuple[Host, ...]) -> Told:
    """Return the roles of a group's hosts, by those it has, else by its tags and name."""
    name = str(group["AutoScalingGroupName"])
    made = [host for host in hosts if host.pool == name and host.roles]
    if made:
        return made[0].roles, f"its host {made[0].id}: {made[0].evidence[0]}"
    tags = tags_of(group)
    told = _told_by_flags(tags, found) or installer_tags.told_by_tags(tags, found.name)
    if told is None and found.eks is not None:
        told = (Role.NODE,), "a scaling group of an EKS cluster, which runs no control plane of its own"
    roles, why = told or told_by_names([("name", name)], found.name) or ((), "")
    if not roles:
        message = f"what the next hosts of {name} will be can't be told{f' ({why})' if why else ''}; {TELL}"
        api.add_gap(Gap(DESCRIBE_AUTO_SCALING_GROUPS.name, name, Reason.MISSING, message, HIDES))
    if roles == (Role.CONTROL_PLANE,) and why != installer_tags.API_ONLY_TAG and stacks(hosts):
        return (*roles, Role.ETCD), why
    return roles, why


def _told_by_flags(tags: Mapping[str, str], found: Found) -> Told | None:
    pairs = {f"{key}={value}" for key, value in tags.items()}
    named = [(role, pair) for role, those in found.role_tags.items() for pair in those if pair in pairs]
    evidence = ", ".join(f"--{role.value}-tag {pair}" for role, pair in named)
    return (tuple(role for role, _ in named), evidence) if named else None


def _names(template: Template) -> tuple[str, ...]:
    return template.groups or (DEFAULT_GROUP,)


def _ids(api: Api, names: Iterable[str], networks: Collection[str]) -> dict[str, str]:
    """Return the ids of security groups that templates name otherwise; a name that leads to no single one is a Gap."""
    wanted = sorted(name for name in names if not name.startswith("sg-"))
    if not wanted:
        return {}
    filters = [{"Name": "group-name", "Values": wanted}, {"Name": "vpc-id", "Values": sorted(networks)}]
    listed = api.read_or_none(DESCRIBE_SECURITY_GROUPS, hides=HIDES, about=",".join(wanted), Filters=filters)
    by_name: dict[str, list[str]] = {name: [] for name in wanted}
    for one in listed or ():
        by_name.get(str(one["GroupName"]), []).append(str(one["GroupId"]))
    for name, those in by_name.items():
        if listed is not None and len(those) != 1:
            message = f"a template means the group {name!r} by name, and {len(those)} are called so"
            hides = (FactKind.POOLS, FactKind.FILTERS)
            api.add_gap(Gap(DESCRIBE_SECURITY_GROUPS.name, name, Reason.MISSING, message, hides))
    return {name: those[0] for name, those in by_name.items() if len(those) == 1}


def _pool(group: Item, template: Template, told: Told, facts: Given, ids: Mapping[str, str]) -> Pool:
    roles, evidence = told
    name, zones = str(group["AutoScalingGroupName"]), str(group.get("VPCZoneIdentifier") or "")
    groups = tuple(sorted(ids.get(one, one) for one in _names(template)))
    return Pool(
        id=name,
        name=name,
        roles=roles,
        evidence=(evidence,) if evidence else (),
        subnets=tuple(filter(None, zones.replace(" ", "").split(","))),
        filters=groups,
        groups=groups,
        source=Source(template.call, template.id),
        template=template.name,
        public=template.public,
        desired=int(group.get("DesiredCapacity") or 0),
        disks=tuple(disks(template, facts)) if Role.ETCD in roles else (),
        identity=template.profile,
    )
