"""Load balancers in Azure's form: front ends, rules, and backend pools.

Fields: https://learn.microsoft.com/rest/api/load-balancer/load-balancers/list-all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.model.text_forms import NO_ADDRESSES, read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, children, choice, flag, port, text
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import LIST_LOAD_BALANCERS
from cloudguard_azure.access.ids import id_in, ids_in, name_of, own_id, parent, parts, word

HIDES: Final = (FactKind.BALANCERS,)
_PROTOCOLS: Final = {"tcp": ("tcp",), "udp": ("udp",), "all": ("tcp", "udp"), "quic": ("udp",)}
"""https://learn.microsoft.com/azure/load-balancer/load-balancer-ha-ports-overview: "All" is every TCP and UDP flow."""
_RULES: Final = ("loadBalancingRules", "inboundNatRules", "inboundNatPools")
_ENDS: Final = ("frontendIPConfigurations", "backendAddressPools")


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """A front end. ``public``: None if neither a public nor a private address could be parsed.

    ``references``: ids of its public address or prefix. ``address``: its private address. ``passes``: id of the gateway
    load balancer that its packets pass first ("": none). ``version6``: true also if the IP version is unknown.
    """

    id: str
    public: bool | None = None
    references: tuple[str, ...] = ()
    address: AddressSet = NO_ADDRESSES
    passes: str = ""
    version6: bool = True

    @property
    def name(self) -> str:
        """Its name."""
        return name_of(self.id)


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A load balancing rule, an inbound NAT rule or a NAT pool. ``links``: ids of its targets.

    A target is its own id (interfaces refer to NAT rules, scale sets to NAT pools), a backend pool or an IP
    configuration. ``floating``: the destination stays the address of the front end ("floating IP"); None: not stated.
    """

    id: str
    front: str
    links: tuple[str, ...]
    floating: bool | None
    item: Item

    @property
    def name(self) -> str:
        """Its name."""
        return name_of(self.id)


@dataclass(frozen=True, slots=True)
class BackendPool:
    """A backend pool: IP configurations, front ends of other balancers, addresses with their networks ("": any)."""

    id: str
    configurations: tuple[str, ...] = ()
    front_ends: tuple[str, ...] = ()
    addresses: tuple[tuple[str, AddressSet], ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class LoadBalancer:
    """A load balancer. ``outbound``: pairs of a front end and the pool whose members leave by it.

    ``unseen``: ids of rules that its front ends and pools refer to, and that are not among its ``forwardings``.
    """

    id: str
    name: str
    sku: str
    front_ends: Mapping[str, FrontEnd]
    forwardings: tuple[Forwarding, ...]
    pools: Mapping[str, BackendPool]
    outbound: tuple[tuple[str, str], ...]
    unseen: tuple[str, ...]


def read_load_balancers(api: Api, subscription: str = "") -> tuple[LoadBalancer, ...]:
    """Read all load balancers of a subscription ("": the caller's), in all regions."""
    where = {"subscription": subscription} if subscription else {}
    items = api.read(LIST_LOAD_BALANCERS, hides=HIDES, about=subscription or "*", **where)
    return api.mapped(LIST_LOAD_BALANCERS, items, partial(load_balancer, api), hides=HIDES)


def load_balancer(api: Api, item: Item) -> LoadBalancer:
    """Return a load balancer. A part that can't be parsed leaves a Gap and is left out."""
    call, inside = LIST_LOAD_BALANCERS, child(item, "properties")
    front_ends = api.mapped(call, children(inside, "frontendIPConfigurations"), front_end, hides=HIDES)
    pools = api.mapped(call, children(inside, "backendAddressPools"), _pool, hides=HIDES)
    listed = [rule for kind in _RULES for rule in children(inside, kind)]
    forwardings = api.mapped(call, listed, _forwarding, hides=HIDES)
    named = {name for end in parts(inside, *_ENDS) for kind in _RULES for name in ids_in(end, kind)}
    return LoadBalancer(
        id=own_id(item),
        name=text(item, "name"),
        sku=word(child(item, "sku"), "name"),
        front_ends={front.id: front for front in front_ends},
        forwardings=forwardings,
        pools={pool.id: pool for pool in pools},
        outbound=tuple(_outbound(inside)),
        unseen=tuple(sorted(named - {forwarding.id for forwarding in forwardings})),
    )


def front_end(item: Item) -> FrontEnd:
    """Return a front end of a load balancer or an application gateway."""
    inside = child(item, "properties")
    references = tuple(filter(None, (id_in(inside, "publicIPAddress"), id_in(inside, "publicIPPrefix"))))
    private = bool(id_in(inside, "subnet") or text(inside, "privateIPAddress"))
    return FrontEnd(
        id=own_id(item),
        public=True if references else False if private else None,
        references=references,
        address=read_addresses(text(inside, "privateIPAddress")),
        passes=parent(id_in(inside, "gatewayLoadBalancer")),
        version6=not private or word(inside, "privateIPAddressVersion") not in {"", "ipv4"},
    )


def _forwarding(item: Item) -> Forwarding:
    inside, resource_id = child(item, "properties"), own_id(item)
    links = (
        resource_id,
        id_in(inside, "backendIPConfiguration"),
        id_in(inside, "backendAddressPool"),
        *ids_in(inside, "backendAddressPools"),
    )
    return Forwarding(
        id=resource_id,
        front=id_in(inside, "frontendIPConfiguration") or resource_id,
        links=tuple(dict.fromkeys(filter(None, links))),
        floating=flag(inside, "enableFloatingIP") if "enableFloatingIP" in inside else None,
        item=inside,
    )


def services(forwarding: Forwarding) -> tuple[ServiceSet, ServiceSet]:
    """Return the services of a rule's front end and of its targets. Raises AnswerError for an unknown protocol.

    Port 0 is any port (high-availability ports).
    """
    inside = forwarding.item
    protocols = choice({"protocol": word(inside, "protocol")}, "protocol", _PROTOCOLS)
    first = port(inside, "frontendPort", 0) or port(inside, "frontendPortRangeStart", 0)
    last = max(first, port(inside, "frontendPortRangeEnd", 0))
    behind = port(inside, "backendPort", 0)
    outside = _ports(protocols, first, last)
    return outside, _ports(protocols, behind, behind) if behind else outside


def _ports(protocols: tuple[str, ...], first: int, last: int) -> ServiceSet:
    return ServiceSet.parse(",".join(f"{name}/{first}-{last}" if last else name for name in protocols))


def _pool(item: Item) -> BackendPool:
    inside = child(item, "properties")
    members = parts(inside, "loadBalancerBackendAddresses")
    network = id_in(inside, "virtualNetwork")
    configurations = (
        *ids_in(inside, "backendIPConfigurations"),
        *(id_in(member, "networkInterfaceIPConfiguration") for member in members),
    )
    return BackendPool(
        id=own_id(item),
        configurations=tuple(dict.fromkeys(filter(None, configurations))),
        front_ends=tuple(filter(None, (id_in(member, "loadBalancerFrontendIPConfiguration") for member in members))),
        addresses=tuple(
            (id_in(member, "virtualNetwork") or parent(id_in(member, "subnet")) or network, read_addresses(address))
            for member in members
            if (address := text(member, "ipAddress"))
        ),
    )


def _outbound(inside: Item) -> Iterator[tuple[str, str]]:
    """Yield the front ends that the members of a pool leave by: of outbound rules, and of rules with outbound SNAT."""
    for rule in parts(inside, "outboundRules"):
        for front in ids_in(rule, "frontendIPConfigurations"):
            yield front, id_in(rule, "backendAddressPool")
    for rule in parts(inside, "loadBalancingRules"):
        if not flag(rule, "disableOutboundSnat"):
            yield id_in(rule, "frontendIPConfiguration"), id_in(rule, "backendAddressPool")
