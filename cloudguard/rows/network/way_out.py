"""The public addresses from which the cluster's hosts connect to the internet: those of gateways, and the hosts' own.

A gateway keeps its address. A host's own public address is lost when the host is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.model.cluster import Role
from cloudguard.needs.in_force import is_everyone
from cloudguard.packet_sets.addresses import ALL4, AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.narrowing.peer_names import range_peers
from cloudguard.reachability.paths import Path
from cloudguard.reachability.senders import SenderKind
from cloudguard.results.change import PeerOf, RulePeer
from cloudguard.results.wording import few
from cloudguard.rows.context import Context


def own_addresses(context: Context) -> AddressSet:
    """Return the public addresses that hosts have today. A host that replaces one of them has another address."""
    interfaces = (interface for host in context.cluster.hosts for interface in host.interfaces)
    return AddressSet.union(address for interface in interfaces for address in interface.public)


def lasting_addresses(context: Context) -> AddressSet:
    """Return the lasting addresses by which hosts leave: those of gateways and balancers, without hosts' own."""
    return context.snapshot.topology.outbound_addresses - own_addresses(context)


def with_own_addresses(context: Context) -> tuple[HostClass, ...]:
    """Return the classes whose hosts, or next host, have or may have public IPv4 addresses of their own.

    Known bastions are left out: people use them to reach hosts by SSH, and Kubernetes runs nothing on them.
    """
    classes = (host_class for host_class in context.reach.classes if not host_class.known_bastions)
    return tuple(host_class for host_class in classes if host_class.key.has_public_ipv4 is not False)


def way_out_peers(context: Context, path: Path) -> tuple[RulePeer, ...]:
    """Return the peers that a rule on ``path`` must keep letting in, so that hosts reach the API by the internet.

    Hosts' own addresses are not listed. If hosts need the path by these, one placeholder peer stands for them.
    """
    lasting = range_peers(lasting_addresses(context).cidrs())
    using = using_own_addresses(context, path)
    return (*lasting, RulePeer(PeerOf.WAY_OUT, _hosts_text(context, path, using))) if using else lasting


def using_own_addresses(context: Context, path: Path) -> tuple[HostClass, ...]:
    """Return the classes whose hosts may need a path to the API by public addresses of their own.

    They do if the path lets them in today from an address that is not an administrator's, and if one of two things
    holds. Hosts of the class cannot reach the target inside the network. Or the path leads through a balancer, whose
    name may resolve to its public addresses inside the network too, and the user does not declare ``api-inside``.
    """
    target = path.target
    if path.sender.kind is not SenderKind.INTERNET or not isinstance(target, HostClass):
        return ()
    allowed = path.allowed.only(context.ports.api).upper
    addresses = allowed.addresses() - context.administrators
    if not target.has(Role.CONTROL_PLANE):
        return ()
    senders = tuple(address for address in with_own_addresses(context) if _may_come_from(address, addresses))
    if path.balancer is not None and not context.declarations.api_inside:
        return senders
    return tuple(sender for sender in senders if not _inside(context, sender, target, allowed.services()))


def _may_come_from(source: HostClass, addresses: AddressSet) -> bool:
    """Whether hosts of a class have public addresses in ``addresses``, or whether future hosts may have some."""
    known = AddressSet.union(addresses for nic in source.interfaces for addresses in nic.public)
    unknown = bool(source.pools) or source.key.has_public_ipv4 is None
    return bool(known & addresses) or (unknown and is_everyone(addresses))


def _hosts_text(context: Context, path: Path, using: tuple[HostClass, ...]) -> str:
    """Return the hosts of classes in words if all of them also reach the API inside their network, else "".

    Examples: "edge (203.0.113.7)", "the next host of nodes".
    """
    services = path.allowed.only(context.ports.api).upper.services()
    if isinstance(path.target, HostClass) and all(
        _inside(context, host_class, path.target, services) for host_class in using
    ):
        return few(tuple(dict.fromkeys(name for host_class in using for name in _names(host_class))))
    return ""


def _names(source: HostClass) -> Iterator[str]:
    for host in source.hosts:
        addresses = AddressSet.union(addresses for nic in host.interfaces for addresses in nic.public)
        known = f" ({', '.join(addresses.texts())})" if addresses else ""
        yield (host.name or host.id) + known
    yield from (f"the next host of {pool.name or pool.id}" for pool in source.pools)


def _inside(context: Context, source: HostClass, target: HostClass, services: ServiceSet) -> bool:
    """Whether a class reaches all of ``services`` on a target inside the network, directly or by a balancer."""
    paths = context.reach.host_paths(source, target, services)
    inside = [path for path in paths if path.balancer is None or not path.balancer.internet_facing]
    reached = PacketSet.union(path.allowed.lower for path in inside)
    return all(PacketSet.product(path.sender.addresses & ALL4, services) <= reached for path in inside)
