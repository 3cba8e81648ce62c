"""Prefixes of public addresses, and the public addresses that subnets leave by.

https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cloudguard.provider.answers import Item, child
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import id_in, ids_in, own_id
from cloudguard_azure.cluster.interfaces import PublicAddresses, public_address

_NAT_ADDRESSES: Final = ("publicIpAddresses", "publicIpAddressesV6", "publicIpPrefixes", "publicIpPrefixesV6")


def with_prefixes(api: Api, known: PublicAddresses) -> PublicAddresses:
    """Return the public addresses with their prefixes.

    A failed read of prefixes hides nothing: they only show the senders of packets and the addresses of Services.
    """
    addresses = api.listed(calls.LIST_PUBLIC_PREFIXES, public_address, hides=())
    return PublicAddresses({**known.by_id, **{address.id: address for address in addresses}})


def nat_addresses(api: Api, subnets: Iterable[Item]) -> Iterator[str]:
    """Yield the ids of public addresses and prefixes that subnets leave by through NAT gateways."""
    gateways = api.mapped(
        calls.LIST_NETWORKS, subnets, lambda subnet: id_in(child(subnet, "properties"), "natGateway"), hides=()
    )
    used = {*gateways} - {""}
    for name, references in api.listed(calls.LIST_NAT_GATEWAYS, _nat_gateway, hides=()) if used else ():
        if name in used:
            yield from references


def _nat_gateway(item: Item) -> tuple[str, tuple[str, ...]]:
    inside = child(item, "properties")
    return own_id(item), tuple(name for key in _NAT_ADDRESSES for name in ids_in(inside, key))
