"""Clients of published services: whether one is connected, and the addresses at which targets see them."""

from __future__ import annotations

import pytest

from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.network.published_services import client_addresses, is_connected

INSIDE = AddressSet.parse("10.0.0.0/24")


@pytest.mark.parametrize(
    ("states", "connected"),
    [
        ((), False),
        (("pending", "rejected"), False),
        (("pending", "approved"), True),
        (("odd",), None),
        (("odd", "approved"), True),
    ],
)
def test_an_endpoint_in_an_unknown_state_may_be_connected(states: tuple[str, ...], connected: bool | None) -> None:  # noqa: FBT001
    assert is_connected(states, "approved", {"pending", "rejected"}) is connected


@pytest.mark.parametrize(
    ("subnets", "addresses"),
    [(("a",), INSIDE), (("a", "unread"), AddressSet.everything()), ((), AddressSet.everything())],
)
def test_clients_in_an_unread_subnet_may_have_any_address(subnets: tuple[str, ...], addresses: AddressSet) -> None:
    assert client_addresses(subnets, {"a": INSIDE}) == addresses
