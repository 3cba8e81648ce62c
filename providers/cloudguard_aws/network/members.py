"""Instances that the cluster's scaling groups and balancers list: they belong to it, tagged or not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.errors import AccessError
from cloudguard.packet_sets.services import ServiceSet
from cloudguard_aws.access.api import MOST_VALUES, Api
from cloudguard_aws.cluster.find import Found
from cloudguard_aws.cluster.hosts import API_PORTS
from cloudguard_aws.cluster.instances import Instance, instances, instances_by_id
from cloudguard_aws.cluster.pools import read_scaling_groups
from cloudguard_aws.cluster.tags import clusters_of
from cloudguard_aws.network.balancers import read_tags
from cloudguard_aws.network.listeners import Members
from cloudguard_aws.network.registrations import Registrations, read_registrations, registered_together

_OF_CONTROLLER: Final = "elbv2.k8s.aws/cluster"
"""kubernetes-sigs/aws-load-balancer-controller pkg/deploy/tracking/provider.go"""
_CLUSTER_PORTS: Final = ServiceSet.parse(",".join(f"tcp/{port}" for port in sorted(API_PORTS))) | ServiceSet.parse(
    "tcp/30000-32767"
)
"""The API's ports and NodePorts: what else is registered beside a host of the cluster there is one too."""


def with_members(api: Api, found: Found, named: Collection[str]) -> Found:
    """Return a cluster with the instances that its scaling groups (by tag, by ``named``) and balancers list.

    What carries another cluster's tag is that one's.
    """
    groups, read = api.two(
        partial(read_scaling_groups, api, found, named), partial(read_registrations, api, found.networks)
    )
    pools = {name: group.name for group in groups for name in group.instances}
    registers = dict[str, list[str]]()
    for group in groups:
        for name in group.registers:
            registers.setdefault(name, []).append(group.name)
    found = replace(found, registers=registers)
    known = {one.id for one in found.instances}
    targets = {*_registered(api, found, read)}
    try:
        listed = [
            *instances_by_id(api, sorted(_ids({*pools, *targets}) - known)),
            *_by_address(api, sorted(targets - _ids(targets)), found.networks),
        ]
    except AccessError:
        return found  # a Gap says so
    more = {one.id: _in_pool(one, pools) for one in listed if {*clusters_of(one.tags)} <= {found.name}}
    whole = {one.id: _in_pool(one, pools) for one in found.instances} | more
    return replace(found, instances=tuple(whole[name] for name in sorted(whole)))


def _in_pool(instance: Instance, pools: Mapping[str, str]) -> Instance:
    host = instance.host
    return replace(instance, host=replace(host, pool=host.pool or pools.get(host.id, "")))


def _ids(targets: Iterable[str]) -> set[str]:
    return {name for name in targets if name.startswith("i-")}


def _by_address(api: Api, addresses: list[str], networks: Collection[str]) -> Iterator[Instance]:
    within = {"Name": "vpc-id", "Values": sorted(networks)}
    for start in range(0, len(addresses), MOST_VALUES):
        page = addresses[start : start + MOST_VALUES]
        yield from instances(api, [{"Name": "private-ip-address", "Values": page}, within])


def _registered(api: Api, found: Found, read: Registrations) -> Iterator[str]:
    """Yield what is registered, beside the known hosts, with balancers that are the cluster's."""
    members = Members.of([one.host for one in found.instances])
    unclear = dict[tuple[str, ...], list[str]]()
    for arns, targets in registered_together(read, found.networks):
        others = [name for name, _ in targets if members.find(name) is None]
        beside = [port for name, port in targets if members.find(name) is not None]
        if any(ServiceSet.parse(f"tcp/{port}") <= _CLUSTER_PORTS for port in beside):
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
