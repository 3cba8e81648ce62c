"""Services that let outsiders in past gateways, and signs of ways in that cloudguard does not follow.

Each of them leaves undecided what it can reach, or is a Gap, so that no row passes without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.filters import AddressList, Direction, Filter
from cloudguard.model.network import Tunnel
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
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
_CONNECT_LIST: Final = ("com.amazonaws.", ".ec2-instance-connect")
"""Beginning and end of the name of the prefix lists of EC2 Instance Connect, which connects to public addresses for
users with its permission. Only AWS makes names with this beginning:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-tutorial.html,
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateManagedPrefixList.html"""
_LATTICE: Final = ".vpc-lattice"
"""End of the name of the prefix list of VPC Lattice's addresses, which are link-local:
https://docs.aws.amazon.com/vpc-lattice/latest/ug/security-groups.html"""
_LINK_LOCAL: Final = AddressSet.of(("169.254.0.0/16", "fd00:ec2::/32"))
"""Link-local addresses, and the IPv6 range of AWS's own services in a VPC. VPC Lattice sends from both."""


def accelerators(api: Api, interfaces: Iterable[Item], own_ids: Collection[str]) -> Iterator[Tunnel]:
    """Yield Global Accelerator if an accelerator sends, or may send, to one of the cluster's own resources.

    ``interfaces``: those of the cluster's VPCs. ``own_ids``: ids of the cluster's instances and ARNs of its balancers.
    Its clients come from the internet past every gateway, with their own addresses or with those of its interfaces. If
    no accelerator of the account sends anywhere, the interfaces belong to an accelerator of another account:
    https://docs.aws.amazon.com/global-accelerator/latest/dg/cross-account-resources.html
    """
    call = calls.DESCRIBE_NETWORK_INTERFACES
    placed = [item for item in interfaces if item.get("InterfaceType") == _ACCELERATOR]
    endpoints = set(_accelerated(api)) if placed else set[str]()
    nearest = next(iter(sorted(endpoints.intersection(own_ids))), "")
    if placed and (nearest or not endpoints):
        nics = api.mapped(call, placed, lambda item: interface(item, Source(call.name)), hides=(FactKind.MEMBERS,))
        own = AddressSet.union(addresses for nic in nics for addresses in nic.addresses)
        why = "it is not read which ports its listeners send there"
        source = Source(calls.LIST_ENDPOINT_GROUPS.name, nearest or "*")
        tunnel = Tunnel("Global Accelerator", own, "", source, uncertain=why, to_balancers=True)
        yield from (tunnel, replace(tunnel, ranges=PUBLIC, keeps_clients=True))


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
            api.missed(calls.DESCRIBE_TARGET_HEALTH, name, message, HIDES, Reason.UNSUPPORTED)


def is_tunnel(item: Item) -> bool:
    """Whether the type of an interface shows that a service lets outsiders in through it."""
    return item.get("InterfaceType") in {_API_GATEWAY, _INSTANCE_CONNECT}


def tunnels(
    api: Api,
    interfaces: Iterable[Item],
    lists: Collection[AddressList],
    filters: Iterable[Filter],
    registers: Iterable[str],
) -> tuple[Tunnel, ...]:
    """Return the services that let outsiders in: API Gateway, EC2 Instance Connect, CloudFront and VPC Lattice.

    ``interfaces``: those of the cluster's VPCs. ``lists``: prefix lists that rules name. ``registers``: the target
    groups in which scaling groups register their hosts.
    """
    call = calls.DESCRIBE_NETWORK_INTERFACES
    cloudfront = AddressSet.union(part for each in lists if _is_named(each, _CLOUDFRONT) for part in each.ranges)
    read = api.mapped(call, interfaces, partial(_tunnel, cloudfront), hides=(FactKind.MEMBERS,))
    return (*filter(None, read), *_instance_connect(lists), *_lattice(lists, filters, registers))


def _instance_connect(lists: Iterable[AddressList]) -> Iterator[Tunnel]:
    """Yield EC2 Instance Connect for each of its prefix lists that rules name."""
    begin, end = _CONNECT_LIST
    for each in lists:
        if each.known and each.name.startswith(begin) and each.name.endswith(end):
            gatekeeper = "EC2 Instance Connect, which requires ec2-instance-connect:SendSSHPublicKey,"
            ranges = AddressSet.union(each.ranges)
            yield Tunnel(f"EC2 Instance Connect ({each.name})", ranges, gatekeeper, each.source)


def _lattice(lists: Iterable[AddressList], filters: Iterable[Filter], registers: Iterable[str]) -> Iterator[Tunnel]:
    """Yield VPC Lattice if a rule admits its prefix list or addresses, or if a scaling group registers its hosts there.

    Its clients are not read, so it is unknown whether it leads to the cluster.
    """
    ranges = (rule for guard in filters for rule in guard.rules if rule.direction is Direction.INGRESS)
    sources = [
        *(each.source for each in lists if _is_named(each, _LATTICE)),
        *(rule.source for rule in ranges if rule.peer.addresses and rule.peer.addresses <= _LINK_LOCAL),
        *(Source(calls.DESCRIBE_AUTO_SCALING_GROUPS.name, arn) for arn in registers if ":vpc-lattice:" in arn),
    ]
    for source in sources[:1]:
        why = "its clients are not read"
        yield Tunnel("VPC Lattice", _LINK_LOCAL, "", source, uncertain=why, to_balancers=True)


def _is_named(address_list: AddressList, suffix: str) -> bool:
    return address_list.name.removesuffix("-ipv6").endswith(suffix)


def _is_origin(item: Item) -> bool:
    """Whether an interface has the tag of CloudFront's VPC origins. Anyone may write the tag, so it removes nothing."""
    return _OF_CLOUDFRONT in tags_of(item, "TagSet")


def _tunnel(cloudfront: AddressSet, item: Item) -> Tunnel | None:
    """Return the service that lets outsiders in through an interface, None if there is none.

    ``cloudfront``: CloudFront's addresses, as far as rules name them.
    """
    if not (is_tunnel(item) or _is_origin(item)):
        return None
    nic = interface(item, Source(calls.DESCRIBE_NETWORK_INTERFACES.name, required(item, "NetworkInterfaceId")))
    ranges = AddressSet.union(nic.addresses)
    if item.get("InterfaceType") == _INSTANCE_CONNECT:
        gatekeeper = "EC2 Instance Connect, which requires ec2-instance-connect:OpenTunnel,"
        return Tunnel(f"EC2 Instance Connect ({nic.id})", ranges, gatekeeper, nic.source, nic.groups, _LOGINS)
    of_cloudfront = _is_origin(item)
    name = "a VPC origin of CloudFront" if of_cloudfront else "a VPC link of API Gateway"
    ranges |= cloudfront if of_cloudfront else NO_ADDRESSES
    why = "its destinations and its clients are not read"
    return Tunnel(f"{name} ({nic.id})", ranges, "", nic.source, nic.groups, uncertain=why, to_balancers=True)


def _accelerated(api: Api) -> Iterator[str]:
    """Yield the ids of instances and the ARNs of balancers that the account's accelerators send to."""
    for accelerator in _values_of_key(api, calls.LIST_ACCELERATORS, "AcceleratorArn"):
        for arn in _values_of_key(api, calls.LIST_LISTENERS, "ListenerArn", AcceleratorArn=accelerator):
            yield from _values_of_key(api, calls.LIST_ENDPOINT_GROUPS, "EndpointId", ListenerArn=arn)


def _values_of_key(api: Api, call: calls.Call, key: str, **parameters: str) -> tuple[str, ...]:
    about = next(iter(parameters.values()), "*")
    return api.listed(call, partial(required, key=key), hides=HIDES, about=about, **parameters)
