"""Only a rule that denies the metadata service's tag keeps a machine, and its pods, from the metadata service."""

from __future__ import annotations

from typing import Any

import pytest

from azure_answers import Answers, capz_tag, resource
from azure_fixtures import Subscription
from azure_rules import ANY, rule
from azure_ways import Served
from cloudguard.provider.network.metadata_server import OPEN_METADATA
from cloudguard.provider.port import CollectRequest
from cloudguard_azure.access.calls import LIST_SECURITY_GROUPS
from cloudguard_azure.cluster.find import find
from cloudguard_azure.cluster.hosts import read_hosts
from cloudguard_azure.network.guards import Guards
from cloudguard_azure.network.security_groups import SecurityGroup, read_security_groups
from cloudguard_azure.network.service_tags import ServiceTags
from cloudguard_azure.network.subnets import Places
from cloudguard_azure.network.topology import read_around

DENY = {
    "direction": "Outbound",
    "access": "Deny",
    "protocol": "*",
    "priority": 200,
    "sourceAddressPrefix": "*",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "AzurePlatformIMDS",
    "destinationPortRange": "*",
}


def group(*rules: dict[str, Any]) -> SecurityGroup:
    listed = [{"name": f"rule{place}", "properties": rule} for place, rule in enumerate(rules)]
    item = resource("network", "Microsoft.Network/networkSecurityGroups", "nodes", securityRules=listed)
    security_groups = read_security_groups(Answers({LIST_SECURITY_GROUPS: [item]}), "")
    assert security_groups is not None
    return next(iter(security_groups.values()))


@pytest.mark.parametrize("denied", [True, False])
@pytest.mark.parametrize("on_interface", [True, False])
def test_a_group_of_the_subnet_or_interface_can_block_the_metadata_service(*, on_interface: bool, denied: bool) -> None:
    account = Subscription()
    deny = [
        rule(
            "imds", 200, source=ANY, destination="AzurePlatformIMDS", protocol=ANY, access="Deny", direction="Outbound"
        )
    ]
    nsg = account.security_group("nodes", *(deny if denied else []))
    subnet = account.subnet(account.network(), nsg="" if on_interface else nsg)
    account.machine("mine", subnet, "10.0.0.4", nsg=nsg if on_interface else "", tags=capz_tag())
    api = Served(account)
    cluster = find(api, CollectRequest(cluster="prod"))
    [host] = read_around(api, cluster, read_hosts(api, cluster), ()).hosts
    assert host.metadata is not None
    assert host.metadata.enabled is not denied


def test_with_unread_security_groups_the_metadata_service_is_unknown() -> None:
    assert Guards(None, Places({}, {}), ServiceTags(Answers({}), ""), {}).metadata(OPEN_METADATA, []) is None


ODD: tuple[dict[str, Any], ...] = (
    {"destinationAddressPrefix": "*"},
    {"destinationAddressPrefix": "169.254.169.254/32"},
    {"destinationAddressPrefix": "AzurePlatformDNS"},
    {"direction": "Inbound"},
    {"access": "Allow"},
    {"access": "Novelty"},
    {"protocol": "Udp"},
    {"destinationPortRange": "443"},
    {"destinationPortRange": "81-90"},
    {"destinationPortRange": ""},
    {"sourceAddressPrefix": "10.0.0.0/24"},
    {"sourceAddressPrefix": ""},
    {"sourcePortRange": "1000-2000"},
)


@pytest.mark.parametrize("change", ODD)
def test_another_rule_leaves_the_metadata_service_open(change: dict[str, Any]) -> None:
    assert not group(DENY | change).denies_metadata


WHOLE: tuple[dict[str, Any], ...] = (
    {"direction": "OUTBOUND", "access": "deny", "destinationAddressPrefix": "azureplatformimds"},
    {"destinationAddressPrefix": "", "destinationAddressPrefixes": ["AzurePlatformDNS", "AzurePlatformIMDS"]},
    {"protocol": "Tcp", "destinationPortRange": "80"},
    {"destinationPortRange": "", "destinationPortRanges": ["53", "79-81"]},
    {"sourceAddressPrefix": "VirtualNetwork"},
)


@pytest.mark.parametrize("change", WHOLE)
def test_an_equivalent_rule_blocks_the_metadata_service(change: dict[str, Any]) -> None:
    assert group(DENY | change).denies_metadata


@pytest.mark.parametrize(("priority", "expected"), [(100, True), (300, False)])
def test_the_rule_with_the_lower_priority_number_decides(priority: int, *, expected: bool) -> None:
    security_group = group(DENY, DENY | {"access": "Allow", "priority": priority})
    assert security_group.denies_metadata is not expected
