"""The network as a cloud describes it: networks, subnets with their routes, interfaces, managed endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudguard.model.filters import AddressList, Filter, Group
from cloudguard.model.load_balancers import Balancer
from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import EVERY_SERVICE, NO_ADDRESSES, Addresses, Ranges, Services


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
    """Longest prefix wins. It is for ``destination``, one range, or for the entries of ``address_list`` (an id).

    Where the entries are not known, they lie within ``destination`` (empty: they may be anywhere).
    """

    destination: Addresses
    hop: NextHop
    target: str
    source: Source
    address_list: str = ""


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet: its ranges, the filters at its boundary, in order, and its routes.

    ``public_by_default``, ``ipv6_by_default``: a new interface gets a public v4 address, a v6 address.
    ``inspected``: connections from the internet pass an appliance first, whose rules are not read.
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
    """A private network (VPC, virtual network) and its ranges."""

    id: str
    name: str
    ranges: Ranges
    source: Source
    internet_gateway: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface. ``filters`` apply together (none: everything passes); rules may name its ``groups``.

    Filters of a chain are evaluated one after the other; what none of them decides is denied, but for what passed the
    last of those in series.

    ``addresses``: private v4 and all v6 addresses, and delegated ranges, each as the cloud lists it; ``public``: v4
    addresses that the internet knows it by. ``public_ip_on_start``: it gets one when its host starts (None: unknown).
    ``secondary``: what a load balancer sends to its host, by the host's id, arrives at another interface.
    ``owner``: whose it is, where it belongs to no host of the cluster. ``uncertain``: why it is not known whether it
    opens connections ("": it may).
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

    The public side admits ``public_ranges`` and the entries of ``public_lists`` (ids of address lists); ``filters``
    guard the private side. ``gatekeeper``: what else authenticates clients before the public side ("": nothing).
    ``remedy``: what shuts it, or guards its private side, where that is not the list of public ranges ("": it is).
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


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A service of the cloud that connects from ``ranges`` to any host, for whoever ``gatekeeper`` lets through.

    ``gatekeeper`` is "" where it lets through everyone. It connects to ``services``; rules may name its ``groups``.
    ``uncertain``: why it is not known whether it leads to the cluster ("": it does); ``to_balancers``: to load
    balancers too.
    """

    id: str
    ranges: Ranges
    gatekeeper: str
    source: Source
    groups: tuple[str, ...] = ()
    services: Services = EVERY_SERVICE
    uncertain: str = ""
    to_balancers: bool = False


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything about the network that concerns one cluster; of a network that its hosts stand in, every subnet.

    ``external_members``: interfaces outside the cluster in one of ``groups``. ``neighbours``: those in the
    subnets of its hosts; None: not all are known.
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
    """Public addresses that the cluster's hosts leave by: their own, and those of address translation."""
