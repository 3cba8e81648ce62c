"""Interfaces of services that let outsiders in, and signs of ways in that cloudguard does not follow.

Each way in that is not followed is a Gap, so that no row passes without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from cloudguard.model.filters import AddressList
from cloudguard.model.network import Tunnel
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, required
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.interfaces import interface
from cloudguard_aws.cluster.tags import tags_of
from cloudguard_aws.network.registrations import HIDES, Registrations

_ACCELERATOR: Final = "global_accelerator_managed"
"""Type of the interfaces through which an accelerator reaches an endpoint in a VPC with the client's own address:
https://docs.aws.amazon.com/global-accelerator/latest/dg/preserve-client-ip-address.html"""
_API_GATEWAY: Final = "api_gateway_managed"
"""Type of the interfaces of a VPC link, through which an API of API Gateway reaches load balancers and instances:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-vpc-links.html"""
_INSTANCE_CONNECT: Final = "ec2_instance_connect_endpoint"
_LOGINS: Final = ServiceSet.parse("tcp/22,tcp/3389")
"""The only ports that an EC2 Instance Connect endpoint connects to:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/eice-quotas.html"""
_CLOUDFRONT: Final = "cloudfront.origin-facing"
"""End of the name of the prefix list of CloudFront's addresses. CloudFront also sends from interfaces in a VPC (VPC
origins), which it tags:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html,
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCloudFrontVPCOriginServiceRolePolicy.html"""
_OF_CLOUDFRONT: Final = "aws.cloudfront.vpcorigin"
_LATTICE: Final = ".vpc-lattice"
"""End of the name of the prefix list of VPC Lattice's addresses, which are link-local:
https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html"""


def record_unfollowed(api: Api, interfaces: Sequence[Item], lists: Iterable[AddressList], own: Collection[str]) -> None:
    """Record a Gap for each way in by Global Accelerator, CloudFront VPC origins or VPC Lattice.

    ``interfaces``: those of the cluster's VPCs. ``lists``: prefix lists that rules name. ``own``: ids of the cluster's
    instances and ARNs of its balancers.
    """
    if any(one.get("InterfaceType") == _ACCELERATOR for one in interfaces):
        call = calls.LIST_ENDPOINT_GROUPS
        for name in sorted(set(_accelerated(api)).intersection(own)):
            message = (
                "Global Accelerator sends internet traffic there past every gateway; cloudguard does not follow it"
            )
            api.add_gap(Gap(call.name, name, Reason.UNSUPPORTED, message, HIDES))
    services = {_LATTICE: "VPC Lattice"}
    if any(_OF_CLOUDFRONT in tags_of(one, "TagSet") for one in interfaces):
        services |= {_CLOUDFRONT: "a VPC origin of CloudFront"}
    for one in lists:
        service = next((services[end] for end in services if one.name.removesuffix("-ipv6").endswith(end)), "")
        if service:
            message = f"a rule admits {one.name}; clients of {service} are not read"
            api.add_gap(Gap(calls.DESCRIBE_MANAGED_PREFIX_LISTS.name, one.id, Reason.UNSUPPORTED, message, HIDES))


def record_unfollowed_to_endpoint(api: Api, endpoint: Iterable[Item], read: Registrations) -> None:
    """Record a Gap for each balancer that sends to an interface of the managed control plane.

    Senders that use such a balancer are not followed.
    """
    call = calls.DESCRIBE_NETWORK_INTERFACES
    made = api.mapped(call, endpoint, lambda one: interface(one, Source(call.name)), hides=HIDES)
    at = {address: one.id for one in made for part in one.addresses for address in part.texts()}
    for group in read.groups.values():
        reached = sorted({at[target.id] for target in group.targets if target.id in at})
        for name in group.balancers if reached else ():
            target = f"{reached[0]}, an interface of the managed control plane"
            message = f"it sends to {target}; senders through this balancer are not followed"
            api.add_gap(Gap(calls.DESCRIBE_TARGET_HEALTH.name, name, Reason.UNSUPPORTED, message, HIDES))


def record_unfollowed_lattice(api: Api, registers: Mapping[str, Sequence[str]]) -> None:
    """Record a Gap for scaling groups that register their hosts with VPC Lattice.

    ``registers``: dict of target group ARN → names of the scaling groups that register there.
    """
    for arn, groups in registers.items():
        if ":vpc-lattice:" in arn:
            message = f"it registers its hosts with {arn}; clients of VPC Lattice are not read"
            call = calls.DESCRIBE_AUTO_SCALING_GROUPS
            api.add_gap(Gap(call.name, groups[0], Reason.UNSUPPORTED, message, HIDES))


def is_tunnel(item: Item) -> bool:
    """Whether a service (API Gateway, EC2 Instance Connect) lets outsiders in through this interface."""
    return item.get("InterfaceType") in {_API_GATEWAY, _INSTANCE_CONNECT}


def tunnels(api: Api, interfaces: Iterable[Item]) -> tuple[Tunnel, ...]:
    """Return the services that let outsiders in through ``interfaces`` of the cluster's VPCs."""
    call = calls.DESCRIBE_NETWORK_INTERFACES
    return api.mapped(call, [one for one in interfaces if is_tunnel(one)], _tunnel, hides=(FactKind.MEMBERS,))


def _tunnel(item: Item) -> Tunnel:
    made = interface(item, Source(calls.DESCRIBE_NETWORK_INTERFACES.name, required(item, "NetworkInterfaceId")))
    ranges = AddressSet.union(made.addresses)
    if item.get("InterfaceType") == _INSTANCE_CONNECT:
        gatekeeper = "EC2 Instance Connect, which requires ec2-instance-connect:OpenTunnel,"
        return Tunnel(f"EC2 Instance Connect ({made.id})", ranges, gatekeeper, made.source, made.groups, _LOGINS)
    why = "its destinations and its clients are not read"
    name = f"a VPC link of API Gateway ({made.id})"
    return Tunnel(name, ranges, "", made.source, made.groups, uncertain=why, to_balancers=True)


def _accelerated(api: Api) -> Iterator[str]:
    """Yield the ids of instances and the ARNs of balancers that the account's accelerators send to."""
    arns = _named(api, calls.LIST_ACCELERATORS, "AcceleratorArn")
    listeners = api.gather(
        *(partial(_named, api, calls.LIST_LISTENERS, "ListenerArn", AcceleratorArn=arn) for arn in arns)
    )
    groups = api.gather(
        *(
            partial(_named, api, calls.LIST_ENDPOINT_GROUPS, "EndpointId", ListenerArn=arn)
            for each in listeners
            for arn in each
        )
    )
    yield from (name for each in groups for name in each)


def _named(api: Api, call: calls.Call, key: str, **parameters: str) -> tuple[str, ...]:
    items = api.read(call, hides=HIDES, about=next(iter(parameters.values()), "*"), **parameters)
    return api.mapped(call, items, lambda one: required(one, key), hides=HIDES)
