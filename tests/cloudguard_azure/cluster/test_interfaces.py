"""Network interfaces of machines and of scale set members."""

from __future__ import annotations

from typing import Any

import pytest

from azure_answers import arm_id, nic
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import AnswerError
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.cluster.interfaces import PublicAddresses, interface, public_address

SOURCE = Source("test")
PUBLIC = arm_id("cluster", "Microsoft.Network/publicIPAddresses", "cp-0")
MACHINE = arm_id("cluster", "Microsoft.Compute/virtualMachines", "cp-0")


NONE = PublicAddresses({})


def addresses(address: str) -> PublicAddresses:
    """Return the known public addresses, with this address assigned ("": not assigned)."""
    held = {"properties": {"ipAddress": address}} if address else {}
    return PublicAddresses({canonical(PUBLIC): public_address({"id": PUBLIC, **held})})


def ip_configuration(*configurations: dict[str, object]) -> dict[str, Any]:
    made = nic("cluster", "cp-0-nic", MACHINE, "10.0.0.4")
    base: dict[str, Any] = made["properties"]["ipConfigurations"][0]["properties"]
    made["properties"]["ipConfigurations"] = [{"properties": base | configuration} for configuration in configurations]
    return made


def test_an_interface_has_its_security_group_and_its_application_groups() -> None:
    item = ip_configuration(
        {"applicationSecurityGroups": [{"id": "/Subscriptions/s/ASG/B"}, {"id": "/subscriptions/S/asg/a"}]}
    )
    item["properties"]["networkSecurityGroup"] = {"id": "/Subscriptions/S/NSG"}
    made = interface(item, SOURCE, NONE)
    assert made.id == canonical(item["id"])
    assert made.filters == ("/subscriptions/s/nsg",)
    assert made.groups == ("/subscriptions/s/asg/a", "/subscriptions/s/asg/b")
    assert made.addresses == (AddressSet.parse("10.0.0.4"),)
    assert made.public_ip_on_start is False
    assert not made.secondary


@pytest.mark.parametrize("written", [PUBLIC, PUBLIC.upper()])
def test_a_public_address_is_found_by_its_id_in_any_letter_case(written: str) -> None:
    made = interface(ip_configuration({"publicIPAddress": {"id": written}}), SOURCE, addresses("20.1.2.3"))
    assert made.public == (AddressSet.parse("20.1.2.3"),)
    assert made.public_ip_on_start is False


@pytest.mark.mistake("next-host-left-out")
@pytest.mark.parametrize(
    ("version", "expected"), [("IPv4", True), ("", True), ("IPV6", None), ("ipv6", None), ("IPv7", True)]
)
def test_an_unassigned_or_unread_public_address_may_exist(version: str, *, expected: bool | None) -> None:
    item = ip_configuration({"publicIPAddress": {"id": PUBLIC}, "privateIPAddressVersion": version})
    for known in (NONE, addresses("")):
        assert interface(item, SOURCE, known).public_ip_on_start is expected


@pytest.mark.mistake("member-left-out")
def test_a_public_ipv6_address_is_one_of_the_interface_s_addresses() -> None:
    item = ip_configuration(
        {},
        {
            "privateIPAddress": "fd00::4",
            "privateIPAddressVersion": "IPv6",
            "publicIPAddress": {"id": PUBLIC},
        },
    )
    made = interface(item, SOURCE, addresses("2603:1020::5"))
    assert made.addresses == tuple(map(AddressSet.parse, ("10.0.0.4", "fd00::4", "2603:1020::5")))
    assert made.public == ()


def test_a_block_of_addresses_for_pods_is_read_as_a_range() -> None:
    made = interface(
        ip_configuration({}, {"privateIPAddress": "10.0.0.16", "privateIPAddressPrefixLength": 28}), SOURCE, NONE
    )
    assert made.addresses[1] == AddressSet.parse("10.0.0.16/28")


SPOILT: tuple[dict[str, object], ...] = (
    {"subnet": None},
    {"subnet": {}},
    {"subnet": {"id": "no id"}},
    {"subnet": "nodes"},
    {"privateIPAddress": "ten"},
    {"privateIPAddress": 4},
    {"applicationSecurityGroups": [{}]},
    {"publicIPAddress": []},
)


@pytest.mark.parametrize("spoilt", SPOILT)
def test_an_interface_that_is_not_understood_is_refused(spoilt: dict[str, object]) -> None:
    with pytest.raises(ValueError if "privateIPAddress" in spoilt else AnswerError):
        interface(ip_configuration(spoilt), SOURCE, NONE)


def test_an_interface_must_be_in_exactly_one_subnet() -> None:
    with pytest.raises(ValueError, match="several subnets"):
        interface(ip_configuration({}, {"subnet": {"id": "/subscriptions/other"}}), SOURCE, NONE)
    with pytest.raises(ValueError, match="missing"):
        interface(ip_configuration(), SOURCE, NONE)


@pytest.mark.parametrize(
    ("others", "public", "on_start"),
    [((), (), None), ((None,), (AddressSet.parse("20.1.2.3"),), None), (("",), (), None)],
)
def test_it_is_unknown_what_reaches_an_address_behind_a_gateway_balancer(
    others: tuple[str | None, ...], public: tuple[AddressSet, ...], *, on_start: bool | None
) -> None:
    """A further configuration has its own address (None), or none."""
    shown: dict[str, object] = {"publicIPAddress": {"id": PUBLIC}}
    behind = shown | {"gatewayLoadBalancer": {"id": "/subscriptions/s/front"}}
    item = ip_configuration(behind, *(shown if other is None else {} for other in others))
    made = interface(item, SOURCE, addresses("20.1.2.3"))
    assert (made.public, made.public_ip_on_start) == (public, on_start)
