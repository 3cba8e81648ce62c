"""Public addresses and prefixes, by whatever refers to them, and the addresses that the cluster's hosts leave by.

https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import ALL6, AddressSet
from cloudguard.provider.answers import Item, part, text, text_map
from cloudguard_azure.access import calls
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import id_in, ids_in, own_id, word

_SERVICE: Final = "k8s-azure-service"
_LEGACY: Final = ("service", "kubernetes-cluster-name")
"""Tags that the cloud controller manager writes, the older one beside the cluster's name; a value is NAMESPACE/NAME, or
several with commas (kubernetes-sigs/cloud-provider-azure pkg/consts/consts.go)."""
_NAT_ADDRESSES: Final = ("publicIpAddresses", "publicIpAddressesV6", "publicIpPrefixes", "publicIpPrefixesV6")


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """A public address or prefix; ``service``: the Kubernetes Services it was made for ("": none is known)."""

    id: str
    addresses: AddressSet
    version6: bool
    service: str


@dataclass(frozen=True, slots=True)
class PublicAddresses:
    """The public addresses and prefixes of a subscription, by id."""

    by_id: Mapping[str, PublicAddress]

    def of(self, references: Iterable[str]) -> AddressSet:
        """Return the addresses that ids stand for, as far as they are known."""
        return AddressSet.union(self.by_id[name].addresses for name in references if name in self.by_id)

    def may_be_version6(self, references: Collection[str]) -> bool:
        """Whether one of ids stands for an address of version 6, or is not known."""
        return any(name not in self.by_id or self.by_id[name].version6 for name in references)

    def service(self, references: Iterable[str]) -> str:
        """Return the Kubernetes Services that addresses were made for."""
        return next(filter(None, (self.by_id[name].service for name in references if name in self.by_id)), "")


def read_public_addresses(api: Api) -> PublicAddresses:
    """Read addresses and prefixes. Without them, no less is open: they only tell who asks, and what is a Service's."""
    wanted = (calls.LIST_PUBLIC_ADDRESSES, calls.LIST_PUBLIC_PREFIXES)
    listed = api.gather(*(partial(api.read, call, hides=()) for call in wanted))
    found = (api.mapped(call, items, _address, hides=()) for call, items in zip(wanted, listed, strict=True))
    return PublicAddresses({one.id: one for each in found for one in each})


def _address(item: Item) -> PublicAddress:
    inside = part(item, "properties")
    addresses = read_addresses(text(inside, "ipAddress") or text(inside, "ipPrefix"))
    version6 = word(inside, "publicIPAddressVersion") not in {"", "ipv4"} or bool(addresses & ALL6)
    return PublicAddress(own_id(item), addresses, version6, _service(text_map(item, "tags")))


def _service(tags: Mapping[str, str]) -> str:
    named, cluster = _LEGACY
    value = tags.get(_SERVICE, "") or (tags.get(named, "") if cluster in tags else "")
    return value if "/" in value else ""


def nat_addresses(api: Api, subnets: Iterable[Item]) -> Iterator[str]:
    """Yield the ids of public addresses and prefixes that subnets leave by through NAT gateways."""
    used = {*api.mapped(calls.LIST_NETWORKS, subnets, _gateway_of, hides=())} - {""}
    call = calls.LIST_NAT_GATEWAYS
    items = api.read(call, hides=()) if used else ()
    for name, references in api.mapped(call, items, _nat_gateway, hides=()):
        if name in used:
            yield from references


def _gateway_of(subnet: Item) -> str:
    return id_in(part(subnet, "properties"), "natGateway")


def _nat_gateway(item: Item) -> tuple[str, tuple[str, ...]]:
    inside = part(item, "properties")
    return own_id(item), tuple(name for key in _NAT_ADDRESSES for name in ids_in(inside, key))
