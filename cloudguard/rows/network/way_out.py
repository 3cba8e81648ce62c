"""The public addresses by which the cluster's hosts leave. A gateway's address lasts; a host's own goes with it."""

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
    """Return the public addresses that hosts have today. A host that replaces one of them has another address."""
    interfaces = (one for host in context.cluster.hosts for one in host.interfaces)
    return AddressSet.union(address for one in interfaces for address in one.public)


def lasting_addresses(context: Context) -> AddressSet:
    """Return the lasting addresses by which hosts leave: those of gateways and balancers, without hosts' own."""
    return context.snapshot.topology.outbound_addresses - own_addresses(context)


def with_own_addresses(context: Context) -> tuple[HostClass, ...]:
    """Return the classes whose hosts, or next host, have or may have public IPv4 addresses of their own."""
    return tuple(one for one in context.reach.classes if one.key.has_public_ipv4 is not False)


def way_out_peers(context: Context, path: Path) -> tuple[RulePeer, ...]:
    """Return the peers that a rule on ``path`` must keep letting in, so that hosts reach the API by the internet.

    Hosts' own addresses are not listed. If hosts need the path by these, one placeholder peer stands for them.
    """
    lasting = tuple(RulePeer(PeerOf.RANGE, cidr) for cidr in lasting_addresses(context).cidrs())
    return (*lasting, RulePeer(PeerOf.WAY_OUT)) if needed_by_own_addresses(context, path) else lasting


def needed_by_own_addresses(context: Context, path: Path) -> bool:
    """Whether hosts need a path to the API by public addresses of their own.

    They do if the path lets them in today, and if one of two things holds. The path leads through a balancer, whose
    name resolves to its public addresses inside the network too. Or some of the hosts cannot reach the target inside
    the network.
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
    """Whether a class reaches all of ``services`` on a target inside the network."""
    path = context.reach.between(source, target)
    return PacketSet.of([(path.sender.addresses & ALL4, services)]) <= path.allowed.lower
