"""What keeps a machine, and so its pods, from the metadata service: a rule that denies its tag, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from azure_answers import Answers, arm_id, nic, own, resource, vm
from cloudguard.provider.port import CollectRequest
from cloudguard_azure.access.calls import LIST_INTERFACES, LIST_MACHINES, LIST_SECURITY_GROUPS
from cloudguard_azure.cluster.find import find
from cloudguard_azure.cluster.hosts import read_hosts

SUBNET = arm_id("network", "Microsoft.Network/virtualNetworks/subnets", "net", "nodes")
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


def security_group(*rules: dict[str, Any], subnets: tuple[str, ...] = (SUBNET,)) -> dict[str, Any]:
    listed = [{"name": f"rule{place}", "properties": rule} for place, rule in enumerate(rules)]
    kind = "Microsoft.Network/networkSecurityGroups"
    return resource("network", kind, "nodes", securityRules=listed, subnets=[{"id": one} for one in subnets])


def is_open(group: dict[str, Any], *, on_interface: bool = False, refused: bool = False) -> bool | None:
    """Return whether a host's service is open; None if that is not known."""
    machine = vm("group", "mine", own())
    interface = nic("group", "mine-nic", machine["id"], "10.0.0.4")
    interface["properties"] |= {"networkSecurityGroup": {"id": group["id"].upper()}} if on_interface else {}
    items = {LIST_MACHINES: [machine], LIST_INTERFACES: [interface], LIST_SECURITY_GROUPS: [group]}
    api = Answers(items, [LIST_SECURITY_GROUPS] if refused else ())
    [host] = read_hosts(api, find(api, CollectRequest(cluster="prod")))
    return host.metadata.enabled if host.metadata else None


def test_a_rule_that_denies_the_tag_shuts_it_off() -> None:
    assert is_open(security_group(DENY)) is False
    assert is_open(security_group(DENY, subnets=()), on_interface=True) is False
    assert is_open(security_group(DENY, subnets=())) is True
    assert is_open(security_group()) is True
    assert is_open(security_group(DENY), refused=True) is None


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
def test_another_rule_leaves_it_open(change: dict[str, Any]) -> None:
    assert is_open(security_group(DENY | change)) is True


WHOLE: tuple[dict[str, Any], ...] = (
    {"direction": "OUTBOUND", "access": "deny", "destinationAddressPrefix": "azureplatformimds"},
    {"destinationAddressPrefix": "", "destinationAddressPrefixes": ["AzurePlatformDNS", "AzurePlatformIMDS"]},
    {"protocol": "Tcp", "destinationPortRange": "80"},
    {"destinationPortRange": "", "destinationPortRanges": ["53", "79-81"]},
    {"sourceAddressPrefix": "VirtualNetwork"},
)


@pytest.mark.parametrize("change", WHOLE)
def test_the_same_rule_in_other_words_shuts_it_off(change: dict[str, Any]) -> None:
    assert is_open(security_group(DENY | change)) is False


@pytest.mark.parametrize(("priority", "expected"), [(100, True), (300, False)])
def test_the_rule_with_the_smaller_number_decides(priority: int, *, expected: bool) -> None:
    assert is_open(security_group(DENY, DENY | {"access": "Allow", "priority": priority})) is expected
