"""A rule of AWS has one protocol with a port range, or one ICMP type. A set of services is a union of such parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudguard.packet_sets.services import ServiceSet
from cloudguard_aws.changes.rule_parts import RulePart, parts_of
from cloudguard_aws.network.rules import services_text
from strategies import services as service_sets


@given(service_sets())
def test_parts_are_disjoint_and_cover_the_services(services: ServiceSet) -> None:
    parts = parts_of(services)
    assert ServiceSet.union(rule_part.services for rule_part in parts) == services
    assert sum(rule_part.services.size for rule_part in parts) == services.size


@given(service_sets(), st.booleans())
def test_the_adapter_reads_a_written_rule_as_the_same_services(services: ServiceSet, acl: bool) -> None:  # noqa: FBT001
    for rule_part in parts_of(services):
        written = rule_part.of_acl() if acl else rule_part.of_group()
        span = written.get("PortRange") or written.get("IcmpTypeCode") or written
        first, last = (span.get(a, span.get(b, -1)) for a, b in (("From", "Type"), ("To", "Code")))
        if not acl:
            first, last = written.get("FromPort", -1), written.get("ToPort", -1)
        protocol = written["Protocol"] if acl else written["IpProtocol"]
        assert ServiceSet.parse(services_text(protocol, first, last)) == rule_part.services


@pytest.mark.parametrize(
    ("services", "parts"),
    [
        ("all", ["-1"]),
        ("tcp", ["tcp"]),
        ("tcp/22,tcp/30000-32767", ["tcp 22 22", "tcp 30000 32767"]),
        ("icmp", ["icmp"]),
        ("icmp/3-4", ["icmp 3 -1", "icmp 4 -1"]),
        ("icmp/3/4", ["icmp 3 4"]),
        ("proto/4,proto/50-51", ["4", "50", "51"]),
        ("none", []),
    ],
)
def test_the_number_of_parts_is_minimal(services: str, parts: list[str]) -> None:
    rule_parts = parts_of(ServiceSet.parse(services))
    assert [_text(rule_part) for rule_part in rule_parts] == parts


def _text(rule_part: RulePart) -> str:
    return (
        rule_part.protocol
        if rule_part.first == rule_part.last == -1
        else f"{rule_part.protocol} {rule_part.first} {rule_part.last}"
    )
