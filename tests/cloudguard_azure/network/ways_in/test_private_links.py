"""Private link services of a made-up subscription, with and without a load balancer."""

from __future__ import annotations

from typing import Any

import pytest

from azure_networks import NETWORK, link
from azure_proxied import ADDRESS, Made
from azure_ways import hidden, targets_of_balancers, ways_into
from cloudguard.model.source import FactKind

ENDPOINT = "/subscriptions/other/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/p"


@pytest.mark.parametrize(
    ("rest", "allowed", "accepts_each"),
    [
        ({"visibility": {"subscriptions": ["*"]}, "autoApproval": {"subscriptions": ["*"]}}, ("*",), False),
        ({"visibility": {"subscriptions": ["*"]}, "autoApproval": {"subscriptions": ["s1"]}}, ("s1",), False),
        ({"visibility": {"subscriptions": ["s1"]}}, ("s1",), True),
        ({}, (), True),
    ],
)
def test_a_private_link_service_publishes_a_front_end(
    rest: dict[str, Any], allowed: tuple[str, ...], *, accepts_each: bool
) -> None:
    account = Made()
    nat = account.subnet(account.vnet, "nat", "10.0.7.0/28")
    configuration = {"name": "nat", "properties": {"subnet": link(nat)}}
    account.link_service(
        loadBalancerFrontendIpConfigurations=[link(account.front)], ipConfigurations=[configuration], **rest
    )
    (balancer,) = ways_into(account)[0].balancers
    (service,) = balancer.published
    assert (service.allowed, service.accepts_each) == (allowed, accepts_each)
    assert service.translated_to.cidrs() == ("10.0.7.0/28",)


def test_clients_of_a_service_with_unknown_subnets_may_have_any_address() -> None:
    account = Made()
    account.link_service(loadBalancerFrontendIpConfigurations=[link(account.front)])
    ((service,),) = (balancer.published for balancer in ways_into(account)[0].balancers)
    assert service.translated_to.cidrs() == ("0.0.0.0/0", "::/0")


def test_a_service_without_a_known_target_is_a_gap() -> None:
    account = Made()
    account.link_service()
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}


@pytest.mark.parametrize(
    ("states", "connected"),
    [
        (None, None),
        ((), False),
        (("Pending", "Rejected", "Disconnected"), False),
        (("Pending", "Approved"), True),
        (("Thinking",), None),
    ],
)
def test_a_service_has_clients_if_a_connection_is_approved(
    states: tuple[str, ...] | None, *, connected: bool | None
) -> None:
    account = Made()
    own = account.id(f"{NETWORK}/privateLinkServices", "api")
    listed = [
        {
            "id": f"{own}/privateEndpointConnections/{number}",
            "name": str(number),
            "properties": {"privateEndpoint": link(ENDPOINT), "privateLinkServiceConnectionState": {"status": state}},
        }
        for number, state in enumerate(states or ())
    ]
    rest: dict[str, Any] = {} if states is None else {"privateEndpointConnections": listed}
    account.link_service(loadBalancerFrontendIpConfigurations=[link(account.front)], **rest)
    ((service,),) = (balancer.published for balancer in ways_into(account)[0].balancers)
    assert service.connected is connected


@pytest.mark.parametrize(
    ("address", "services"),
    [(ADDRESS, {"tcp", "udp"}), ("10.0.0.200", {"tcp/6443"}), ("10.0.0.77", set[str]())],
)
def test_a_service_without_a_balancer_leads_to_a_host_or_its_balancer(address: str, services: set[str]) -> None:
    account = Made()
    nat = account.subnet(account.vnet, "nat", "10.0.7.0/28")
    configuration = {"name": "nat", "properties": {"subnet": link(nat)}}
    account.link_service("direct", destinationIPAddress=address, ipConfigurations=[configuration])
    ways, api = ways_into(account)
    assert api.gaps == ()
    found = {
        service for name, host, service in targets_of_balancers(ways) if name == "direct/direct" and host == "cp-0"
    }
    assert {part for one in found for part in one.split(",")} == services
    links = [balancer for balancer in ways.balancers if balancer.kind == "private link service"]
    assert [(link.internet_facing, [each.filtered for each in link.published]) for link in links] == (
        [(False, [False])] if services else []
    )


@pytest.mark.parametrize("linked", [True, False])
def test_a_service_in_a_network_without_a_connection_leads_nowhere(*, linked: bool) -> None:
    """Another network may have the same addresses. It matters only if it may be connected in an unread way."""
    account = Made()
    far = account.subnet(account.network("far", "10.0.0.0/16"), "nat", "10.0.7.0/28")
    if linked:
        account.subnet(account.vnet, "GatewaySubnet", "10.0.255.0/27")
    configuration = {"name": "nat", "properties": {"subnet": link(far)}}
    account.link_service("direct", destinationIPAddress=ADDRESS, ipConfigurations=[configuration])
    ways, api = ways_into(account)
    assert all(balancer.kind == "load balancer" for balancer in ways.balancers)
    assert hidden(api) == ({FactKind.BALANCERS} if linked else set())
