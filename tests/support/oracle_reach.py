"""A simple model of reachability, for comparison: one packet, one host, rule by rule, in plain Python.

It uses no set operation of ``cloudguard.packet_sets`` and no code of ``cloudguard.reachability``. It reads services and
ranges as text, so that a mistake in one model shows as a difference from the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network

from cloudguard.model.cluster import Host
from cloudguard.model.filters import Action, Direction, Filter, Rule
from cloudguard.model.load_balancers import Balancer, ClientAddress, Listener
from cloudguard.model.network import Interface, NextHop, Subnet, Topology
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet

REPLIED = {"tcp", "udp"}


@dataclass(frozen=True)
class Sender:
    """A sender's address and groups. ``internet``: the sender is outside every network."""

    address: str
    groups: tuple[str, ...] = ()
    internet: bool = False


@dataclass(frozen=True)
class Service:
    """A service: "tcp" or "udp", and a port."""

    protocol: str
    port: int


def names(rule: Rule, service: Service) -> bool:
    """Whether a rule matches a service."""
    return any(
        protocol in {"all", service.protocol} and first <= service.port <= last
        for protocol, first, last in _terms(rule.services)
    )


@cache
def _terms(services: ServiceSet) -> tuple[tuple[str, int, int], ...]:
    """Return protocol, first and last port of each term of the services' text. Terms without ports have all ports."""
    found = list[tuple[str, int, int]]()
    for part in str(services).split(","):
        protocol, _, ports = part.partition("/")
        if protocol in {"all", *REPLIED}:
            first, _, last = ports.partition("-")
            found.append((protocol, int(first), int(last or first)) if ports else (protocol, 0, 65535))
    return tuple(found)


def is_peer_at(topology: Topology, rule: Rule, address: str, groups: tuple[str, ...]) -> bool:
    """Whether a rule's peer is at ``address``, or in one of ``groups``."""
    if rule.peer.group:
        return rule.peer.group in groups
    ranges = [rule.peer.addresses] if rule.peer.addresses is not None else []
    ranges += [
        part
        for address_list in topology.address_lists
        if address_list.id == rule.peer.address_list
        for part in address_list.ranges
    ]
    return any(inside(address, text) for part in ranges for text in _cidrs(part))


@cache
def _cidrs(addresses: AddressSet) -> tuple[str, ...]:
    return addresses.cidrs()


def address_of(interface: Interface) -> str:
    """Return an interface's first address."""
    return interface.addresses[0].texts()[0]


@cache
def inside(address: str, cidr: str) -> bool:
    """Whether an address is in a CIDR of its own family."""
    network, one = ip_network(cidr), ip_address(address)
    return network.version == one.version and one in network


def passes(
    topology: Topology,
    filters: tuple[str, ...],
    direction: Direction,
    address: str,
    groups: tuple[str, ...],
    service: Service,
    own: tuple[str, ...] = (),
) -> bool:
    """Whether any of the filters that apply together permits the packet. Without filters every packet passes.

    ``own``: the groups of the guarded interface, for rules with target groups in a chain of filters.
    """
    if not filters:
        return True
    known = {guard.id: guard for guard in topology.filters}
    if any(known[name].in_chain for name in filters):
        return _down_the_chain(
            topology, [known[name] for name in filters], direction, Sender(address, groups), service, own
        )
    return any(_one(topology, known[name], direction, address, groups, service) for name in filters)


def _down_the_chain(
    topology: Topology,
    guards: list[Filter],
    direction: Direction,
    sender: Sender,
    service: Service,
    own: tuple[str, ...],
) -> bool:
    """Whether a chain of filters lets the packet pass. Filters in series must all permit it."""
    passed = False
    for guard in guards:
        passed = False
        for rule in sorted(guard.rules, key=lambda rule: rule.order):
            about = not rule.target_groups or bool({*rule.target_groups} & {*own})
            if rule.direction is not direction or not about or not names(rule, service):
                continue
            if not is_peer_at(topology, rule, sender.address, sender.groups):
                continue
            if rule.action is Action.DENY:
                return False
            if rule.action is Action.PERMIT and not guard.in_series:
                return True
            passed = rule.action is Action.PERMIT
            break
        if guard.in_series and not passed:
            return False
    return passed


def _one(
    topology: Topology,
    guard: Filter,
    direction: Direction,
    address: str,
    groups: tuple[str, ...],
    service: Service,
) -> bool:
    for rule in sorted(guard.rules, key=lambda rule: rule.order):
        if rule.direction is not direction or not names(rule, service):
            continue
        if is_peer_at(topology, rule, address, groups):
            if rule.action is Action.PERMIT:
                return True
            if guard.ordered:
                return False
    return False


def crosses(
    topology: Topology,
    subnet: Subnet,
    address: str,
    service: Service,
    direction: Direction = Direction.INGRESS,
) -> bool:
    """Whether a packet from (or out to) ``address`` passes a subnet's filters, and its reply passes them too."""
    return any(inside(address, text) for text in _cidrs(subnet.ranges)) or _over(
        topology, subnet, address, service, direction
    )


def _over(topology: Topology, subnet: Subnet, address: str, service: Service, direction: Direction) -> bool:
    """Whether a packet and its reply pass a subnet's filters, also if ``address`` is inside the subnet."""
    reverse = Direction.EGRESS if direction is Direction.INGRESS else Direction.INGRESS
    for name in subnet.filters:
        if not passes(topology, (name,), direction, address, (), service):
            return False
        ports = {0, 65535, *_ends(topology, name)}
        answers = (passes(topology, (name,), reverse, address, (), Service(service.protocol, p)) for p in ports)
        if service.protocol in REPLIED and not any(answers):
            return False
    return True


def _ends(topology: Topology, name: str) -> set[int]:
    """Return the ports at which the decision of a filter may change."""
    rules = next(guard for guard in topology.filters if guard.id == name).rules
    ends = {end for rule in rules for protocol, *ports in _terms(rule.services) if protocol != "all" for end in ports}
    return {min(max(end + step, 0), 65535) for end in ends for step in (-1, 0, 1)}


def hop(subnet: Subnet, address: str) -> NextHop:
    """Return the next hop of packets from a subnet to ``address``: the route with the longest prefix."""
    routes = [(text, route.hop) for route in subnet.routes for text in _cidrs(route.destination)]
    found = [(ip_network(text).prefixlen, hop) for text, hop in routes if inside(address, text)]
    return max(found, key=lambda one: one[0])[1] if found else NextHop.BLACKHOLE


def directly(topology: Topology, target: Interface, sender: Sender, service: Service) -> bool:
    """Whether a sender can connect to an interface without a load balancer."""
    subnet = next(subnet for subnet in topology.subnets if subnet.id == target.subnet)
    if sender.internet:
        six = ":" in sender.address
        addressed = any(":" in str(part) for part in target.addresses) if six else bool(target.public)
        if not addressed or hop(subnet, sender.address) is not NextHop.INTERNET:
            return False
    return crosses(topology, subnet, sender.address, service) and passes(
        topology, target.filters, Direction.INGRESS, sender.address, sender.groups, service, target.groups
    )


def through(
    topology: Topology,
    balancer: Balancer,
    host: Host,
    sender: Sender,
    service: Service,
    own: Interface | None = None,
) -> tuple[bool, bool]:
    """Return whether a client can connect to ``service`` of a host through a load balancer: certainly, and possibly.

    The balancer may send from its part in the target's subnet, if there is one, or from any of its subnets: this
    setting is not read. Its address is the first address of the subnet. ``own``: the sender's interface, if its filters
    are known.
    """
    subnets = {subnet.id: subnet for subnet in topology.subnets}
    stands_in = [subnets[name] for name in balancer.subnets]
    always = ever = False
    for listener in balancer.listeners:
        sent = f"{service.protocol}/{service.port}"
        if all((target.host, str(target.service)) != (host.id, sent) for target in listener.targets):
            continue
        for target in host.interfaces:
            near = [subnet for subnet in stands_in if subnet.id == target.subnet] or stands_in
            found = {
                subnet.id: _arrives(topology, balancer, listener, subnet, sender, own)
                and _forwarded(topology, balancer, listener, subnet, target, sender, service)
                for subnet in stands_in
            }
            always = always or all(found[subnet.id] for subnet in near)
            ever = ever or any(found.values())
    return always, ever


def _arrives(
    topology: Topology, balancer: Balancer, listener: Listener, subnet: Subnet, sender: Sender, own: Interface | None
) -> bool:
    protocol, _, port = str(listener.service).partition("/")
    front = Service(protocol, int(port))
    if ":" in sender.address or (sender.internet and not balancer.internet_facing):
        return False
    if sender.internet and hop(subnet, sender.address) is not NextHop.INTERNET:
        return False
    if own is not None:
        home = next(subnet for subnet in topology.subnets if subnet.id == own.subnet)
        out = passes(topology, own.filters, Direction.EGRESS, _first(subnet), balancer.groups, front)
        if not out or not crosses(topology, home, _first(subnet), front, Direction.EGRESS):
            return False
    return crosses(topology, subnet, sender.address, front) and passes(
        topology, balancer.filters, Direction.INGRESS, sender.address, sender.groups, front
    )


def _first(subnet: Subnet) -> str:
    return str(next(iter(ip_network(subnet.ranges.cidrs()[0]))))


def _forwarded(
    topology: Topology,
    balancer: Balancer,
    listener: Listener,
    subnet: Subnet,
    target: Interface,
    sender: Sender,
    service: Service,
) -> bool:
    home = next(subnet for subnet in topology.subnets if subnet.id == target.subnet)
    address = sender.address if listener.client_address is ClientAddress.PRESERVED else _first(subnet)
    if not passes(topology, balancer.filters, Direction.EGRESS, address_of(target), target.groups, service):
        return False
    if subnet.id != home.id:
        out = crosses(topology, subnet, address_of(target), service, Direction.EGRESS)
        if not out or not _over(topology, home, address, service, Direction.INGRESS):
            return False
    return passes(topology, target.filters, Direction.INGRESS, address, balancer.groups, service)
