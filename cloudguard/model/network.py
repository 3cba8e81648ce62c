"""The network as a cloud describes it: filters, segments, routes, interfaces, balancers, endpoints.

Addresses are CIDR text ("10.0.0.0/8", "2001:db8::/32"); services are the text form of a
``ServiceSet`` ("tcp/443", "tcp/30000-32767,udp/53", "icmp/3/4", "proto/4", "all").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudguard.model.source import Source


class Direction(StrEnum):
    """Seen from the interface, segment or balancer that the filter guards."""

    INGRESS = "ingress"
    EGRESS = "egress"


class Action(StrEnum):
    """What a rule does to a packet that it matches."""

    PERMIT = "permit"
    DENY = "deny"
    NEXT = "next"
    """Leaves it to the next filter, whatever the later rules of its own say: only in a chained filter."""


class PeerKind(StrEnum):
    """What names the other end of a rule."""

    RANGE = "range"
    """``value`` is a CIDR."""
    GROUP = "group"
    """``value`` is a label: whoever carries it."""
    ADDRESS_LIST = "address-list"
    """``value`` is the id of an ``AddressList``."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a rule."""

    kind: PeerKind
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a filter; ``order`` ranks the lines of an ordered filter (lowest first).

    ``targets``: it is about interfaces that carry one of these labels (empty: about all), ``target_ranges``: about
    packets to (or from) these of the guarded side's addresses (CIDRs; empty: all). ``doubt`` says why it is not known
    whether it matches what it seems to match ("": it is). ``note``: which program wrote it and would write it again,
    and what to do instead ("": a person).
    """

    id: str
    direction: Direction
    action: Action
    services: str
    peer: Peer
    source: Source
    order: int = 0
    description: str = ""
    target_groups: tuple[str, ...] = ()
    target_ranges: tuple[str, ...] = ()
    uncertain: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """A named list of rules. What no rule decides is denied; of a ``chained`` one, the next filter decides.

    ``stateful``: replies pass by themselves. ``editable`` is false where the cloud writes the
    filter itself and would restore it; ``note`` then says what to do instead ("": nothing, so no change is proposed).
    """

    id: str
    name: str
    kind: str
    rules: tuple[Rule, ...]
    source: Source
    ordered: bool = False
    stateful: bool = True
    editable: bool = True
    note: str = ""
    in_chain: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A label that rules name as a peer, and who is known to carry it.

    ``members_known`` is false when the carriers cannot be listed (another account's group).
    """

    id: str
    name: str
    source: Source
    members_known: bool = True
    owner: str = ""


@dataclass(frozen=True, slots=True)
class AddressList:
    """A named list of ranges; ``known`` is false when its entries could not be read."""

    id: str
    name: str
    ranges: tuple[str, ...]
    known: bool
    source: Source


class NextHop(StrEnum):
    """Where a route leads."""

    LOCAL = "local"
    INTERNET = "internet"
    """A gateway that lets connections in as well as out."""
    OUTBOUND = "outbound"
    """Address translation or egress-only: nothing can be opened from outside."""
    PEER = "peer"
    HUB = "hub"
    VPN = "vpn"
    APPLIANCE = "appliance"
    """A firewall or other host in the path, whose rules cannot be seen from here."""
    SERVICE = "service"
    """A private endpoint of a cloud service: no one can connect from there."""
    BLACKHOLE = "blackhole"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Route:
    """Longest prefix wins; ``destination`` is a CIDR or the id of an ``AddressList``."""

    destination: str
    hop: NextHop
    target: str
    source: Source


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet: its ranges, the filters that guard its border, in order, and its routes.

    ``inspected``: connections from the internet pass an appliance first, unseen from here.
    """

    id: str
    name: str
    network: str
    zone: str
    ranges: tuple[str, ...]
    filters: tuple[str, ...]
    routes: tuple[Route, ...]
    source: Source
    inspected: bool = False
    public_by_default: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """A private network (VPC, virtual network) and its ranges."""

    id: str
    name: str
    ranges: tuple[str, ...]
    source: Source
    internet_gateway: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. ``filters`` apply together (none: nothing is barred); rules may name it by ``labels``.

    Chained filters are asked one after the other, in order; what none of them decides is denied.

    ``addresses`` are private v4 and all v6 addresses or ranges, ``public`` the v4 addresses mapped to it
    from the internet; ``awaits_public``: it gets one when its host starts. ``owner`` tells whose it is when it
    belongs to no host of the cluster.
    """

    id: str
    subnet: str
    addresses: tuple[str, ...]
    source: Source
    public: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    owner: str = ""
    public_ip_on_start: bool = False


class ClientAddress(StrEnum):
    """Which address a balancer's target sees."""

    PRESERVED = "preserved"
    REPLACED = "replaced"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BackendTarget:
    """Where a listener sends: an interface of the cluster (by host id or address), and the port there."""

    host: str
    address: str
    service: str
    healthy: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """A port of a balancer: ``service`` outside, ``targets`` behind.

    ``plaintext``: the balancer itself speaks an unencrypted protocol to its targets.
    """

    id: str
    service: str
    targets: tuple[BackendTarget, ...]
    client_address: ClientAddress
    source: Source
    plaintext: bool = False


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer. ``filters`` apply together; without any it admits everyone.

    A target's rule that names one of ``labels`` matches what comes through it.
    ``declared_service``: the Kubernetes Service or Ingress it was made for ("" if none is known).
    ``keeps_destination``: what it hands on stays addressed to ``addresses``.
    """

    id: str
    name: str
    kind: str
    internet_facing: bool
    network: str
    subnets: tuple[str, ...]
    filters: tuple[str, ...]
    groups: tuple[str, ...]
    listeners: tuple[Listener, ...]
    source: Source
    addresses: tuple[str, ...] = ()
    declared_service: str = ""
    dual_stack: bool = False
    keeps_destination: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A managed control plane's API endpoint.

    ``public_ranges`` are the addresses let in to the public side (CIDRs, or ids of an ``AddressList``); ``filters``
    guard the private one. ``gatekeeper``: what else stands before the public side and asks who one is ("" for nothing).
    """

    id: str
    service: str
    public: bool
    public_ranges: tuple[str, ...]
    private: bool
    network: str
    subnets: tuple[str, ...]
    filters: tuple[str, ...]
    groups: tuple[str, ...]
    source: Source
    address: str = ""
    gatekeeper: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything about the network that concerns one cluster.

    ``strangers`` are interfaces outside the cluster that carry a group which some rule names.
    """

    networks: tuple[Network, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    filters: tuple[Filter, ...] = ()
    groups: tuple[Group, ...] = ()
    address_lists: tuple[AddressList, ...] = ()
    balancers: tuple[Balancer, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    external_members: tuple[Interface, ...] = ()
    outbound_addresses: tuple[str, ...] = ()
    """Public addresses (CIDRs) that the cluster's hosts leave by: address translation's, and their own."""
