"""Opened traffic between two drawn accounts is exactly what a packet-by-packet walk finds in the later one only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from builders import SOURCE
from cloudguard.comparison.traffic import gains
from cloudguard.model.filters import Group
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.comparison import TrafficChange
from drawn_accounts import GROUPS, account
from draws import seeds
from oracle_reach import Sender, Service, address_of, directly

PORTS = tuple(Service("tcp", port) for port in (22, 443, 2379, 6443, 10250, 30000))
OUTSIDE = ("198.51.100.7", "198.51.100.200", "8.8.8.8", "2600::1")
STRANGE = ("10.0.0.77", "10.0.1.77", "2001:db8:0:1::77")
Packet = tuple[str, str, int]
"""(sender's address, host id, port)."""


def pair(seed: int) -> tuple[Snapshot, Snapshot]:
    """Return two accounts with the same machines, where some filters have other rules."""
    dice = Random(seed)
    before = account(dice)
    groups = tuple(Group(name, name, SOURCE) for name in GROUPS)  # the members of all groups are known
    before = replace(before, topology=replace(before.topology, groups=groups))
    other = {guard.id: guard for guard in account(Random(seed + 1_000_000)).topology.filters}
    filters = tuple(other[guard.id] if dice.random() < 1 / 2 else guard for guard in before.topology.filters)
    return before, replace(before, topology=replace(before.topology, filters=filters))


def senders(snapshot: Snapshot) -> Iterator[Sender]:
    """Yield the senders with a fixed address: strangers with and without groups, and the internet."""
    for port in snapshot.topology.external_members:
        yield Sender(address_of(port), port.groups)
    yield from (Sender(address) for address in STRANGE)
    yield from (Sender(address, internet=True) for address in OUTSIDE)


def packets_through(snapshot: Snapshot) -> set[Packet]:
    """Return the packets that get through."""
    return {
        (sender.address, host.id, service.port)
        for host in snapshot.cluster.hosts
        for port in host.interfaces
        for sender in senders(snapshot)
        for service in PORTS
        if any((":" in sender.address) == (":" in str(address)) for address in port.addresses)
        if directly(snapshot.topology, port, sender, service)
    }


def packets_of(changes: tuple[TrafficChange, ...], snapshot: Snapshot) -> set[Packet]:
    """Return the packets in the changes."""
    found = set[Packet]()
    for change in changes:
        hosts = [host.id for host in snapshot.cluster.hosts if host.id in change.target.replace(",", "").split()]
        for part in change.packets:
            addresses = AddressSet.of(filter(None, part.addresses.split(",")))
            inside = [sender.address for sender in senders(snapshot) if AddressSet.parse(sender.address) & addresses]
            ports = [
                service.port
                for service in PORTS
                if ServiceSet.parse(f"tcp/{service.port}") & ServiceSet.parse(part.services)
            ]
            found |= {(address, host, port) for address in inside for host in hosts for port in ports}
    return found


@pytest.mark.parametrize("seed", seeds(60))
def test_opened_and_closed_traffic_agrees_with_a_walk(seed: int) -> None:
    before, after = pair(seed)
    was, now = packets_through(before), packets_through(after)
    opened, closed = gains(before, after), gains(after, before)
    assert (opened.perhaps, closed.perhaps) == ((), ())
    assert packets_of(opened.certain, after) == now - was
    assert packets_of(closed.certain, before) == was - now


@pytest.mark.parametrize("seed", seeds(20))
def test_an_account_compared_with_itself_opened_nothing(seed: int) -> None:
    before, _ = pair(seed)
    assert gains(before, before) == gains(before, replace(before, tool="another"))
    assert gains(before, before).certain == ()
