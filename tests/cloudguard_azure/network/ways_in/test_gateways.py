"""Bastions and service gateways of a made-up subscription."""

from __future__ import annotations

import pytest

from azure_networks import NETWORK, link
from azure_proxied import Made
from azure_ways import hidden, ways_into
from cloudguard.model.source import FactKind


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
