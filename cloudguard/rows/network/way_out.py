"""By which public addresses the cluster's own hosts come: a gateway's stay, a host's own go with the host."""

from __future__ import annotations

from cloudguard.model.cluster import Role
from cloudguard.needs.in_force import everyone
from cloudguard.packet_sets.addresses import ALL4, AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path
from cloudguard.reachability.senders import SenderKind
from cloudguard.results.change import PeerOf, RulePeer
from cloudguard.rows.context import Context


def own_addresses(context: Context) -> AddressSet:
    """Return the hosts' own public addresses of today: whoever takes a host's place has another."""
    interfaces = (one for host in context.cluster.hosts for one in host.interfaces)
    return AddressSet.union(address for one in interfaces for address in one.public)


def lasting_addresses(context: Context) -> AddressSet:
    """Return the addresses that hosts leave by and that stay: of gateways and balancers, no host's own."""
    return context.snapshot.topology.outbound_addresses - own_addresses(context)


def with_own_addresses(context: Context) -> tuple[HostClass, ...]:
    """Return the classes whose hosts, or next host, have public v4 addresses of their own, or may have."""
    return tuple(one for one in context.reach.classes if one.key.has_public_ipv4 is not False)


def way_out_peers(context: Context, path: Path) -> tuple[RulePeer, ...]:
    """Return whom a rule on ``path`` must go on letting in for hosts to reach the API by the internet.

    No host's own address: where hosts need the path by these, the peer stands for addresses that nobody knows.
    """
    lasting = tuple(RulePeer(PeerOf.RANGE, cidr) for cidr in lasting_addresses(context).cidrs())
    return (*lasting, RulePeer(PeerOf.WAY_OUT)) if needed_by_own_addresses(context, path) else lasting


def needed_by_own_addresses(context: Context, path: Path) -> bool:
    """Whether hosts need a path to the API by public addresses of their own.

    It lets them in today, and it leads by a balancer, whose name means its public addresses inside too, or to a host
    that some of them do not reach inside the network.
    """
    target = path.target
    if path.sender.kind is not SenderKind.INTERNET or not isinstance(target, HostClass):
        return False
    allowed = path.allowed.only(context.ports.api).upper
    addresses, senders = allowed.addresses(), with_own_addresses(context)
    if not senders or not target.has(Role.CONTROL_PLANE):
        return False
    if not addresses & own_addresses(context) and not (everyone(addresses) and any(one.pools for one in senders)):
        return False
    services = allowed.services()
    return path.balancer is not None or not all(_inside(context, one, target, services) for one in senders)


def _inside(context: Context, source: HostClass, target: HostClass, services: ServiceSet) -> bool:
    """Whether a class reaches all of ``services`` on a target inside their network."""
    path = context.reach.between(source, target)
    return PacketSet.of([(path.sender.addresses & ALL4, services)]) <= path.allowed.lower
