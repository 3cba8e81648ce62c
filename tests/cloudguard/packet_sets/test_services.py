"""The laws of service sets, and their text form."""

from __future__ import annotations

import pytest
from hypothesis import given

import oracle
from cloudguard.packet_sets.services import OTHER, SERVICE_END, ServiceSet, service_name
from strategies import HOLES, laws, service_points, service_terms, service_texts, services

parse = ServiceSet.parse


@laws
@given(services(), services(), services())
def test_union_and_intersection_are_commutative_associative_and_distributive(
    a: ServiceSet, b: ServiceSet, c: ServiceSet
) -> None:
    assert a | b == b | a
    assert a & b == b & a
    assert (a | b) | c == a | (b | c)
    assert (a & b) & c == a & (b & c)
    assert a & (b | c) == (a & b) | (a & c)


@laws
@given(services(), services())
def test_difference_is_disjoint_and_loses_nothing(a: ServiceSet, b: ServiceSet) -> None:
    assert not (a - b) & b
    assert (a - b) | (a & b) == a


@laws
@given(services(), services())
def test_inclusion_is_an_empty_difference(a: ServiceSet, b: ServiceSet) -> None:
    assert (a <= b) == (not a - b) == (a | b == b)
    assert ServiceSet.nothing() <= a <= ServiceSet.everything()


@laws
@given(services())
def test_spans_are_sorted_disjoint_and_never_touch(a: ServiceSet) -> None:
    edges = [edge for span in a.intervals for edge in span]
    assert edges == sorted(set(edges))
    assert ServiceSet.of_intervals(reversed(a.intervals)) == a
    assert hash(ServiceSet.of_intervals(reversed(a.intervals))) == hash(a)


@laws
@given(services())
def test_text_parses_back(a: ServiceSet) -> None:
    assert parse(str(a)) == a
    assert str(parse(str(a))) == str(a)


@laws
@given(services())
def test_size_counts_points(a: ServiceSet) -> None:
    assert a.size + (ServiceSet.everything() - a).size == SERVICE_END - len(HOLES)
    assert bool(a) == (a.size > 0)


@laws
@given(services())
def test_a_witness_is_in_the_set(a: ServiceSet) -> None:
    found = a.witness()
    assert (found is None) == (not a)
    assert found is None or found in a


@laws
@given(service_texts(), service_points())
def test_a_text_means_the_same_services_to_the_oracle(text: str, point: int) -> None:
    assert (point in parse(text)) == oracle.service_matches(text, oracle.packet_at("10.0.0.1", point))


@laws
@given(service_terms())
def test_case_and_spaces_do_not_matter(term: str) -> None:
    assert parse(f" {term.upper()} , NONE") == parse(term)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("tcp/0-65535", "tcp"),
        ("tcp/443,tcp/80", "tcp/80,tcp/443"),
        ("tcp/80,tcp/81", "tcp/80-81"),
        ("udp,tcp", "tcp,udp"),
        ("proto/6", "tcp"),
        ("proto/17", "udp"),
        ("proto/1", "icmp"),
        ("proto/58", "icmpv6"),
        ("proto/4,proto/50", "proto/4,proto/50"),
        ("proto/0-255", "all"),
        ("tcp,udp,icmp,icmpv6", "tcp,udp,icmp,icmpv6"),
        ("icmp/8", "icmp/8"),
        ("icmp/3/4", "icmp/3/4"),
        ("icmp/3/4,icmp/3/5,icmp/4", "icmp/3/4-5,icmp/4"),
        ("icmp/3/255,icmp/4-7,icmp/8/0", "icmp/3/255,icmp/4-7,icmp/8/0"),
        ("icmpv6/128/0", "icmpv6/128/0"),
        ("none", "none"),
        ("none,tcp/22", "tcp/22"),
        ("all,tcp/22", "all"),
    ],
)
def test_canonical_text_is_short(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


def test_two_protocols_are_two_terms() -> None:
    """One rule of a security group or a firewall holds one protocol."""
    assert str(parse("proto/50-51")) == "proto/50,proto/51"
    assert str(parse("proto/50-52")) == "proto/50-52"


def test_every_protocol_but_one_is_not_all() -> None:
    families = parse("tcp,udp,icmp")
    assert families != ServiceSet.everything()
    assert (
        str(ServiceSet.everything() - families - parse("icmpv6"))
        == "proto/0,proto/2-5,proto/7-16,proto/18-57,proto/59-255"
    )


def test_points_that_do_not_exist_are_in_no_set() -> None:
    assert all(hole not in ServiceSet.everything() for hole in HOLES)
    assert ServiceSet.everything() == parse("all") == parse("tcp,udp,icmp,icmpv6,proto/0-255")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "not a set of services"),
        ("tcp/443,", "not a set of services"),
        ("sctp/1", "not a set of services"),
        ("tcp/1/2", "not a set of services"),
        ("icmp/1/2/3", "not a set of services"),
        ("proto", "not a set of services"),
        ("proto/4/1", "not a set of services"),
        ("tcp/65536", "a port is a number from 0 to 65535"),
        ("tcp/-1", "a port is"),
        ("tcp/", "a port is"),
        ("tcp/1-", "a port is"),
        ("tcp/9-1", "a range is LOW-HIGH"),
        ("tcp/1-2-3", "a port is"),
        ("tcp/٣", "a port is"),
        ("tcp/000000443", "a port is"),
        ("icmp/256", "an ICMP type is a number from 0 to 255"),
        ("icmp/3/256", "an ICMP code is"),
        ("proto/256", "a protocol number is"),
        ("all/1", "not a set of services"),
    ],
)
def test_bad_text_is_refused_with_the_reason(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)


@pytest.mark.parametrize(
    ("point", "name"),
    [
        (443, "tcp 443"),
        (65_536 + 53, "udp 53"),
        (131_072 + 256 * 3 + 4, "icmp 3/4"),
        (196_608 + 256 * 128, "icmpv6 128/0"),
        (OTHER + 4, "protocol 4"),
    ],
)
def test_services_have_names(point: int, name: str) -> None:
    assert service_name(point) == name


@pytest.mark.parametrize("point", [-1, SERVICE_END, *HOLES])
def test_points_off_the_axis_have_no_name(point: int) -> None:
    with pytest.raises(ValueError, match="not a point of the service axis"):
        service_name(point)


def test_empty_spans_are_left_out() -> None:
    assert ServiceSet.of_intervals([(5, 5), (9, 3), (1, 2)]).intervals == ((1, 2),)


def test_first_is_the_lowest_point_and_the_empty_set_has_none() -> None:
    assert parse("udp/53,tcp/443").first() == 443
    with pytest.raises(ValueError, match="no first point"):
        ServiceSet.nothing().first()
