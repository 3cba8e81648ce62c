"""Elastic network interfaces, of instances and of other resources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import cast

from cloudguard.model.cluster import Host
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import NOTHING, Item, child, children, number, required, text
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_NETWORK_INTERFACES

DETACHED = "available"
"""The status of an interface without an attachment (EC2 API reference, NetworkInterface)."""
_STOPPED = {"stopped", "stopping"}
_ADDRESSES = (("Ipv4Prefixes", "Ipv4Prefix"), ("Ipv6Addresses", "Ipv6Address"), ("Ipv6Prefixes", "Ipv6Prefix"))


def interface(
    item: Item, source: Source, instance: Item = NOTHING, *, owner: str = "", uncertain: str = ""
) -> Interface:
    """Return an interface. If its groups or public address are missing, those of its ``instance`` are used.

    A stopped instance has no public address. It may get one when it starts, by a setting from its launch:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html

    A balancer sends to the primary interface of an instance:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html ("Target type").
    """
    listed = children(item, "Groups") or children(instance, "SecurityGroups")
    groups = tuple(sorted(required(group, "GroupId") for group in listed))
    private = children(item, "PrivateIpAddresses")
    links = [child(end, "Association") for end in (item, *private)]
    public = {text(link, key) for link in links for key in ("PublicIp", "CarrierIp")} - {""}
    is_primary = text(item, "PrivateIpAddress") == text(instance, "PrivateIpAddress")
    if not public and is_primary and text(instance, "PublicIpAddress"):
        public = {text(instance, "PublicIpAddress")}
    attachment = child(item, "Attachment")
    secondary = number(attachment, "DeviceIndex", 0) > 0 or number(attachment, "NetworkCardIndex", 0) > 0
    stopped = text(child(instance, "State"), "Name") in _STOPPED
    return Interface(
        id=required(item, "NetworkInterfaceId"),
        subnet=text(item, "SubnetId") or text(instance, "SubnetId"),
        addresses=tuple(map(AddressSet.parse, _addresses(item))),
        source=source,
        public=tuple(map(AddressSet.parse, sorted(public))),
        filters=groups,
        groups=groups,
        owner=owner,
        public_ip_on_start=None if stopped and not public and not secondary else False,
        secondary=secondary,
        uncertain=uncertain,
    )


def addresses_of(item: Item) -> tuple[tuple[AddressSet, str], ...]:
    """Return pairs of an interface's address or range and its instance id. Empty if it has no instance."""
    instance = _instance_of(item)
    return tuple((AddressSet.parse(address), instance) for address in _addresses(item)) if instance else ()


def _addresses(item: Item) -> Iterator[str]:
    listed = [text(address, "PrivateIpAddress") for address in children(item, "PrivateIpAddresses")]
    yield from dict.fromkeys(filter(None, listed or [text(item, "PrivateIpAddress")]))
    for many, key in _ADDRESSES:
        yield from (required(each, key) for each in children(item, many))


def with_both_answers(api: Api, hosts: Iterable[Host], listed: Collection[Item]) -> tuple[Host, ...]:
    """Return hosts whose interfaces unite two answers: DescribeInstances and the interfaces ``listed``.

    The answers of the two calls may differ for a while after a change (EC2 API reference, "Eventual consistency"). The
    facts of both answers count.
    """
    hosts, hides = tuple(hosts), (FactKind.HOSTS,)
    names = {host.id for host in hosts} | {interface.id for host in hosts for interface in host.interfaces}
    of_hosts = [
        item for item in listed if not names.isdisjoint((_text(item, "NetworkInterfaceId"), _instance_of(item)))
    ]
    call, source = DESCRIBE_NETWORK_INTERFACES, api.source(DESCRIBE_NETWORK_INTERFACES)
    read = api.mapped(call, of_hosts, lambda item: (_instance_of(item), interface(item, source)), hides=hides)
    by_id = {interface.id: (instance, interface) for instance, interface in read}
    return tuple(_with_both(host, by_id) for host in hosts)


def _text(item: Item, key: str) -> str:
    value: object = item.get(key)
    return value if isinstance(value, str) else ""


def _instance_of(item: Item) -> str:
    attachment: object = item.get("Attachment")
    return _text(cast("Item", attachment), "InstanceId") if isinstance(attachment, Mapping) else ""


def _with_both(host: Host, by_id: Mapping[str, tuple[str, Interface]]) -> Host:
    known = {interface.id for interface in host.interfaces}
    more = [
        interface for name, (instance, interface) in sorted(by_id.items()) if instance == host.id and name not in known
    ]
    both = [
        _united(interface, by_id[interface.id][1]) if interface.id in by_id else interface
        for interface in host.interfaces
    ]
    return host if not more and both == [*host.interfaces] else replace(host, interfaces=(*both, *more))


def _united(nic: Interface, other: Interface) -> Interface:
    groups = tuple(sorted({*nic.groups, *other.groups}))
    public = tuple(dict.fromkeys((*nic.public, *other.public)))
    return replace(
        nic,
        addresses=tuple(dict.fromkeys((*nic.addresses, *other.addresses))),
        public=public,
        filters=groups,
        groups=groups,
        public_ip_on_start=False if public else nic.public_ip_on_start,
    )
