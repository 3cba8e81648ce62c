"""Private link services, bastions and service gateways of a made-up subscription."""

from __future__ import annotations

from typing import Any

import pytest

from azure_networks import NETWORK, link
from azure_proxied import ADDRESS, Made
from azure_ways import hidden, ways_into
from cloudguard.model.source import FactKind


@pytest.mark.parametrize(
    ("rest", "allowed", "accepts_each"),
    [
        ({"visibility": {"subscriptions": ["*"]}, "autoApproval": {"subscriptions": ["*"]}}, ("*",), False),
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
    ((service,),) = (one.published for one in ways_into(account)[0].balancers)
    assert service.translated_to.cidrs() == ("0.0.0.0/0", "::/0")


def test_a_service_without_a_known_target_is_a_gap() -> None:
    account = Made()
    account.link_service()
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}


@pytest.mark.parametrize(("address", "gap"), [(ADDRESS, True), ("10.0.0.200", True), ("10.0.0.77", False)])
def test_a_service_with_the_cluster_s_address_as_target_is_a_gap(address: str, *, gap: bool) -> None:
    account = Made()
    account.link_service(destinationIPAddress=address)
    assert (hidden(ways_into(account)[1]) == {FactKind.BALANCERS}) == gap


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("of", ["vnet", "hub"])
def test_a_bastion_is_a_tunnel_from_its_subnet_guarded_by_its_gatekeeper(of: str, *, shared: bool) -> None:
    account = Made()
    place = {"vnet": account.vnet, "hub": account.hub}[of]
    cidr = "10.0.8.0/26" if of == "vnet" else "10.9.8.0/26"
    account.bastion(account.subnet(place, "AzureBastionSubnet", cidr), enableShareableLink=shared)
    (tunnel,) = ways_into(account)[0].tunnels
    assert tunnel.ranges.cidrs() == (cidr,)
    assert ("link" in tunnel.gatekeeper) == shared
    assert tunnel.gatekeeper.startswith("Azure Bastion")


def test_a_developer_bastion_connects_from_the_health_check_address() -> None:
    account = Made()
    account.bastion(network=account.vnet)
    (tunnel,) = ways_into(account)[0].tunnels
    assert tunnel.ranges.cidrs() == ("168.63.129.16/32",)


def test_bastions_of_other_networks_do_not_reach_the_hosts() -> None:
    account = Made()
    far = account.network("far", "10.99.0.0/16")
    account.bastion(account.subnet(far, "AzureBastionSubnet", "10.99.8.0/26"))
    ways, api = ways_into(account)
    assert (ways.tunnels, api.gaps) == ((), ())


@pytest.mark.parametrize("configured", [True, False])
def test_a_bastion_without_a_known_network_is_a_gap(*, configured: bool) -> None:
    account = Made()
    listed = account.properties(account.bastion())["ipConfigurations"]
    if configured:
        listed.append({"name": "ip", "properties": {}})
    ways, api = ways_into(account)
    assert (ways.tunnels, hidden(api)) == ((), {FactKind.ROUTES})


def test_a_service_gateway_is_a_gap() -> None:
    account = Made()
    account.properties(account.nodes)["serviceGateway"] = link(account.id(f"{NETWORK}/serviceGateways", "sg"))
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}
