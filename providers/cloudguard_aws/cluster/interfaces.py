"""Elastic network interfaces, of instances and of whatever else has one."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.model.network import Interface
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import NOTHING, Item, part, parts, required, text

_ADDRESSES = (("Ipv4Prefixes", "Ipv4Prefix"), ("Ipv6Addresses", "Ipv6Address"), ("Ipv6Prefixes", "Ipv6Prefix"))


def interface(item: Item, source: Source, instance: Item = NOTHING, *, owner: str = "") -> Interface:
    """Return an interface; of an ``instance``, its groups and public address stand in for what is left out."""
    listed = parts(item, "Groups") or parts(instance, "SecurityGroups")
    groups = tuple(sorted(required(group, "GroupId") for group in listed))
    private = parts(item, "PrivateIpAddresses")
    public = {text(part(one, "Association"), "PublicIp") for one in (item, *private)} - {""}
    is_primary = text(item, "PrivateIpAddress") == text(instance, "PrivateIpAddress")
    if not public and is_primary and text(instance, "PublicIpAddress"):
        public = {text(instance, "PublicIpAddress")}
    return Interface(
        id=required(item, "NetworkInterfaceId"),
        subnet=text(item, "SubnetId") or text(instance, "SubnetId"),
        addresses=tuple(map(AddressSet.parse, _addresses(item))),
        source=source,
        public=tuple(map(AddressSet.parse, sorted(public))),
        filters=groups,
        groups=groups,
        owner=owner,
    )


def _addresses(item: Item) -> Iterator[str]:
    listed = [text(one, "PrivateIpAddress") for one in parts(item, "PrivateIpAddresses")]
    yield from dict.fromkeys(filter(None, listed or [text(item, "PrivateIpAddress")]))
    for many, one in _ADDRESSES:
        yield from (required(each, one) for each in parts(item, many))
