"""Calls that ask for a part of a list, so that the calls of several clusters can be made as one.

Tables here name the fields of an item that a call's filter, or list of names, is compared with (EC2, Auto Scaling and
Elastic Load Balancing API references).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from cloudguard.provider.answers import Item
from cloudguard.provider.sharing.merging import PartialCall
from cloudguard_aws.access.calls import MOST_VALUES, Call

_OF_FILTERS: Final[Mapping[str, str]] = {
    "attachment.instance-id": "Attachments.InstanceId",
    "description": "Description",
    "group-id": "Groups.GroupId",
    "image-id": "ImageId",
    "instance-id": "InstanceId",
    "nat-gateway-id": "NatGatewayId",
    "prefix-list-id": "PrefixListId",
    "snapshot-id": "SnapshotId",
    "subnet-id": "SubnetId",
    "tag-key": "Tags.Key",
    "value": "Value",
    "volume-id": "VolumeId",
    "vpc-id": "VpcId",
    "vpc-peering-connection-id": "VpcPeeringConnectionId",
}
"""Dict of filter name → path of the fields in an item that contain the compared values."""
_ELSEWHERE: Final[Mapping[tuple[str, str], str]] = {
    ("ec2:DescribeNetworkInterfaces", "tag-key"): "TagSet.Key",
    ("ec2:DescribeSecurityGroupRules", "group-id"): "GroupId",
    ("ec2:DescribeSecurityGroups", "group-id"): "GroupId",
}
"""Dict of (call, filter name) → path, for calls whose items have the values in other fields."""
_OF_LISTS: Final[Mapping[tuple[str, str], tuple[str, int]]] = {
    ("autoscaling:DescribeAutoScalingGroups", "AutoScalingGroupNames"): ("AutoScalingGroupName", 50),
    ("autoscaling:DescribeLaunchConfigurations", "LaunchConfigurationNames"): ("LaunchConfigurationName", 50),
    ("elbv2:DescribeTags", "ResourceArns"): ("ResourceArn", 20),
    ("elb:DescribeTags", "LoadBalancerNames"): ("LoadBalancerName", 20),
}
"""Dict of (call, parameter with a list of names) → the field with an item's name, and how many names one call
accepts."""
_ESCAPE: Final = "\\"


def partial_call_of(
    call: Call, parameters: Mapping[str, Any], caller_key: Hashable, same_for_all: Callable[[BaseException], bool]
) -> PartialCall | None:
    """Return the values that a call asks for.

    None if the call has no known filter or list, or if a value contains an escape character.
    """
    place = _place(call, parameters)
    if place is None:
        return None
    name, values, fields, most = place
    if not values or any(_ESCAPE in value for value in values):
        return None
    key = (caller_key, call, name, repr(sorted(with_values(call, parameters, ()).items())))
    return PartialCall(key, tuple(values), partial(_values, fields.split(".")), most, same_for_all)


def with_values(call: Call, parameters: Mapping[str, Any], values: Sequence[str]) -> Mapping[str, Any]:
    """Return ``parameters`` with other values for the filter or list that ``partial_call_of`` finds."""
    place = _place(call, parameters)
    if place is None:
        return parameters
    name = place[0]
    if name in parameters:
        return {**parameters, name: list(values)}
    filters = [
        {**api_filter, "Values": list(values)} if api_filter["Name"] == name else api_filter
        for api_filter in _filters(call, parameters)
    ]
    return {**parameters, call.filters: filters}


def _place(call: Call, parameters: Mapping[str, Any]) -> tuple[str, Sequence[str], str, int] | None:
    """Return the name of a call's filter or list, its values, their path in an item, and the most values per call."""
    for (owner, name), (field, most) in _OF_LISTS.items():
        if owner == call.name and name in parameters:
            return name, parameters[name], field, most
    for api_filter in _filters(call, parameters):
        name = str(api_filter["Name"])
        if fields := _ELSEWHERE.get((call.name, name)) or _OF_FILTERS.get(name):
            return name, api_filter["Values"], fields, MOST_VALUES
    return None


def _filters(call: Call, parameters: Mapping[str, Any]) -> Sequence[Item]:
    return cast("Sequence[Item]", parameters.get(call.filters, ()))


def _values(fields: Sequence[str], item: object) -> Iterator[str]:
    """Yield the texts at the path ``fields`` of an item. Lists on the path are entered."""
    if isinstance(item, list):
        for member in cast("list[object]", item):
            yield from _values(fields, member)
    elif fields and isinstance(item, dict):
        yield from _values(fields[1:], cast("Item", item).get(fields[0]))
    elif not fields and isinstance(item, str):
        yield item
