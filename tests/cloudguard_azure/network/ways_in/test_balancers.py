"""Load balancers of a made-up subscription: their targets, and the addresses and ports that they change."""

from __future__ import annotations

import pytest

from azure_networks import link
from azure_ways import API, Made, hidden, only_balancer, ways_into
from cloudguard.model.filters import Direction
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.source import FactKind
from cloudguard_azure.access import calls


def test_a_rule_sends_to_its_pool_and_preserves_the_client_address() -> None:
    account = Made()
    balancer = account.load_balancer("api", (443, 6443), public=account.public())
    account.host(pools=[account.pool(balancer)])
    front = only_balancer(account)
    (listener,) = front.listeners
    (target,) = listener.targets
    assert (front.internet_facing, front.keeps_destination, front.filters) == (True, False, ())
    assert (front.subnets, front.network) == ((account.nodes.lower(),), account.vnet.lower())
    assert front.addresses.cidrs() == (f"{API}/32",)
    assert front.health_checks.cidrs() == ("168.63.129.16/32",)
    assert front.transparent
    assert not front.dual_stack
    assert (str(listener.service), str(target.service)) == ("tcp/443", "tcp/6443")
    assert (listener.client_address, target.address.cidrs()) == (ClientAddress.PRESERVED, ())
    assert target.host.endswith("/virtualmachines/cp-0")
    assert not listener.port_ranges


def test_a_front_end_in_a_subnet_does_not_face_the_internet() -> None:
    account = Made()
    balancer = account.load_balancer("api", (443, 6443), subnet=account.nodes, address="10.0.0.200")
    account.host(pools=[account.pool(balancer)])
    front = only_balancer(account)
    assert (front.internet_facing, front.addresses.cidrs()) == (False, ("10.0.0.200/32",))


def test_with_floating_ip_packets_keep_the_front_end_as_destination() -> None:
    account = Made()
    balancer = account.load_balancer("web", (80, 80), public=account.public(), floating=True)
    account.host(pools=[account.pool(balancer)])
    front = only_balancer(account)
    assert front.keeps_destination
    assert front.addresses.cidrs() == (f"{API}/32",)


def test_without_a_floating_ip_setting_the_destination_is_unknown() -> None:
    account = Made()
    tags = {"k8s-azure-service": "shop/web"}
    balancer = account.load_balancer("web", (80, 80), public=account.public(tags=tags))
    del account.properties(balancer)["loadBalancingRules"][0]["properties"]["enableFloatingIP"]
    account.host(pools=[account.pool(balancer)])
    front = only_balancer(account)
    assert (front.keeps_destination, front.addresses.cidrs(), front.declared_service) == (True, (), "")


@pytest.mark.parametrize("end", ["frontendIPConfigurations", "backendAddressPools"])
def test_a_rule_named_only_by_its_front_end_and_pool_is_a_gap(end: str) -> None:
    account = Made()
    balancer = account.load_balancer("api", (443, 6443), public=account.public())
    inside = account.properties(balancer)
    inside[end][0]["properties"]["loadBalancingRules"] = [link(inside["loadBalancingRules"][0]["id"])]
    nic = account.host(pools=[account.pool(balancer)])
    assert only_balancer(account).listeners
    inside["loadBalancingRules"] = []
    account.elsewhere.add(f"{balancer}/loadBalancingRules/tcp-443")
    assert hidden(ways_into(account)[1]) == {FactKind.BALANCERS}
    del account.properties(nic)["ipConfigurations"][0]["properties"]["loadBalancerBackendAddressPools"]
    assert ways_into(account)[1].gaps == ()


def test_rules_with_and_without_floating_ip_are_separate() -> None:
    account = Made()
    balancer = account.load_balancer("web", (80, 80), (81, 8081), public=account.public())
    account.properties(balancer)["loadBalancingRules"][0]["properties"]["enableFloatingIP"] = True
    account.host(pools=[account.pool(balancer)])
    ways, _ = ways_into(account)
    assert [
        (balancer.keeps_destination, str(balancer.listeners[0].targets[0].service)) for balancer in ways.balancers
    ] == [
        (True, "tcp/80"),
        (False, "tcp/8081"),
    ]
    assert len({balancer.id for balancer in ways.balancers}) == 2


@pytest.mark.parametrize(
    ("protocol", "rule", "outside", "inside"),
    [
        ("All", (0, 0), "tcp,udp", "tcp,udp"),
        ("Udp", (53, 53), "udp/53", "udp/53"),
        ("Quic", (443, 443), "udp/443", "udp/443"),
    ],
)
def test_port_0_is_every_port(protocol: str, rule: tuple[int, int], outside: str, inside: str) -> None:
    account = Made()
    balancer = account.load_balancer("api", rule, subnet=account.nodes, address="10.0.0.200", protocol=protocol)
    account.host(pools=[account.pool(balancer)])
    (listener,) = only_balancer(account).listeners
    assert (str(listener.service), str(listener.targets[0].service)) == (outside, inside)
    assert bool(listener.port_ranges) == (protocol == "All")


@pytest.mark.parametrize(
    ("floating", "regional", "destination"), [(False, False, API), (True, False, "20.99.0.1"), (False, True, API)]
)
def test_a_global_balancer_leads_to_the_targets_of_its_regional_one(
    destination: str, *, floating: bool, regional: bool
) -> None:
    account = Made()
    near = account.load_balancer("api", (443, 6443), (80, 8080), public=account.public(), floating=regional)
    account.host(pools=[account.pool(near)])
    anycast = account.public_address("global", "20.99.0.1")
    far = account.load_balancer("global", (443, 443), public=anycast, floating=floating)
    account.get(far)["sku"]["tier"] = "Global"
    members = account.properties(account.pool(far))["loadBalancerBackendAddresses"]
    front = {"loadBalancerFrontendIPConfiguration": link(f"{near}/frontendIPConfigurations/front")}
    members.append({"name": "near", "properties": front})
    ways, api = ways_into(account)
    assert api.gaps == ()
    (found,) = [balancer for balancer in ways.balancers if balancer.name == "global/front"]
    assert found.internet_facing
    assert [(str(listener.service), str(listener.targets[0].service)) for listener in found.listeners] == [
        ("tcp/443", "tcp/6443")
    ]
    assert found.keeps_destination == (floating or regional)
    assert not found.keeps_destination or found.addresses.cidrs() == (f"{destination}/32",)


def test_traffic_through_appliances_in_front_is_uncertain() -> None:
    account = Made()
    gateway = account.load_balancer("nva", subnet=account.nodes, address="10.0.0.250", sku="Gateway")
    balancer = account.load_balancer("api", (443, 6443), public=account.public())
    front = account.properties(balancer)["frontendIPConfigurations"][0]["properties"]
    front["gatewayLoadBalancer"] = link(f"{gateway}/frontendIPConfigurations/front")
    account.host(pools=[account.pool(balancer)])
    ways, _ = ways_into(account)
    [found] = ways.balancers
    [appliances] = [guard for guard in ways.filters if guard.id in found.filters]
    assert found.internet_facing
    [incoming] = [rule for rule in appliances.rules if rule.direction is Direction.INGRESS]
    assert "the gateway load balancer nva may drop" in incoming.uncertain


def test_hosts_behind_a_gateway_load_balancer_are_a_gap() -> None:
    account = Made()
    gateway = account.load_balancer(
        "nva", (0, 0), subnet=account.nodes, address="10.0.0.250", sku="Gateway", protocol="All"
    )
    account.host(pools=[account.pool(gateway)])
    assert FactKind.BALANCERS in hidden(ways_into(account)[1])


@pytest.mark.parametrize(
    ("tags", "service"),
    [
        ({"k8s-azure-service": "shop/web,shop/api", "k8s-azure-cluster-name": "kubernetes"}, "shop/web,shop/api"),
        ({"service": "shop/web", "kubernetes-cluster-name": "kubernetes"}, "shop/web"),
        ({"service": "shop/web"}, ""),
        ({"k8s-azure-service": "web"}, ""),
        ({}, ""),
    ],
)
def test_tags_of_the_public_address_show_the_service(tags: dict[str, str], service: str) -> None:
    account = Made()
    balancer = account.load_balancer("kubernetes", (80, 80), public=account.public(tags=tags), floating=True)
    account.host(pools=[account.pool(balancer)])
    assert only_balancer(account).declared_service == service


@pytest.mark.parametrize(
    ("managed", "name"),
    [
        (True, "a0123456789abcdef0123456789abcde-TCP-80"),
        (True, "web"),
        (False, "a0123456789abcdef0123456789abcde-TCP-80"),
    ],
)
def test_names_show_a_service_only_if_aks_alone_gives_them(name: str, *, managed: bool) -> None:
    account = Made()
    account.managed_cluster(nodes_group="nodes", subnet=account.nodes, addresses=["10.0.0.4"])
    balancer = account.load_balancer(
        "kubernetes-internal", (80, 80), subnet=account.nodes, address="10.0.0.200", rg="nodes" if managed else ""
    )
    rule = account.properties(balancer)["loadBalancingRules"][0]
    rule |= {"id": f"{balancer}/loadBalancingRules/{name}", "name": name}
    account.host(rg="nodes", address="10.0.0.44", pools=[account.pool(balancer)])
    (front,) = ways_into(account)[0].balancers
    assert bool(front.declared_service) == (managed and name != "web")


@pytest.mark.parametrize(
    "call",
    [
        calls.LIST_LOAD_BALANCERS,
        calls.LIST_PRIVATE_LINK_SERVICES,
        calls.LIST_FIREWALLS,
        calls.LIST_APPLICATION_GATEWAYS,
    ],
)
def test_a_refused_call_is_a_gap(call: calls.Call) -> None:
    account = Made()
    account.host()
    assert FactKind.BALANCERS in hidden(ways_into(account, [call])[1])


def test_skus_of_public_front_ends_are_read() -> None:
    account = Made()
    one = account.load_balancer("a", (80, 80), public=account.public())
    two = account.load_balancer(
        "b", (81, 81), public=account.public_address("b", "20.50.0.8", sku="Basic"), sku="Basic"
    )
    three = account.load_balancer("c", (82, 82), subnet=account.nodes, address="10.0.0.200", sku="")
    account.host(pools=[account.pool(one), account.pool(two), account.pool(three)])
    ((_, skus),) = ways_into(account)[0].skus.items()
    assert skus == {"standard", "basic"}
