"""EC2 Fleets and Spot Fleets that launch further hosts of the cluster, with the settings of these hosts.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-request-type.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from cloudguard.provider.answers import Item, child, children, number, required, text
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_FLEETS, DESCRIBE_SPOT_FLEET_REQUESTS, Call
from cloudguard_aws.cluster.find import FoundCluster
from cloudguard_aws.cluster.pools.launch_templates import HIDES, listed, template, template_named
from cloudguard_aws.cluster.pools.scaling_groups import ScalingGroup
from cloudguard_aws.cluster.tags import FLEET, SPOT_FLEET, clusters_of, fleet_of, tags_of

TAGS: Final = ((DESCRIBE_FLEETS, FLEET), (DESCRIBE_SPOT_FLEET_REQUESTS, SPOT_FLEET))
"""For each call, the tag of instances with the id of a fleet that the call describes."""
_OVER: Final = ("deleted", "cancelled", "failed")
"""Beginnings of the states in which a fleet launches no more instances (EC2 API reference, FleetData and
SpotFleetRequestConfig)."""


def read_fleets(api: Api, found: FoundCluster) -> list[ScalingGroup]:
    """Return the fleets that may launch further hosts of the cluster, one for each template of a fleet.

    A fleet belongs to the cluster if it launched one of its hosts, or has its tag. No call is made if no host has a tag
    of a fleet.
    """
    groups = list[ScalingGroup]()
    for call, tag in TAGS:
        of_cluster = {
            instance.tags[tag] for instance in found.instances if fleet_of(instance.tags) == instance.tags.get(tag)
        }
        answer = api.read(call, hides=HIDES, about=found.name) if of_cluster else ()
        for fleets in api.mapped(call, answer, partial(_fleets, call), hides=HIDES):
            groups += [fleet for fleet in fleets if fleet.name in of_cluster or found.name in clusters_of(fleet.tags)]
    return groups


def _fleets(call: Call, item: Item) -> list[ScalingGroup]:
    return [*_templates(call, item)] if _starts_hosts(item) else []


def _starts_hosts(item: Item) -> bool:
    """Whether a fleet may launch another instance. One of type "request" does so until its capacity is fulfilled."""
    over = text(item, "State").startswith(_OVER) or _is_past(item.get("ValidUntil"))
    match text(item, "Type"):
        case "instant":
            return False
        case "request":
            return not over and text(item, "ActivityStatus") != "fulfilled"
        case _:
            return not over


def _is_past(time: object) -> bool:
    """Whether a time is past: text as AWS answers it, or the datetime that boto3 makes of it."""
    if isinstance(time, str):
        with suppress(ValueError):
            time = datetime.fromisoformat(time)
    return isinstance(time, datetime) and time.tzinfo is not None and time <= datetime.now(UTC)


def _templates(call: Call, item: Item) -> Iterator[ScalingGroup]:
    """Yield a fleet once for each template or specification that its next host may use."""
    fleet = ScalingGroup(
        name=required(item, "Id"),
        tags=tags_of(item),
        subnets=(),
        desired=number(item, "TargetCapacity", 0),
        configuration="",
        templates=(),
        instances=(),
        registers=tuple(_registers(child(item, "LoadBalancersConfig"))),
        warm=False,
        call=call,
    )
    for config in children(item, "LaunchTemplateConfigs"):
        overrides = children(config, "Overrides")
        subnets = (name for override in overrides for name in listed(text(override, "SubnetId")))
        types = (text(override, "InstanceType") for override in overrides)
        named = template_named(child(config, "LaunchTemplateSpecification"))
        yield replace(
            fleet, templates=(named,), subnets=tuple(dict.fromkeys(subnets)), types=tuple(dict.fromkeys(types))
        )
    for index, config in enumerate(children(item, "LaunchSpecifications"), 1):
        yield replace(fleet, specifications=(template(config, call, f"{fleet.name} (specification {index})"),))


def _registers(item: Item) -> Iterator[str]:
    """Yield the target groups and balancers where a Spot Fleet registers its hosts.

    EC2 API reference, LoadBalancersConfig.
    """
    yield from (required(group, "Arn") for group in children(child(item, "TargetGroupsConfig"), "TargetGroups"))
    yield from (
        required(balancer, "Name")
        for balancer in children(child(item, "ClassicLoadBalancersConfig"), "ClassicLoadBalancers")
    )
