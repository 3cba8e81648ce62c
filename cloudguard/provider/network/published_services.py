"""Services that offer a balancer to other networks: whether a client is connected, and the clients' addresses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from cloudguard.packet_sets.addresses import AddressSet


def is_connected(states: Iterable[str], accepted: str, shut: Collection[str]) -> bool | None:
    """Return whether the owner has ``accepted`` an endpoint in one of ``states``. None: a state does not show it.

    ``shut``: the states in which an endpoint cannot connect.
    """
    others = {*states}.difference(shut)
    return accepted in others or (None if others else False)


def client_addresses(subnets: Iterable[str], ranges: Mapping[str, AddressSet]) -> AddressSet:
    """Return the addresses of clients in ``subnets`` of a service: all, if one was not read or there is none.

    ``ranges``: dict of subnet id → addresses.
    """
    every = AddressSet.everything()
    return AddressSet.union([ranges.get(name, every) for name in subnets] or [every])
