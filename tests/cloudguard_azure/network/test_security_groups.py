"""The filters that guard an interface, with missing, shared and foreign security groups."""

from __future__ import annotations

from typing import Any

import pytest

from azure_answers import Answers
from azure_filters import (
    LOCATION,
    NETWORK,
    SUBNET,
    guards,
    network,
    peering,
    reference,
    resource,
    topology,
)
from cloudguard.intervals import address_point
from cloudguard.model.filters import Direction
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item
from cloudguard.reachability.filters import Filters, RuleTarget
from cloudguard_azure.access.calls import LIST_EFFECTIVE_ADMIN_RULES, LIST_SECURITY_GROUPS
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.network.guards import Guards
from cloudguard_azure.network.security_groups import read_admin_filter, read_security_groups
from cloudguard_azure.network.service_tags import ServiceTags
from cloudguard_azure.network.subnets import Places, virtual_networks

SSH = ServiceSet.parse("tcp/22")
OWN = AddressSet.parse("10.0.0.4")
OUTER, INNER = (canonical(str(reference("networkSecurityGroups", name)["id"])) for name in ("outer", "inner"))


GATEWAYS = {
    "id": f"{SUBNET.rpartition('/')[0]}/GatewaySubnet",
    "name": "GatewaySubnet",
    "properties": {"addressPrefix": "10.0.255.0/27"},
}


def rule(name: str, access: str, source: str, priority: int = 100, **more: object) -> Item:
    ends = {"sourceAddressPrefix": source, "destinationAddressPrefix": "*", "destinationPortRange": "22"}
    known = {"direction": "Inbound", "access": access, "protocol": "*", "priority": priority}
    return {"name": name, "properties": {**ends, **known, **more}}


def group(name: str, *rules: Item, **more: object) -> Item:
    return resource("networkSecurityGroups", name, securityRules=list(rules), **more)


def lets_in(made: Guards, tags: ServiceTags, chain: tuple[str, ...], source: str) -> tuple[bool, bool]:
    """Return whether SSH from ``source`` certainly gets in, and whether it possibly does."""
    allowed = (
        Filters(topology(made, tags)).allowed_traffic(chain, Direction.INGRESS, RuleTarget(addresses=OWN)).by_address
    )
    return allowed.lower.at(address_point(source)) >= SSH, allowed.upper.at(address_point(source)) >= SSH


@pytest.mark.parametrize(("outer", "inner"), [("Allow", "Deny"), ("Deny", "Allow"), ("Allow", "Allow")])
def test_the_groups_of_subnet_and_interface_must_both_permit(outer: str, inner: str) -> None:
    groups = [group("outer", rule("ssh", outer, "Internet")), group("inner", rule("ssh", inner, "*"))]
    made, tags, _ = guards(groups, network(group="outer"))
    chain = made.of_interface(SUBNET, (INNER,), internet=True)
    assert chain == (OUTER, INNER)
    both = outer == inner == "Allow"
    assert lets_in(made, tags, chain, "198.51.100.7") == (both, both)
    near = inner == "Allow"
    assert lets_in(made, tags, chain, "10.0.0.9") == (near, near), "the subnet's group guards from the subnet too"


@pytest.mark.parametrize(("internet", "expected"), [(True, (True, True)), (False, (False,) * 2), (None, (False, True))])
def test_without_a_group_the_sku_decides_only_on_the_internet(
    internet: Any,  # noqa: ANN401 - one of three
    expected: tuple[bool, bool],
) -> None:
    made, tags, _ = guards([], network())
    chain = made.of_interface(SUBNET, (), internet=internet)
    assert lets_in(made, tags, chain, "198.51.100.7") == expected
    assert lets_in(made, tags, chain, "10.0.7.7") == (True, True)
    assert not made.filters[chain[0]].editable


def test_an_unread_group_may_permit_what_the_other_group_permits() -> None:
    made, tags, _ = guards([group("outer", rule("ssh", "Allow", "Internet"))], network(group="outer"))
    chain = made.of_interface(SUBNET, (INNER,), internet=False)
    assert lets_in(made, tags, chain, "198.51.100.7") == (False, True)
    assert lets_in(made, tags, chain, "192.168.0.1") == (False, False)


def test_an_unread_subnet_may_have_any_group() -> None:
    made, tags, _ = guards([group("inner", rule("ssh", "Allow", "Internet"))])
    chain = made.of_interface(SUBNET, (INNER,), internet=False)
    assert lets_in(made, tags, chain, "198.51.100.7") == (False, True)
    assert lets_in(made, tags, (chain[0],), "198.51.100.7") == (False, True)


def test_default_rules_of_the_answer_are_used() -> None:
    own = rule("AllowAll", "Allow", "*", 65_000)
    made, tags, _ = guards([group("inner", defaultSecurityRules=[own])], network())
    chain = made.of_interface(SUBNET, (INNER,), internet=False)
    assert lets_in(made, tags, chain, "198.51.100.7") == (True, True)
    (shown,) = made.filters[INNER].rules
    assert shown.written_by is not None
    assert shown.written_by.id == "default-rule"


def test_one_group_in_two_networks_has_a_filter_for_each_network() -> None:
    other = resource(
        "virtualNetworks",
        "other",
        addressSpace={"addressPrefixes": ["172.16.0.0/16"]},
        subnets=[
            {
                "id": f"{NETWORK}2/subnets/hosts",
                "name": "hosts",
                "properties": {
                    "addressPrefix": "172.16.0.0/24",
                    "networkSecurityGroup": reference("networkSecurityGroups", "outer"),
                },
            }
        ],
    )
    made, tags, _ = guards([group("outer")], network(group="outer"), other)
    first, second = made.of_subnet(SUBNET), made.of_subnet(canonical(f"{NETWORK}2/subnets/hosts"))
    assert (first, second) == ((OUTER,), (f"{OUTER} in other/hosts",))
    assert lets_in(made, tags, first, "10.0.7.7") == (True, True)
    assert lets_in(made, tags, second, "10.0.7.7") == (False, False)
    assert made.of_subnet(SUBNET) == first


def test_a_network_of_public_addresses_is_inside_and_not_the_internet() -> None:
    groups = [group("outer", rule("ssh", "Deny", "VirtualNetwork")), group("inner", rule("ssh", "Allow", "Internet"))]
    made, tags, _ = guards(groups, network(group="outer", ranges=("20.0.0.0/16",)))
    outer, inner = (OUTER,), (INNER,)
    chains = [made.of_subnet(SUBNET), made.of_interface(SUBNET, inner, internet=False)]
    assert chains == [outer, (*outer, *inner)]
    assert lets_in(made, tags, outer, "20.0.7.7") == (False, False)
    assert lets_in(made, tags, inner, "20.0.7.7") == (True, True), "its default rule lets in what is near"
    near, far = (rule for rule in made.filters[INNER].rules if rule.id.startswith("ssh")), "20.1.0.1"
    assert [str(rule.peer) for rule in near] == ["Internet without vnet"]
    assert lets_in(made, tags, inner, far) == (True, True)


def test_the_virtualnetwork_tag_has_peers_ranges_and_may_have_routed_prefixes() -> None:
    home = network(
        peering("10.9.0.0/16", allowVirtualNetworkAccess=True),
        group="outer",
        routeTable={"id": "/subscriptions/s/routeTables/t"},
    )
    routed = {"/subscriptions/s/routetables/t": AddressSet.parse("0.0.0.0/0")}
    made, tags, _ = guards([group("outer")], home, routed=routed)
    chain = made.of_subnet(SUBNET)
    assert lets_in(made, tags, chain, "10.9.3.3") == (True, True)
    assert lets_in(made, tags, chain, "198.51.100.7") == (False, True)
    shut, tags, _ = guards(
        [group("outer")], network(peering("10.9.0.0/16", allowVirtualNetworkAccess=False), group="outer")
    )
    assert lets_in(shut, tags, shut.of_subnet(SUBNET), "10.9.3.3") == (False, False)


@pytest.mark.parametrize(
    ("more", "maybe"),
    [
        ({}, False),
        ({"destinationAddressPrefix": "VirtualNetwork"}, False),
        ({"sourceAddressPrefix": "10.0.0.0/24"}, True),
        ({"protocol": "Tcp"}, True),
        ({"destinationPortRange": "22"}, True),
        ({"sourcePortRange": "1024-65535"}, True),
        ({"destinationAddressPrefix": "10.0.9.0/24"}, True),
        ({"direction": "Outbound"}, True),
    ],
)
def test_a_denial_for_virtualnetwork_overrides_the_default_rules(more: dict[str, str], maybe: bool) -> None:  # noqa: FBT001 - a case
    shut = rule(
        "nobody", "Deny", "VirtualNetwork", 4096, **({"destinationPortRange": "*", "sourcePortRange": "*"} | more)
    )
    around = network(group="outer")
    around["properties"]["subnets"].append({**around["properties"]["subnets"][0], **GATEWAYS})
    made, tags, _ = guards([group("outer", shut)], around)
    assert lets_in(made, tags, made.of_subnet(SUBNET), "192.168.7.7") == (False, maybe)


def test_a_group_kept_by_aks_is_marked() -> None:
    api = Answers({LIST_SECURITY_GROUPS: [group("inner")]})
    read = [read_security_groups(api, name) or {} for name in ("net", "mc_other", "")]
    assert [security_groups[INNER].kept_by_aks for security_groups in read] == [True, False, False]


@pytest.mark.parametrize(
    ("access", "group_says", "expected"),
    [
        ("AlwaysAllow", "Deny", (True, True)),
        ("Deny", "Allow", (False, False)),
        ("Allow", "Deny", (False, False)),
        ("Allow", "Allow", (True, True)),
        ("Perhaps", "Allow", (False, True)),
    ],
)
def test_rules_of_a_network_manager_come_first(access: str, group_says: str, expected: tuple[bool, bool]) -> None:
    admin = {
        "id": f"{NETWORK}/rules/ssh",
        "properties": {
            "direction": "Inbound",
            "access": access,
            "protocol": "Tcp",
            "priority": 1,
            "sources": [{"addressPrefix": "Internet", "addressPrefixType": "ServiceTag"}],
            "destinations": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
            "sourcePortRanges": ["0-65535"],
            "destinationPortRanges": ["22"],
        },
    }
    api = Answers(
        {
            LIST_EFFECTIVE_ADMIN_RULES: [admin],
            LIST_SECURITY_GROUPS: [group("outer", rule("ssh", group_says, "Internet"))],
        }
    )
    networks = virtual_networks(api, [network(group="outer")])
    places, tags = Places(networks, {}), ServiceTags(api, LOCATION)
    first = read_admin_filter(api, canonical(NETWORK), tags, places.of_network(canonical(NETWORK)))
    assert first is not None
    made = Guards(read_security_groups(api, ""), places, tags, {canonical(NETWORK): first})
    assert lets_in(made, tags, made.of_interface(SUBNET, (), internet=False), "198.51.100.7") == expected
