"""Members of load balancers in a made-up subscription, and outbound addresses of hosts."""

from __future__ import annotations

import pytest

from azure_fixtures import Subscription
from azure_networks import link
from azure_ways import API, OTHERS, Made, hidden, only_balancer, targets_of_balancers, ways_into
from cloudguard.model.source import FactKind


@pytest.mark.mistake("way-in-left-out")
def test_nat_rules_of_both_forms_and_nat_pools_lead_to_ssh() -> None:
    account = Made()
    balancer = account.load_balancer("ssh", public=account.public())
    nic = account.host(pools=[account.pool(balancer)])
    account.host("cp-1", "10.0.0.5", pools=[account.pool(balancer)])
    account.nat_rule(balancer, "one", 2200, 22, interface=nic)
    account.nat_rule(balancer, "all", 5000, 22, last=5009)
    front = only_balancer(account)
    assert [
        (str(listener.service), len(listener.targets), bool(listener.port_ranges)) for listener in front.listeners
    ] == [
        ("tcp/2200", 1, False),
        ("tcp/5000-5009", 2, True),
    ]
    assert {str(target.service) for listener in front.listeners for target in listener.targets} == {"tcp/22"}


def nat_pool(account: Subscription, balancer: str) -> str:
    """Add a NAT pool to SSH. Return its id."""
    own = f"{balancer}/inboundNatPools/ssh"
    inside = {
        "frontendIPConfiguration": link(f"{balancer}/frontendIPConfigurations/front"),
        "frontendPortRangeStart": 50000,
        "frontendPortRangeEnd": 50119,
        "backendPort": 22,
        "protocol": "Tcp",
    }
    account.properties(balancer)["inboundNatPools"].append({"id": own, "name": "ssh", "properties": inside})
    return own


@pytest.mark.mistake("next-host-left-out")
def test_a_scale_set_without_members_is_behind_its_profile_s_balancers() -> None:
    account = Made()
    balancer = account.load_balancer("ssh", (443, 6443), public=account.public())
    pool = nat_pool(account, balancer)
    own = account.scale_set("nodes", account.nodes, pools=[account.pool(balancer)])
    profile = account.properties(own)["virtualMachineProfile"]["networkProfile"]
    configuration = profile["networkInterfaceConfigurations"][0]["properties"]["ipConfigurations"][0]["properties"]
    configuration["loadBalancerInboundNatPools"] = [link(pool)]
    assert targets_of_balancers(ways_into(account)[0]) == {
        ("ssh/front", "nodes", "tcp/6443"),
        ("ssh/front", "nodes", "tcp/22"),
    }


def test_members_of_a_uniform_scale_set_are_found_by_their_own_ids() -> None:
    account = Made()
    balancer = account.load_balancer("api", (443, 6443), public=account.public())
    account.scale_set("nodes", account.nodes, "10.0.0.7", "10.0.0.8", pools=[account.pool(balancer)])
    assert targets_of_balancers(ways_into(account)[0]) == {
        ("api/front", name, "tcp/6443") for name in ("0", "1", "nodes")
    }


@pytest.mark.mistake("way-in-left-out")
def test_a_pool_by_address_leads_to_the_host_with_the_address_in_its_network() -> None:
    account = Made()
    elsewhere = account.network("elsewhere")
    pools = [("10.0.0.4", account.vnet), ("10.0.0.5", elsewhere), ("10.0.0.99", account.vnet)]
    account.load_balancer("api", (443, 6443), public=account.public(), addresses=pools)
    account.host()
    account.host("cp-1", "10.0.0.5")
    assert targets_of_balancers(ways_into(account)[0]) == {("api/front", "cp-0", "tcp/6443")}


def test_a_pod_s_address_is_not_its_host_s() -> None:
    account = Made()
    account.load_balancer("web", (80, 8080), public=account.public(), addresses=[("10.0.0.40", account.vnet)])
    nic = account.host()
    second = account.properties(nic)["ipConfigurations"]
    inside = second[0]["properties"] | {"primary": False, "privateIPAddress": "10.0.0.40"}
    second.append({"id": f"{nic}/ipConfigurations/pod", "name": "pod", "properties": inside})
    (listener,) = only_balancer(account).listeners
    assert [target.address.cidrs() for target in listener.targets] == [("10.0.0.40/32",)]


def test_foreign_members_of_a_balancer_do_not_count() -> None:
    account = Made()
    account.host()
    balancer = account.load_balancer("theirs", (22, 22), public=account.public(), protocol="Tcp")
    account.host("theirs", "10.0.0.9", rg=OTHERS, pools=[account.pool(balancer)])
    account.properties(balancer)["loadBalancingRules"][0]["properties"]["protocol"] = "Carrier pigeon"
    ways, api = ways_into(account)
    assert (ways.balancers, api.gaps) == ((), ())


def test_an_outbound_only_balancer_is_no_way_in() -> None:
    account = Made()
    balancer = account.load_balancer("out", public=account.public(), outbound=True)
    account.host(pools=[account.pool(balancer)])
    ways, _ = ways_into(account)
    assert ways.balancers == ()
    assert ways.outbound_addresses.cidrs() == (f"{API}/32",)


def test_outbound_addresses_are_those_of_hosts_nat_gateways_and_outbound_rules() -> None:
    account = Made()
    address = account.public_address("nat", "20.1.0.1")
    prefix = account.add("Microsoft.Network/publicIPPrefixes", "more", {"ipPrefix": "20.2.0.0/30", "prefixLength": 30})
    gateway = account.add(
        "Microsoft.Network/natGateways",
        "nat",
        {"publicIpAddresses": [link(address)], "publicIpPrefixes": [link(prefix)]},
        sku={"name": "Standard"},
    )
    account.properties(account.nodes)["natGateway"] = link(gateway)
    balancer = account.load_balancer("web", (80, 80), public=account.public())
    account.properties(balancer)["loadBalancingRules"][0]["properties"]["disableOutboundSnat"] = False
    account.host(pools=[account.pool(balancer)])
    account.public_address("theirs", "20.9.0.1")
    ways, _ = ways_into(account)
    assert ways.outbound_addresses.cidrs() == ("20.1.0.1/32", "20.2.0.0/30", f"{API}/32")


@pytest.mark.mistake("way-in-left-out")
def test_a_balancer_of_another_subscription_is_read_if_an_interface_names_it() -> None:
    theirs = Subscription("11111111-1bf0-4dda-aec3-cb9272f09590")
    account = Made()
    balancer = theirs.load_balancer("api", (443, 6443), public=theirs.public_address("api", API))
    account.host(pools=[theirs.pool(balancer)])
    account.items |= theirs.items
    assert targets_of_balancers(ways_into(account)[0]) == {("api/front", "cp-0", "tcp/6443")}
    del account.items[balancer.lower()]
    ways, api = ways_into(account)
    assert ways.balancers == ()
    assert hidden(api) == {FactKind.BALANCERS}
