"""Network interfaces of machines and other resources: addresses, security group, application security groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from cloudguard.model.network import Interface
from cloudguard.model.source import Source
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import ALL6, AddressSet
from cloudguard.provider.answers import AnswerError, Item, child, flag, number, text, text_map
from cloudguard.values import dataclass
from cloudguard_azure.access.ids import id_in, ids_in, own_id, parts, word

_SERVICE: Final = "k8s-azure-service"
_LEGACY: Final = ("service", "kubernetes-cluster-name")
"""Tags of the cloud controller manager. The older tag counts only if the cluster's name is there too. A value is
NAMESPACE/NAME, or several with commas (kubernetes-sigs/cloud-provider-azure pkg/consts/consts.go).
"""


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """A public address or prefix. ``addresses``: empty if none is assigned, as for a stopped machine.

    ``service``: the Kubernetes Services it was made for ("": unknown). ``sku``: in lower case, "" for none.
    """

    id: str
    addresses: AddressSet
    version6: bool
    service: str
    sku: str


@dataclass(frozen=True, slots=True)
class PublicAddresses:
    """The public addresses and prefixes of a subscription, by id."""

    by_id: Mapping[str, PublicAddress]

    def of(self, references: Iterable[str]) -> AddressSet:
        """Return the addresses of ids. Unknown ids are left out."""
        return AddressSet.union(self.by_id[name].addresses for name in references if name in self.by_id)

    def may_be_version6(self, references: Collection[str]) -> bool:
        """Whether one of the ids is an IPv6 address, or unknown."""
        return any(name not in self.by_id or self.by_id[name].version6 for name in references)

    def service(self, references: Iterable[str]) -> str:
        """Return the Kubernetes Services that addresses were made for."""
        return next(filter(None, (self.by_id[name].service for name in references if name in self.by_id)), "")


def public_address(item: Item) -> PublicAddress:
    """Return a public address or a prefix."""
    inside = child(item, "properties")
    addresses = read_addresses(text(inside, "ipAddress") or text(inside, "ipPrefix"))
    version6 = word(inside, "publicIPAddressVersion") not in {"", "ipv4"} or bool(addresses & ALL6)
    service, sku = _service(text_map(item, "tags")), word(child(item, "sku"), "name")
    return PublicAddress(own_id(item), addresses, version6, service, sku)


def _service(tags: Mapping[str, str]) -> str:
    named, cluster = _LEGACY
    value = tags.get(_SERVICE, "") or (tags.get(named, "") if cluster in tags else "")
    return value if "/" in value else ""


def configurations(item: Item) -> Sequence[Item]:
    """Return the properties of the IP configurations of an interface, or of a scale set's next interface."""
    return parts(child(item, "properties"), "ipConfigurations")


def interface(
    item: Item, source: Source, public: PublicAddresses, *, owner: str = "", uncertain: str = ""
) -> Interface:
    """Return an interface.

    Each public address is mapped to a private one: https://learn.microsoft.com/azure/virtual-network/ip-services/
    public-ip-addresses. An address that is not assigned, or was not read, is assigned at the latest on the machine's
    start. It is unknown what reaches an address whose packets first pass the appliances of a gateway load balancer
    (https://learn.microsoft.com/azure/load-balancer/gateway-overview).
    """
    properties, listed = child(item, "properties"), configurations(item)
    with_public = [item for item in listed if id_in(item, "publicIPAddress")]
    passing = [item for item in with_public if id_in(item, "gatewayLoadBalancer") and not is_v6(item)]
    mapped = [
        (is_v6(item), public.of((id_in(item, "publicIPAddress"),))) for item in with_public if item not in passing
    ]
    return Interface(
        id=own_id(item),
        subnet=subnet_of(listed),
        addresses=tuple(
            dict.fromkeys((*map(AddressSet.parse, _private(listed)), *_addresses_of_version(mapped, six=True)))
        ),
        source=source,
        public=tuple(sorted(_addresses_of_version(mapped, six=False), key=AddressSet.texts)),
        filters=filters_of(properties),
        groups=groups_of(listed),
        owner=owner,
        public_ip_on_start=_on_start([six for six, address in mapped if not address], passing=bool(passing)),
        secondary=not flag(properties, "primary", default=True),
        uncertain=uncertain,
    )


def is_v6(configuration: Item) -> bool:
    """Whether an IP configuration has version 6."""
    return word(configuration, "privateIPAddressVersion") == "ipv6"


def _on_start(pending: Sequence[bool], *, passing: bool) -> bool | None:
    """Return whether an IPv4 address is assigned on start; None if only IPv6 ones are, or if this is unknown.

    ``pending``: for each address that is not assigned yet, whether it is IPv6. ``passing``: an address is behind
    appliances.
    """
    if pending and not all(pending):
        return True
    return None if pending or passing else False


def filters_of(properties: Item) -> tuple[str, ...]:
    """Return the interface's own security group. The security group of its subnet applies too."""
    return tuple(filter(None, (id_in(properties, "networkSecurityGroup"),)))


def groups_of(listed: Sequence[Item]) -> tuple[str, ...]:
    """Return the application security groups of IP configurations."""
    return tuple(sorted({name for item in listed for name in ids_in(item, "applicationSecurityGroups")}))


def subnet_of(listed: Sequence[Item]) -> str:
    """Return the subnet of IP configurations. Raises AnswerError if they have none or several."""
    subnets = {id_in(item, "subnet") for item in listed} - {""}
    if len(subnets) != 1:
        message = "its IP configurations are in several subnets" if subnets else "subnet is missing"
        raise AnswerError(message)
    return subnets.pop()


def _private(listed: Sequence[Item]) -> Iterator[str]:
    """Yield the private addresses, and the address blocks of pods."""
    for item in listed:
        if address := text(item, "privateIPAddress"):
            length = number(item, "privateIPAddressPrefixLength", 0)
            yield f"{address}/{length}" if length else address


def _addresses_of_version(mapped: Sequence[tuple[bool, AddressSet]], *, six: bool) -> Iterator[AddressSet]:
    return (address for is_v6, address in mapped if address and is_v6 == six)
