"""Phrases for findings about connections: senders, targets and services."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from cloudguard.model.network import Endpoint
from cloudguard.needs.in_force import is_everyone
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.senders import Sender, SenderKind
from cloudguard.results.wording import count, few
from cloudguard.rows.network.problem import Problem

FEW = 3
MOST_SPANS = 6


def target_text(target: HostClass | Endpoint) -> str:
    """Return the text for a target: one of its hosts, a pool's next host, or an endpoint."""
    if isinstance(target, Endpoint):
        return f"endpoint {target.id}"
    if target.hosts:
        host = target.hosts[0]
        return f"{host.id} ({host.name})" if host.name and host.name != host.id else host.id
    return f"the next host of {target.pools[0].name or target.pools[0].id}"


def subject(targets: Iterable[HostClass | Endpoint]) -> str:
    """Return the text for the targets of a problem, such as "12 nodes in 2 groups" or "the managed endpoint"."""
    classes, words = list[HostClass](), list[str]()
    for target in targets:
        if isinstance(target, Endpoint):
            words.append("the managed endpoint")
        else:
            classes.append(target)
    hosts = {host.id for host_class in classes for host in host_class.hosts}
    roles = {role for host_class in classes for role in host_class.key.roles}
    if hosts:
        kind = next((word for role, word in _ROLE_WORDS if roles == {*role}), "host")
        groups = {(host_class.key.filters, host_class.key.groups) for host_class in classes if host_class.hosts}
        spread = f" in {len(groups)} groups" if len(groups) > 1 else ""
        words.append(f"{count(len(hosts), kind)}{spread}")
    pools = {pool.name or pool.id for host_class in classes if not host_class.hosts for pool in host_class.pools}
    words += [f"the next host of {name}" for name in sorted(pools)]
    return " and ".join(dict.fromkeys(words))


_ROLE_WORDS = (
    (("node",), "node"),
    (("control-plane",), "control-plane host"),
    (("control-plane", "etcd"), "control-plane host"),
    (("etcd",), "etcd host"),
)


def connections(problem: Problem, services_name: Callable[[ServiceSet], str]) -> str:
    """Return the text that says who can connect to what, such as "A, B can connect to X, C to Y".

    Senders to the same services are listed together. ``services_name`` returns the text for services. Hosts of the
    cluster are counted, each host once.
    """
    by_services: dict[ServiceSet, list[str]] = {}
    for services, addresses in _outside(problem).items():
        by_services.setdefault(services, []).append(public_text(addresses))
    for name, services in _inside(problem):
        by_services.setdefault(services, []).append(name)
    pairs = [(few(names), services_name(services)) for services, names in by_services.items()]
    first = f"{pairs[0][0]} can connect to {pairs[0][1]}"
    more = f" and {len(pairs) - FEW} more senders to other services" if len(pairs) > FEW else ""
    return ", ".join([first, *(f"{names} to {services}" for names, services in pairs[1:FEW])]) + more


def _outside(problem: Problem) -> dict[ServiceSet, AddressSet]:
    """Return the public senders' addresses by the services that they reach."""
    services_of = defaultdict[AddressSet, ServiceSet](ServiceSet)
    for attribution in problem.attributions:
        if attribution.path.sender.kind is SenderKind.INTERNET:
            services_of[attribution.packets.addresses()] |= attribution.packets.services()
    addresses_of = defaultdict[ServiceSet, AddressSet](AddressSet)
    for addresses, services in services_of.items():
        addresses_of[services] |= addresses
    return addresses_of


def _inside(problem: Problem) -> list[tuple[str, ServiceSet]]:
    """Return the senders inside the network and the services that they reach. The cluster's hosts go by role."""
    services_of = defaultdict[str, ServiceSet](ServiceSet)
    of_role = defaultdict[tuple[str, str], ServiceSet](ServiceSet)
    for attribution in problem.attributions:
        services, sender = attribution.packets.services(), attribution.path.sender
        if sender.kind is SenderKind.INTERNET:
            continue
        if sender.hosts is None or not sender.hosts.hosts:
            services_of[_sender_text(sender, attribution.packets.addresses())] |= services
        else:
            for host in sender.hosts.hosts:
                of_role["/".join(sender.hosts.key.roles) or "unknown", host.id] |= services
    alike = Counter((role, services) for (role, _), services in of_role.items())
    counted = [(count(n, f"{role} host"), services) for (role, services), n in alike.items()]
    return [*services_of.items(), *counted]


def _sender_text(sender: Sender, reached: AddressSet) -> str:
    """Return the text for a sender with its part that gets in.

    For a group it is the number of its members, for a network the ranges in brackets.
    """
    if sender.kind is SenderKind.NETWORK:
        ranges = (cidr for cidr in sender.addresses.cidrs() if AddressSet.parse(cidr) & reached)
        return f"{sender.name} ({', '.join(ranges)})"
    members = sender.external_members
    inside = sum(any(addresses & reached for addresses in member.addresses) for member in members)
    return f"{inside} of {sender.name}" if 0 < inside < len(members) else sender.name


def public_text(addresses: AddressSet) -> str:
    """Return the text for public senders: "the internet", up to ``FEW`` ranges, or else the number of addresses."""
    if is_everyone(addresses):
        return "the internet"
    ranges = [*addresses.cidrs()]
    if len(ranges) <= FEW:
        return f"{', '.join(ranges)} on the internet"
    return count_text(addresses)


def count_text(public: AddressSet) -> str:
    """Return the number of public addresses in words, such as "4,097 public IPv4 addresses and IPv6 addresses"."""
    if not public.size4:
        return "public IPv6 addresses"
    return f"{public.size4:,} public IPv4 address{'es' if public.size4 > 1 else ''}" + (
        " and IPv6 addresses" if public.size6 else ""
    )


def services_text(services: ServiceSet) -> str:
    """Return services as a text that is short enough for a line."""
    spans = str(services).split(",")
    return ",".join(spans[:MOST_SPANS]) + (f" and {len(spans) - MOST_SPANS} more" if len(spans) > MOST_SPANS else "")
