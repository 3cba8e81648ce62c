"""Cluster instances that its scaling groups, fleets and balancers list.

They belong to the cluster with or without its tag.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

from cloudguard.errors import AccessError
from cloudguard.model.cluster import Role
from cloudguard.model.source import FactKind
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, text
from cloudguard.provider.host_roles import CLUSTER_PORTS
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_NETWORK_INTERFACES
from cloudguard_aws.cluster.find import FoundCluster
from cloudguard_aws.cluster.instances import Instance, instances_by_id, instances_matching, record_unseen
from cloudguard_aws.cluster.interfaces import addresses_of
from cloudguard_aws.cluster.pools.fleets import TAGS, read_fleets
from cloudguard_aws.cluster.pools.scaling_groups import read_scaling_groups
from cloudguard_aws.cluster.tags import SCALING_GROUP, clusters_of, fleet_of, is_control_plane, tags_of
from cloudguard_aws.network.balancer_tags import read_tags
from cloudguard_aws.network.group_members import OF_CLUSTER
from cloudguard_aws.network.listeners import Members
from cloudguard_aws.network.registrations import Registrations, read_registrations, registered_together

_MEMBERS: Final = (FactKind.MEMBERS,)
_OF_CONTROLLER: Final = "elbv2.k8s.aws/cluster"
"""Tag with the cluster's name on balancers of the AWS Load Balancer Controller:
kubernetes-sigs/aws-load-balancer-controller pkg/deploy/tracking/provider.go"""


def with_members(api: Api, found: FoundCluster, named: Collection[str]) -> FoundCluster:
    """Return a cluster with the instances that its scaling groups, its fleets and its balancers list.

    Scaling groups belong to the cluster by tag, or because ``named`` lists them. An instance of a scaling group always
    belongs to the cluster. An instance behind a balancer does not if it has the tag of another cluster.
    """
    groups, fleets, read = api.parallel(
        partial(read_scaling_groups, api, found, named),
        partial(read_fleets, api, found),
        partial(read_registrations, api, found.networks),
    )
    pools = {name: group.name for group in groups for name in group.instances}
    registers = dict[str, list[str]]()
    for group in (*groups, *fleets):
        for name in group.registers:
            registers.setdefault(name, []).append(group.name)
    found = replace(found, registers=registers)
    known = {instance.id for instance in found.instances}
    targets = {*_registered(api, found, read)}
    started = {call: {fleet.name for fleet in fleets if fleet.call is call} for call, _ in TAGS}
    try:
        interfaces = api.matching(DESCRIBE_NETWORK_INTERFACES, "vpc-id", found.networks, hides=_MEMBERS)
        of_plugin = _of_plugin(api, interfaces, found.name)
        named = {*pools, *_ids(targets), *_instances_at(api, targets - _ids(targets), interfaces), *of_plugin}
        listed = [
            *instances_by_id(api, sorted(named - known)),
            *instances_matching(api, f"tag:{SCALING_GROUP}", {group.name for group in groups if group.warm}),
            *(each for call, tag in TAGS for each in instances_matching(api, f"tag:{tag}", started[call])),
        ]
    except AccessError:
        return found  # a Gap was recorded
    record_unseen(api, pools.keys() - known - {instance.id for instance in listed}, "a scaling group lists it")
    names = {fleet.name for fleet in fleets}
    pools |= {
        instance.id: name for instance in (*found.instances, *listed) if (name := fleet_of(instance.tags)) in names
    }
    own = (each for each in listed if each.id in pools or {*clusters_of(each.tags)} <= {found.name})
    members = {instance.id: _in_pool(instance, pools) for instance in (*found.instances, *own)}
    return replace(found, instances=tuple(members[name] for name in sorted(members)))


def _in_pool(instance: Instance, pools: Mapping[str, str]) -> Instance:
    host = instance.host
    return replace(instance, host=replace(host, pool=host.pool or pools.get(host.id, "")))


def _ids(targets: Iterable[str]) -> set[str]:
    return {name for name in targets if name.startswith("i-")}


def _of_plugin(api: Api, interfaces: Iterable[Item], cluster: str) -> set[str]:
    """Return ids of the instances to which the VPC CNI of the cluster has added an interface."""

    def instance(item: Item) -> str:
        ours = tags_of(item, "TagSet").get(OF_CLUSTER) == cluster
        return text(child(item, "Attachment"), "InstanceId") if ours else ""

    return {*api.mapped(DESCRIBE_NETWORK_INTERFACES, interfaces, instance, hides=_MEMBERS)} - {""}


def _instances_at(api: Api, addresses: Collection[str], interfaces: Iterable[Item]) -> set[str]:
    """Return ids of the instances that have one of ``addresses``, on any interface or in a delegated range of one."""
    if not addresses:
        return set()
    listed = api.mapped(DESCRIBE_NETWORK_INTERFACES, interfaces, addresses_of, hides=_MEMBERS)
    members = Members.of_addresses(dict(chain.from_iterable(listed)))
    return {known[0] for address in addresses if (known := members.find(address)) is not None}


def _registered(api: Api, found: FoundCluster, read: Registrations) -> Iterator[str]:
    """Yield unknown targets (instance ids and addresses) that are registered with balancers of the cluster.

    A balancer is the cluster's if it sends to known hosts on a cluster port, if the only known hosts behind it are
    control-plane hosts (on any port), or if it sends to other targets and has the cluster's tags.
    """
    members = Members.of([instance.host for instance in found.instances])
    servers = {instance.id for instance in found.instances if is_control_plane(instance.tags)}
    servers |= {name for name, known in found.by_flag.items() if Role.CONTROL_PLANE in known.roles}
    unclear = dict[tuple[str, ...], list[str]]()
    for arns, targets in registered_together(read, found.networks):
        others = [name for name, _ in targets if members.find(name) is None]
        beside = [(known[0], port) for name, port in targets if (known := members.find(name)) is not None]
        on_cluster_ports = any(ServiceSet.parse(f"tcp/{port}") <= CLUSTER_PORTS for _, port in beside)
        if on_cluster_ports or (beside and servers.issuperset(name for name, _ in beside)):
            yield from others
        elif others:
            unclear.setdefault(arns, []).extend(others)
    names = sorted({name for arns in unclear for name in arns})
    modern = [name for name in names if name.startswith("arn:")]
    tags = read_tags(api, modern, [name for name in names if not name.startswith("arn:")]) if names else {}
    for arns, others in unclear.items():
        if any(_is_of(tags.get(name, {}), found.name) for name in arns):
            yield from others


def _is_of(tags: Mapping[str, str], cluster: str) -> bool:
    return cluster in {*clusters_of(tags), tags.get(_OF_CONTROLLER, "")}
