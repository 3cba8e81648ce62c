"""The possible senders to a subnet: the internet, its own network, networks routed to it, members of a group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import cache
from itertools import groupby

from cloudguard.model.filters import AddressList
from cloudguard.model.load_balancers import Balancer, PublishedService
from cloudguard.model.network import Interface, Network, NextHop, Subnet, Topology, Tunnel
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
from cloudguard.packet_sets.bounds import Bounds, unknown
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.routes import is_default, is_read, replied_to, routed, unknown_destinations
from cloudguard.values import cached_method, dataclass

_EVERY_SERVICE = ServiceSet.everything()
_PRIVATE = EVERYWHERE - PUBLIC
_BEHIND = {NextHop.PEER: "the peered network", NextHop.HUB: "networks behind the hub", NextHop.VPN: "the private link"}
_PASSED_ON = "it is unknown what the next hop of the route passes on"
_ANYWHERE = {NextHop.APPLIANCE, NextHop.UNKNOWN}
_FEW = 3
"""A sender's name contains at most this number of ranges."""


class SenderKind(StrEnum):
    """The kind of a sender."""

    INTERNET = "internet"
    NETWORK = "network"
    """Anyone inside the target's own network."""
    ROUTED = "routed"
    """A peered network, hub or VPN to which the target's subnet has a route."""
    GROUP = "group"
    """External members of a group that a rule names."""
    CONSUMERS = "consumers"
    """Those who have an endpoint, in a network of their own, of a service that publishes a balancer."""
    HOSTS = "hosts"
    """A class of the cluster's own hosts."""
    TUNNEL = "tunnel"
    """A service of the cloud that connects on behalf of its users."""


@dataclass(frozen=True, eq=False)
class Sender:
    """A source of traffic, described by ``name``. ``groups`` are the groups of its interfaces.

    ``example``: the id or address of one interface ("" for whole ranges). ``published``: the consumers' service.
    ``uncertain``: why it is unknown whether such a sender exists ("": it exists). ``gatekeeper``: requires an identity
    ("": none). ``keeps_clients``: the addresses are those of a tunnel's clients, not its own.
    """

    kind: SenderKind
    name: str
    addresses: AddressSet
    groups: tuple[str, ...] = ()
    example: str = ""
    uncertain: str = ""
    hosts: HostClass | None = None
    external_members: tuple[Interface, ...] = ()
    gatekeeper: str = ""
    published: PublishedService | None = None
    keeps_clients: bool = False

    def bounded(self, allowed: Bounds) -> Bounds:
        """Return ``allowed``, with an empty lower bound if it is unknown whether the sender exists."""
        return Bounds(PacketSet.nothing(), allowed.upper) if self.uncertain else allowed

    @property
    def identified(self) -> bool:
        """Whether the addresses identify the sender.

        Consumers may use any address in their own network. Everyone may have the addresses of a service that lets
        everyone through, unless it keeps its clients' addresses.
        """
        return self.kind is not SenderKind.CONSUMERS and (self.keeps_clients or not self.lets_everyone_through)

    @property
    def inside(self) -> bool:
        """Whether the sender is neither the internet nor a tunnel that everyone may use."""
        return self.kind is not SenderKind.INTERNET and not self.lets_everyone_through

    @property
    def guarded(self) -> bool:
        """Whether the sender is a tunnel that requires an identity first."""
        return self.kind is SenderKind.TUNNEL and bool(self.gatekeeper)

    @property
    def lets_everyone_through(self) -> bool:
        """Whether the sender is a tunnel that everyone may use."""
        return self.kind is SenderKind.TUNNEL and not self.gatekeeper


@cache
def consumers(service: PublishedService) -> Sender:
    """Return the consumers of a published service as a sender. Their addresses are unknown."""
    allowed = ", ".join(service.allowed) or "no named account"
    accepted = "the owner must accept each connection" if service.accepts_each else "no acceptance is required"
    who = "anyone who creates an endpoint" if service.open_to_everyone else "consumers"
    return Sender(
        SenderKind.CONSUMERS,
        f"{who} of {service.id}",
        EVERYWHERE,
        uncertain="" if service.has_consumers else f"{service.id} offers the balancer to {allowed}, and {accepted}",
        published=service,
    )


def _tunnel_sender(tunnel: Tunnel) -> Sender:
    who = f"users that {tunnel.gatekeeper} lets through" if tunnel.gatekeeper else f"anyone through {tunnel.id}"
    few = len(tunnel.ranges.cidrs()) <= _FEW
    return Sender(
        SenderKind.TUNNEL,
        f"{who} ({tunnel.ranges})" if few else who,
        tunnel.ranges,
        tunnel.groups,
        uncertain=tunnel.uncertain,
        gatekeeper=tunnel.gatekeeper,
        keeps_clients=tunnel.keeps_clients,
    )


def all_from(addresses: AddressSet) -> PacketSet:
    """Return every service from ``addresses``."""
    return PacketSet.product(addresses, _EVERY_SERVICE)


class Senders:
    """The senders of a topology. Each is computed once."""

    def __init__(self, topology: Topology) -> None:
        self._subnets: Mapping[str, Subnet] = {each.id: each for each in topology.subnets}
        self._networks: Mapping[str, Network] = {each.id: each for each in topology.networks}
        self._lists: Mapping[str, AddressList] = {each.id: each for each in topology.address_lists}
        self._groups = {each.id: each for each in topology.groups}
        self._external_members = defaultdict[str, list[Interface]](list)
        for interface in topology.external_members:
            for group in interface.groups:
                self._external_members[group].append(interface)
        networks = AddressSet.union(network.ranges for network in topology.networks)
        networks |= AddressSet.union(tunnel.ranges for tunnel in topology.tunnels if not tunnel.uncertain)
        self.internet = Sender(SenderKind.INTERNET, "the internet", PUBLIC - networks)
        why = "it is unknown whether connections from the internet reach the load balancer"
        self.by_unknown_balancer = replace(self.internet, uncertain=why)
        why = "it is unknown whether the host gets a public address that connections from the internet reach"
        self.by_unknown_address = replace(self.internet, uncertain=why)
        self.tunnels = {tunnel: _tunnel_sender(tunnel) for tunnel in topology.tunnels}

    def ranges(self, subnets: Iterable[str]) -> AddressSet:
        """Return the known addresses of ``subnets`` (ids)."""
        return AddressSet.union(self._subnets[name].ranges for name in subnets if name in self._subnets)

    def of_balancer(self, balancer: Balancer) -> AddressSet:
        """Return the addresses from which a balancer itself connects to its targets."""
        addressless = balancer.keeps_destination or balancer.transparent
        addresses = AddressSet.nothing() if addressless else self.ranges(balancer.subnets)
        return addresses | balancer.health_checks

    def listed(self, ranges: AddressSet, lists: Iterable[str]) -> Bounds:
        """Return every service from ``ranges`` and address lists (ids). An unread list may hold any address."""
        named = [self._lists.get(name) for name in lists]
        known = ranges | AddressSet.union(
            addresses for each in named if each and each.known for addresses in each.ranges
        )
        return Bounds(all_from(known), all_from(known if all(each and each.known for each in named) else EVERYWHERE))

    @cached_method
    def replied_to(self, name: str) -> Bounds:
        """Return every service from the internet's addresses to which the routes of a subnet (id) send replies."""
        subnet = self._subnets.get(name)
        if subnet is None or not subnet.routes:
            return unknown(all_from(self.internet.addresses))
        lower, upper = replied_to(subnet, self._lists)
        public = self.internet.addresses
        return Bounds(all_from(lower & public), all_from(upper & public))

    @cached_method
    def inside(self, subnets: tuple[str, ...]) -> tuple[Sender, ...]:
        """Return the senders by range that reach ``subnets`` (ids) without the internet."""
        return tuple(self._find_inside(subnets))

    def _find_inside(self, names: tuple[str, ...]) -> Iterator[Sender]:
        subnets = [self._subnets[name] for name in names if name in self._subnets]
        inside = AddressSet.nothing()
        for name in sorted({subnet.network for subnet in subnets} or set(self._networks) or {"the network"}):
            network = self._networks.get(name)
            if network is not None and network.provider_only:
                continue
            if network is None or not network.ranges:
                who = f"anyone inside {name}, whose ranges could not be read"
                yield Sender(SenderKind.NETWORK, who, _PRIVATE, uncertain=who)
                continue
            inside |= network.ranges
            yield Sender(SenderKind.NETWORK, f"anyone inside {network.name or network.id}", network.ranges)
        yield from self._routed_in(subnets, inside)
        routed_by = {subnet.id for subnet in subnets if any(map(is_read, subnet.routes))}
        unread = ", ".join(name for name in names if name and name not in routed_by)
        if unread:  # every subnet has a route, so the routes of these subnets were not read
            who = f"networks routed to {unread}, whose routes could not be read"
            yield Sender(SenderKind.ROUTED, who, _PRIVATE - inside, uncertain=who)

    def _routed_in(self, subnets: Iterable[Subnet], inside: AddressSet) -> Iterator[Sender]:
        """Yield the senders to which the subnets' routes lead, without the ``inside`` addresses of their networks."""
        behind = defaultdict[tuple[NextHop, str], AddressSet](AddressSet)
        unread = defaultdict[tuple[NextHop, str, str], AddressSet](AddressSet)
        for subnet in subnets:
            for key, addresses in routed(subnet, self._lists).items():
                behind[key] |= addresses
            for route in unknown_destinations(subnet, self._lists):
                unread[route.hop, route.target, route.address_list] |= route.destination or EVERYWHERE
        for (hop, target), addresses in sorted(behind.items(), key=lambda item: item[0]):
            senders = (addresses & _PRIVATE if is_default(addresses) else addresses) - inside
            if hop in _BEHIND and senders:
                yield Sender(SenderKind.ROUTED, f"{_BEHIND[hop]} {target}", senders)
            elif hop in _ANYWHERE and (senders := senders & _PRIVATE) and not is_default(addresses):
                yield Sender(SenderKind.ROUTED, f"networks behind {target}", senders, uncertain=_PASSED_ON)
        for (hop, target, name), within in sorted(unread.items(), key=lambda item: item[0]):
            senders = (within & _PRIVATE) - inside
            if hop in _BEHIND and senders:
                who = f"{_BEHIND[hop]} {target}, by a route to {name}, whose entries could not be read"
                yield Sender(SenderKind.ROUTED, who, senders, uncertain=who)

    @cached_method
    def connected(self, subnets: tuple[str, ...]) -> Bounds:
        """Return every service from the inside addresses to which ``subnets`` (ids) have a route for replies."""
        inside = self.inside(subnets)
        lower = AddressSet.union(sender.addresses for sender in inside if not sender.uncertain)
        upper = AddressSet.union(sender.addresses for sender in inside)
        for name in subnets:
            routes = routed(self._subnets[name], self._lists) if name in self._subnets else {}
            upper |= AddressSet.union(addresses for (hop, _), addresses in routes.items() if hop in _ANYWHERE)
        return Bounds(all_from(lower), all_from(lower | upper))

    def has_unknown_way_out(self, subnet: str) -> bool:
        """Whether a subnet's traffic to the internet leaves by another network, an appliance or an unknown hop."""
        if subnet not in self._subnets:
            return True
        routes = routed(self._subnets[subnet], self._lists)
        return any(is_default(addresses) for (hop, _), addresses in routes.items() if hop in {*_BEHIND, *_ANYWHERE})

    @cached_method
    def group_members(self, group: str) -> tuple[Sender, ...]:
        """Return the members of a group outside the cluster, as one sender for each value of their ``uncertain``."""
        return tuple(self._find_members(group))

    def _find_members(self, name: str) -> Iterator[Sender]:
        group, members = self._groups.get(name), self._external_members[name]
        titled = f"{name} ({group.name})" if group and group.name else name
        for why, some in groupby(sorted(members, key=_uncertain), _uncertain):
            yield _members_sender(titled, name, tuple(some), why)
        if not members and (group is None or not group.members_known):
            owner = f" of account {group.owner}" if group and group.owner else ""
            who = f"members of group {titled}{owner} (this account cannot list them)"
            yield Sender(SenderKind.GROUP, who, _PRIVATE, (name,), name, uncertain="" if owner else who)


def _uncertain(member: Interface) -> str:
    return member.uncertain


def _members_sender(titled: str, group: str, members: tuple[Interface, ...], why: str) -> Sender:
    """Return members of a group as a sender. ``why``: why it is unknown if they open connections ("": they can)."""
    who = "an interface" if len(members) == 1 else f"{len(members)} interfaces"
    return Sender(
        SenderKind.GROUP,
        f"{who} outside the cluster in group {titled}",
        AddressSet.union(address for member in members for address in member.addresses),
        (group,),
        members[0].owner or members[0].id,
        uncertain=why,
        external_members=members,
    )
