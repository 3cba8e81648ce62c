"""Network interfaces, of machines and of whatever else has one: addresses, security group, application groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cloudguard.model.network import Interface
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import AnswerError, Item, flag, number, part, parts, text
from cloudguard_azure.access.ids import id_in, ids_in, own_id, word

PublicAddresses = Mapping[str, str]
"""Addresses by the id of their public IP address; one that is not assigned yet is left out."""


def public_address(item: Item) -> tuple[str, str]:
    """Return a public IP address's id, and its address: "" where none is assigned, as to a stopped machine."""
    return own_id(item), text(part(item, "properties"), "ipAddress")


def configurations(item: Item) -> Sequence[Item]:
    """Return the properties of the IP configurations of an interface, or of a scale set's interface to come."""
    return tuple(part(one, "properties") for one in parts(part(item, "properties"), "ipConfigurations"))


def interface(
    item: Item, source: Source, public: PublicAddresses, *, owner: str = "", uncertain: str = ""
) -> Interface:
    """Return an interface.

    A public address is mapped to a private one: https://learn.microsoft.com/azure/virtual-network/ip-services/
    public-ip-addresses. One that is not assigned, or was not read, arrives when the machine starts at the latest.
    """
    properties, listed = part(item, "properties"), configurations(item)
    mapped = [(is_v6(one), public.get(name, "")) for one in listed if (name := id_in(one, "publicIPAddress"))]
    return Interface(
        id=own_id(item),
        subnet=subnet_of(listed),
        addresses=tuple(map(AddressSet.parse, dict.fromkeys((*_private(listed), *_of(mapped, six=True))))),
        source=source,
        public=tuple(map(AddressSet.parse, sorted(_of(mapped, six=False)))),
        filters=filters_of(properties),
        groups=groups_of(listed),
        owner=owner,
        public_ip_on_start=_on_start([six for six, address in mapped if not address]),
        secondary=not flag(properties, "primary", default=True),
        uncertain=uncertain,
    )


def is_v6(configuration: Item) -> bool:
    """Whether an IP configuration is of version 6."""
    return word(configuration, "privateIPAddressVersion") == "ipv6"


def _on_start(pending: Sequence[bool]) -> bool | None:
    """Return whether a v4 address is yet to arrive, by which of the addresses to come are v6: None for v6 ones only."""
    return (None if all(pending) else True) if pending else False


def filters_of(properties: Item) -> tuple[str, ...]:
    """Return the security group of an interface itself; that of its subnet applies beside it."""
    return tuple(filter(None, (id_in(properties, "networkSecurityGroup"),)))


def groups_of(listed: Sequence[Item]) -> tuple[str, ...]:
    """Return the application security groups of IP configurations."""
    return tuple(sorted({name for one in listed for name in ids_in(one, "applicationSecurityGroups")}))


def subnet_of(listed: Sequence[Item]) -> str:
    """Return the subnet of IP configurations; raises AnswerError for none, or several."""
    subnets = {id_in(one, "subnet") for one in listed} - {""}
    if len(subnets) != 1:
        message = "its IP configurations are in several subnets" if subnets else "subnet is missing"
        raise AnswerError(message)
    return subnets.pop()


def _private(listed: Sequence[Item]) -> Iterator[str]:
    """Yield the private addresses, and blocks of them, which pods have."""
    for one in listed:
        if address := text(one, "privateIPAddress"):
            length = number(one, "privateIPAddressPrefixLength", 0)
            yield f"{address}/{length}" if length else address


def _of(mapped: Sequence[tuple[bool, str]], *, six: bool) -> Iterator[str]:
    return (address for is_v6, address in mapped if address and is_v6 == six)
