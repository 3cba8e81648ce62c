"""Auto Scaling groups of the cluster, with the settings that they have for their next hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cloudguard.provider.answers import Item, child, children, number, required, text, texts
from cloudguard.values import dataclass
from cloudguard_aws.access.api import Api, pages_of
from cloudguard_aws.access.calls import DESCRIBE_AUTO_SCALING_GROUPS, Call
from cloudguard_aws.cluster.find import FoundCluster
from cloudguard_aws.cluster.pools.launch_templates import (
    HIDES,
    MOST_NAMES,
    Template,
    listed,
    templates_named,
    types_named,
)
from cloudguard_aws.cluster.tags import INSTALLER_TAGS, LEGACY, clusters_of, fleet_of, tags_of

_AUTOSCALER = "k8s.io/cluster-autoscaler/"
"""Prefix of the tag that lets the autoscaler discover a group; the cluster's name follows (kubernetes/autoscaler
cluster-autoscaler/cloudprovider/aws/README.md). The autoscaler's tag with "enabled" names no cluster."""


@dataclass(frozen=True, eq=False, slots=True)
class ScalingGroup:
    """A scaling group or fleet: its subnets, the ids of its instances, and the templates of its next host.

    ``registers``: target groups (ARNs) and classic balancers (names) with which its next host is registered. ``warm``:
    it has a warm pool, whose instances it does not list. ``types``: instance types that override those of its
    templates. ``specifications``: settings that the fleet itself has in place of a template. ``call``: the call that
    described it.
    """

    name: str
    tags: Mapping[str, str]
    subnets: tuple[str, ...]
    desired: int
    configuration: str
    templates: tuple[tuple[str, str, str], ...]
    instances: tuple[str, ...]
    registers: tuple[str, ...]
    warm: bool
    types: tuple[str, ...] = ()
    specifications: tuple[Template, ...] = ()
    call: Call = DESCRIBE_AUTO_SCALING_GROUPS


def read_scaling_groups(api: Api, found: FoundCluster, named: Collection[str]) -> list[ScalingGroup]:
    """Return the cluster's scaling groups: those with its tag, those in ``named``, and those of its instances.

    Auto Scaling removes its tag from an instance that leaves its group. moto's node groups name groups that
    don't exist.
    """
    call, cluster = DESCRIBE_AUTO_SCALING_GROUPS, found.name
    of_cluster = {instance.host.pool for instance in found.instances if instance.host.pool != fleet_of(instance.tags)}
    names = {*named, *of_cluster} - {""}
    keys = [f"{prefix}{cluster}" for prefix in (*INSTALLER_TAGS.prefixes, _AUTOSCALER)]
    if any(LEGACY in instance.tags for instance in found.instances):
        keys.append(LEGACY)  # every cluster with this tag has the same key, so ask only if it is used
    answer = api.read(call, hides=HIDES, about=cluster, Filters=[{"Name": "tag-key", "Values": keys}])
    tagged = api.mapped(call, answer, _scaling_group, hides=HIDES)
    groups = {group.name: group for group in tagged if _is_of(group.tags, cluster)}
    for page in pages_of(names - groups.keys(), MOST_NAMES):
        listed = api.read_or_none(call, hides=HIDES, about=cluster, AutoScalingGroupNames=page)
        groups.update((group.name, group) for group in api.mapped(call, listed or (), _scaling_group, hides=HIDES))
        for name in of_cluster.intersection(page) - groups.keys() if listed is not None else ():
            api.missed(call, name, "the tag of an instance names it, but it was not returned", HIDES)
    return [groups[name] for name in sorted(groups)]


def _is_of(tags: Mapping[str, str], cluster: str) -> bool:
    return cluster in clusters_of(tags) or (cluster != "enabled" and f"{_AUTOSCALER}{cluster}" in tags)


def _scaling_group(item: Item) -> ScalingGroup:
    return ScalingGroup(
        name=required(item, "AutoScalingGroupName"),
        tags=tags_of(item),
        subnets=listed(text(item, "VPCZoneIdentifier")),
        desired=number(item, "DesiredCapacity", 0),
        configuration=text(item, "LaunchConfigurationName"),
        templates=tuple(templates_named(item)),
        instances=tuple(required(instance, "InstanceId") for instance in children(item, "Instances")),
        registers=tuple(dict.fromkeys(_registers(item))),
        types=tuple(dict.fromkeys(types_named(item))),
        warm=bool(child(item, "WarmPoolConfiguration")) or number(item, "WarmPoolSize", 0) > 0,
    )


def _registers(item: Item) -> Iterator[str]:
    """Yield the target groups and balancers where a scaling group registers its hosts.

    Auto Scaling API reference, AutoScalingGroup.
    """
    yield from (*texts(item, "TargetGroupARNs"), *texts(item, "LoadBalancerNames"))
    yield from (required(source, "Identifier") for source in children(item, "TrafficSources"))
