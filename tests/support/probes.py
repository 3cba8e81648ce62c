"""What a probe of any cloud compares: who could connect to whom, one sender, target and service at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address, ip_network

from aws_probe import OUTSIDE, SERVICES, Service, named
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot

Pair = tuple[str, str, Service]
EXTERNAL_ADDRESSES = (*OUTSIDE, "10.0.250.9", "35.191.0.9", "168.63.129.16")
"""Addresses outside and inside that no host has: of balancers' health checks too."""
NEXT_OF, REPLACEMENT_OF, FRONT = "next of ", "replaces ", "front "
"""What the names begin with of a pool's next host, of the one that takes a host's place, and of a balancer's front."""


def pairs(
    hosts: Iterable[str], passes: Callable[[str, str, Service], bool], services: Iterable[Service] = SERVICES
) -> set[Pair]:
    """Return every sender (a host's name, or a stranger's address), target and service that get through."""
    targets, asked = [*hosts], [*services]
    return {
        (sender, target, service)
        for sender in (*targets, *EXTERNAL_ADDRESSES)
        for target in targets
        if sender != target
        for service in asked
        if passes(sender, target, service)
    }


def compared(snapshot: Snapshot, before: set[Pair], after: set[Pair]) -> tuple[str, str]:
    """Return what opened, and what every cluster needs and is gone, "" for none."""
    hosts = snapshot.cluster.hosts_and_pools
    roles = {name.lower(): frozenset(host.roles) for host in hosts for name in (host.name, host.id)}
    lost = {pair for pair in before - after if _needed(roles, pair)}
    opened = after - before
    return named(opened) if opened else "", named(lost) if lost else ""


def _needed(roles: Mapping[str, frozenset[Role]], pair: Pair) -> bool:
    sender, target, (protocol, port) = pair
    names = (name.removeprefix(NEXT_OF).removeprefix(REPLACEMENT_OF).lower() for name in (sender, target))
    own_roles, other = (roles.get(name, frozenset()) for name in names)
    if protocol == "6" and own_roles and target.startswith(FRONT):
        return port in {443, 6443}
    if protocol != "6" or not own_roles or not other:
        return False
    if port == 10250:
        return Role.CONTROL_PLANE in own_roles
    if port == 6443:
        return Role.CONTROL_PLANE in other
    return port in {2379, 2380} and Role.CONTROL_PLANE in own_roles and Role.ETCD in other


def within(address: str, cidr: str) -> bool:
    """Whether an address is in a range of its version."""
    own_address, range_ = ip_address(address), ip_network(cidr, strict=False)
    return own_address.version == range_.version and own_address in range_


def unused_address(cidr: str) -> str:
    """Return an address of a subnet that nobody had."""
    return str(ip_network(cidr)[-3])


def in_ports(ports: Iterable[str], port: int) -> bool:
    """Whether a port is in a list of ports and spans ("80", "8000-9000", "*"); an empty list has all."""
    spans = [port.partition("-") for port in ports]
    return not spans or any(first == "*" or int(first) <= port <= int(last or first) for first, _, last in spans)
