"""Interfaces of services that let outsiders in, and signs of ways in that cloudguard does not follow.

Each way in that is not followed is a Gap, so that no row passes without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from cloudguard.model.filters import AddressList, Direction, Filter
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
_LINK_LOCAL: Final = AddressSet.of(("169.254.0.0/16", "fd00:ec2::/32"))
"""Link-local addresses, and the IPv6 range of AWS's own services in a VPC. VPC Lattice sends from both."""


def record_unfollowed(
    api: Api, interfaces: Sequence[Item], lists: Iterable[AddressList], own_ids: Collection[str]
) -> None:
    """Record a Gap for each way in by Global Accelerator, CloudFront VPC origins or VPC Lattice.

    ``interfaces``: those of the cluster's VPCs. ``lists``: prefix lists that rules name. ``own_ids``: ids of
    the cluster's instances and ARNs of its balancers.
    """
    _record_accelerators(api, [item for item in interfaces if item.get("InterfaceType") == _ACCELERATOR], own_ids)
    services = {_LATTICE: "VPC Lattice"}
    if any(map(_is_origin, interfaces)):
        services |= {_CLOUDFRONT: "a VPC origin of CloudFront"}
    for address_list in lists:
        service = next(
            (services[suffix] for suffix in services if address_list.name.removesuffix("-ipv6").endswith(suffix)), ""
        )
        if service:
            message = f"a rule admits {address_list.name}; clients of {service} are not read"
            api.add_gap(
                Gap(calls.DESCRIBE_MANAGED_PREFIX_LISTS.name, address_list.id, Reason.UNSUPPORTED, message, HIDES)
            )


def _record_accelerators(api: Api, interfaces: Sequence[Item], own_ids: Collection[str]) -> None:
    """Record a Gap for each of the ``own_ids`` resources that an accelerator sends to.

    If no accelerator of the account sends anywhere, the interfaces belong to an accelerator of another account:
    https://docs.aws.amazon.com/global-accelerator/latest/dg/cross-account-resources.html
    """
    if not interfaces:
        return
    endpoints = set(_accelerated(api))
    for name in sorted(endpoints.intersection(own_ids)):
        message = "Global Accelerator sends internet traffic there past every gateway; cloudguard does not follow it"
        api.add_gap(Gap(calls.LIST_ENDPOINT_GROUPS.name, name, Reason.UNSUPPORTED, message, HIDES))
    if not endpoints:
        message = f"no accelerator was listed, but {interfaces[0].get('NetworkInterfaceId')} is an interface of one"
        api.add_gap(Gap(calls.LIST_ACCELERATORS.name, "*", Reason.MISSING, message, HIDES))


def record_unfollowed_lattice_ranges(api: Api, filters: Iterable[Filter]) -> None:
    """Record a Gap for each of the ``filters`` with a rule for addresses from which only VPC Lattice sends."""
    for guard in filters:
        ingress = (rule.peer.addresses for rule in guard.rules if rule.direction is Direction.INGRESS)
        if any(addresses and addresses <= _LINK_LOCAL for addresses in ingress):
            message = "a rule admits addresses of VPC Lattice; its clients are not read"
            api.add_gap(Gap(guard.source.call, guard.id, Reason.UNSUPPORTED, message, HIDES))


def record_unfollowed_to_endpoint(api: Api, endpoint: Iterable[Item], read: Registrations) -> None:
    """Record a Gap for each balancer that sends to an interface of the managed control plane.

    Senders that use such a balancer are not followed.
    """
    call = calls.DESCRIBE_NETWORK_INTERFACES
    interfaces = api.mapped(call, endpoint, lambda item: interface(item, Source(call.name)), hides=HIDES)
    at = {
        address: interface.id
        for interface in interfaces
        for addresses in interface.addresses
        for address in addresses.texts()
    }
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
    """Whether the type of an interface shows that a service lets outsiders in through it."""
    return item.get("InterfaceType") in {_API_GATEWAY, _INSTANCE_CONNECT}


def tunnels(api: Api, interfaces: Iterable[Item]) -> tuple[Tunnel, ...]:
    """Return the services that let outsiders in through ``interfaces`` of the cluster's VPCs.

    They are API Gateway, EC2 Instance Connect and CloudFront.
    """
    call, connections = (
        calls.DESCRIBE_NETWORK_INTERFACES,
        (item for item in interfaces if is_tunnel(item) or _is_origin(item)),
    )
    return api.mapped(call, [*connections], _tunnel, hides=(FactKind.MEMBERS,))


def _is_origin(item: Item) -> bool:
    """Whether an interface has the tag of CloudFront's VPC origins. Anyone may write the tag, so it removes nothing."""
    return _OF_CLOUDFRONT in tags_of(item, "TagSet")


def _tunnel(item: Item) -> Tunnel:
    nic = interface(item, Source(calls.DESCRIBE_NETWORK_INTERFACES.name, required(item, "NetworkInterfaceId")))
    ranges = AddressSet.union(nic.addresses)
    if item.get("InterfaceType") == _INSTANCE_CONNECT:
        gatekeeper = "EC2 Instance Connect, which requires ec2-instance-connect:OpenTunnel,"
        return Tunnel(f"EC2 Instance Connect ({nic.id})", ranges, gatekeeper, nic.source, nic.groups, _LOGINS)
    why = "its destinations and its clients are not read"
    name = f"{'a VPC origin of CloudFront' if _is_origin(item) else 'a VPC link of API Gateway'} ({nic.id})"
    return Tunnel(name, ranges, "", nic.source, nic.groups, uncertain=why, to_balancers=True)


def _accelerated(api: Api) -> Iterator[str]:
    """Yield the ids of instances and the ARNs of balancers that the account's accelerators send to."""
    arns = _values_of_key(api, calls.LIST_ACCELERATORS, "AcceleratorArn")
    listeners = api.gather(
        *(partial(_values_of_key, api, calls.LIST_LISTENERS, "ListenerArn", AcceleratorArn=arn) for arn in arns)
    )
    groups = api.gather(
        *(
            partial(_values_of_key, api, calls.LIST_ENDPOINT_GROUPS, "EndpointId", ListenerArn=arn)
            for listener in listeners
            for arn in listener
        )
    )
    yield from (name for group in groups for name in group)


def _values_of_key(api: Api, call: calls.Call, key: str, **parameters: str) -> tuple[str, ...]:
    items = api.read(call, hides=HIDES, about=next(iter(parameters.values()), "*"), **parameters)
    return api.mapped(call, items, lambda item: required(item, key), hides=HIDES)
