"""The network as a cloud describes it: networks, subnets with their routes, interfaces, managed endpoints."""

from __future__ import annotations

from enum import StrEnum

from cloudguard.model.filters import AddressList, Filter, Group
from cloudguard.model.load_balancers import Balancer
from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import EVERY_SERVICE, NO_ADDRESSES, Addresses, Ranges, Services
from cloudguard.values import dataclass


class NextHop(StrEnum):
    """The kind of a route's next hop."""

    LOCAL = "local"
    INTERNET = "internet"
    """A gateway for connections in both directions."""
    OUTBOUND = "outbound"
    """Address translation or an egress-only gateway: no connection can be opened from outside."""
    PEER = "peer"
    HUB = "hub"
    VPN = "vpn"
    APPLIANCE = "appliance"
    """A firewall or another host in the path, whose rules cannot be read."""
    SERVICE = "service"
    """A private endpoint of a cloud service. Nobody can connect from it."""
    BLACKHOLE = "blackhole"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Route:
    """A route to ``destination`` (one range), or to the entries of ``address_list`` (id). The longest prefix wins.

    If the entries are unknown, they are within ``destination`` (empty: they may be anywhere).
    """

    destination: Addresses
    hop: NextHop
    target: str
    source: Source
    address_list: str = ""


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet: its ranges, the filters at its boundary in order, and its routes.

    ``public_by_default``: a new interface gets a public IPv4 address. ``ipv6_by_default``: it gets an IPv6 address.
    ``inspected``: connections from the internet first pass an appliance whose rules are not read.
    """

    id: str
    name: str
    network: str
    zone: str
    ranges: Ranges
    filters: tuple[str, ...]
    routes: tuple[Route, ...]
    source: Source
    inspected: bool = False
    public_by_default: bool = False
    ipv6_by_default: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """A private network (VPC, virtual network) and its ranges.

    ``provider_only``: only load balancers of the provider are in it, so that nobody can connect from inside.
    """

    id: str
    name: str
    ranges: Ranges
    source: Source
    internet_gateway: str = ""
    provider_only: bool = False


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. ``filters`` apply together (empty: everything passes). Rules may name its ``groups``.

    Filters of a chain are evaluated one after another. Traffic that none of them decides is denied, except traffic
    that passed the last filter in series.

    ``addresses``: private IPv4 addresses, all IPv6 addresses, and delegated ranges, each as the cloud lists it.
    ``public``: its public IPv4 addresses. ``public_ip_on_start``: it gets one when its host starts (None: unknown).
    ``secondary``: traffic of load balancers whose target is the host's id arrives at another interface.
    ``owner``: the owner of an interface that belongs to no host of the cluster. ``uncertain``: why it is unknown
    whether the interface opens connections ("": it can open them).
    """

    id: str
    subnet: str
    addresses: tuple[Addresses, ...]
    source: Source
    public: tuple[Addresses, ...] = ()
    filters: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    owner: str = ""
    public_ip_on_start: bool | None = False
    secondary: bool = False
    uncertain: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A managed control plane's API endpoint.

    The public side admits ``public_ranges`` and the entries of ``public_lists`` (ids of address lists). ``filters``
    guard the private side. ``gatekeeper``: a service that authenticates clients before the public side ("": none).
    ``remedy``: the procedure that restricts the endpoint, if that is not an edit of the public ranges ("": it is).
    ``for_all_or_nobody``: the public side lets in everyone or nobody, and no host of the cluster needs it.
    ``always_inside``: the ranges that a new list for the private side would let in by itself (empty: the private side
    can have no such list).
    """

    id: str
    service: Services
    public: bool
    public_ranges: Ranges
    private: bool
    network: str
    subnets: tuple[str, ...]
    filters: tuple[str, ...]
    groups: tuple[str, ...]
    source: Source
    address: str = ""
    gatekeeper: str = ""
    public_lists: tuple[str, ...] = ()
    remedy: str = ""
    written_by: Owner | None = None
    for_all_or_nobody: bool = False
    always_inside: Ranges = NO_ADDRESSES


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A service of the cloud that connects from ``ranges`` to any host, for users that ``gatekeeper`` lets through.

    ``gatekeeper`` is "" if it lets everyone through. It connects to ``services``. Rules may name its ``groups``.
    ``uncertain``: why it is unknown whether it leads to the cluster ("": it does). ``to_balancers``: it connects to
    load balancers too. ``keeps_clients``: ``ranges`` are the addresses of its clients, which the targets see.
    """

    id: str
    ranges: Ranges
    gatekeeper: str
    source: Source
    groups: tuple[str, ...] = ()
    services: Services = EVERY_SERVICE
    uncertain: str = ""
    to_balancers: bool = False
    keeps_clients: bool = False


@dataclass(frozen=True, slots=True)
class Topology:
    """The network facts of one cluster. Networks of its hosts have all their subnets here.

    ``external_members``: interfaces outside the cluster that are in one of ``groups``. ``neighbours``: interfaces
    outside the cluster that are in the subnets of its hosts or load balancers (None: not all are known).
    """

    networks: tuple[Network, ...] = ()
    subnets: tuple[Subnet, ...] = ()
    filters: tuple[Filter, ...] = ()
    groups: tuple[Group, ...] = ()
    address_lists: tuple[AddressList, ...] = ()
    balancers: tuple[Balancer, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    external_members: tuple[Interface, ...] = ()
    neighbours: tuple[Interface, ...] | None = None
    tunnels: tuple[Tunnel, ...] = ()
    outbound_addresses: Ranges = NO_ADDRESSES
    """The public addresses by which the cluster's hosts leave: their own, and those of address translation."""
