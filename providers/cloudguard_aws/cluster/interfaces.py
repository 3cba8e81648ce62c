"""Elastic network interfaces, of instances and of whatever else has one."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.model.network import Interface
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import NOTHING, Item, number, part, parts, required, text

DETACHED = "available"
"""The status of an interface that is attached to nothing (EC2 API reference, NetworkInterface)."""
_STOPPED = {"stopped", "stopping"}
_ADDRESSES = (("Ipv4Prefixes", "Ipv4Prefix"), ("Ipv6Addresses", "Ipv6Address"), ("Ipv6Prefixes", "Ipv6Prefix"))


def interface(
    item: Item, source: Source, instance: Item = NOTHING, *, owner: str = "", uncertain: str = ""
) -> Interface:
    """Return an interface; of an ``instance``, its groups and public address stand in for what is left out.

    An instance that is stopped has no public address, and may get one when it starts, by a setting that it was launched
    with: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
    A balancer sends to the primary interface: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/
    load-balancer-target-groups.html ("Target type").
    """
    listed = parts(item, "Groups") or parts(instance, "SecurityGroups")
    groups = tuple(sorted(required(group, "GroupId") for group in listed))
    private = parts(item, "PrivateIpAddresses")
    links = [part(one, "Association") for one in (item, *private)]
    public = {text(link, key) for link in links for key in ("PublicIp", "CarrierIp")} - {""}
    is_primary = text(item, "PrivateIpAddress") == text(instance, "PrivateIpAddress")
    if not public and is_primary and text(instance, "PublicIpAddress"):
        public = {text(instance, "PublicIpAddress")}
    attachment = part(item, "Attachment")
    secondary = number(attachment, "DeviceIndex", 0) > 0 or number(attachment, "NetworkCardIndex", 0) > 0
    stopped = text(part(instance, "State"), "Name") in _STOPPED
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


def _addresses(item: Item) -> Iterator[str]:
    listed = [text(one, "PrivateIpAddress") for one in parts(item, "PrivateIpAddresses")]
    yield from dict.fromkeys(filter(None, listed or [text(item, "PrivateIpAddress")]))
    for many, one in _ADDRESSES:
        yield from (required(each, one) for each in parts(item, many))
