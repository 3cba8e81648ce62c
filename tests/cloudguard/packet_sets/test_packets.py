"""The laws of packet sets and of their bounds; both agree with the oracle, packet by packet."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from cloudguard.intervals import address_point, address_text
from cloudguard.packet_sets import bounds
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
from cloudguard.packet_sets.bounds import Bounds, exactly, unknown
from cloudguard.packet_sets.packets import Packet, PacketSet
from cloudguard.packet_sets.services import ServiceSet
from strategies import (
    address_points,
    addresses,
    bounds_of_truths,
    laws,
    packet_sets,
    pairs,
    read,
    rule_lists,
    service_points,
    services,
)

NOTHING, EVERYTHING = PacketSet.nothing(), PacketSet.everything()


def packets_of(cidr: str, text: str) -> PacketSet:
    return PacketSet.product(AddressSet.parse(cidr), ServiceSet.parse(text))


@laws
@given(packet_sets(), packet_sets())
def test_union_is_commutative(a: PacketSet, b: PacketSet) -> None:
    assert a | b == b | a


@laws
@given(packet_sets(), packet_sets(), packet_sets())
def test_union_is_associative(a: PacketSet, b: PacketSet, c: PacketSet) -> None:
    assert (a | b) | c == a | (b | c) == PacketSet.union([a, b, c])


@laws
@given(packet_sets(), packet_sets(), packet_sets())
def test_intersection_is_commutative_and_associative(a: PacketSet, b: PacketSet, c: PacketSet) -> None:
    assert a & b == b & a
    assert (a & b) & c == a & (b & c)


@laws
@given(packet_sets(), packet_sets(), packet_sets())
def test_intersection_distributes_over_union(a: PacketSet, b: PacketSet, c: PacketSet) -> None:
    assert a & (b | c) == (a & b) | (a & c)
    assert a | (b & c) == (a | b) & (a | c)


@laws
@given(packet_sets())
def test_nothing_and_everything_are_neutral(a: PacketSet) -> None:
    assert a | NOTHING == a == a & EVERYTHING
    assert a & NOTHING == NOTHING
    assert a | EVERYTHING == EVERYTHING
    assert a | a == a == a & a


@laws
@given(packet_sets(), packet_sets())
def test_difference_is_disjoint(a: PacketSet, b: PacketSet) -> None:
    assert not (a - b) & b
    assert (a - b) | (a & b) == a


@laws
@given(packet_sets(), packet_sets())
def test_complements_follow_de_morgan(a: PacketSet, b: PacketSet) -> None:
    assert EVERYTHING - (a | b) == (EVERYTHING - a) & (EVERYTHING - b)
    assert EVERYTHING - (EVERYTHING - a) == a


@laws
@given(packet_sets(), packet_sets())
def test_inclusion_is_an_empty_difference(a: PacketSet, b: PacketSet) -> None:
    assert (a <= b) == (not a - b) == (a | b == b)
    assert a & b <= a <= a | b


@laws
@given(pairs(), packet_sets(), st.randoms(use_true_random=False))
def test_equal_sets_are_equal_and_hash_alike_however_built(
    rectangles: list[tuple[AddressSet, ServiceSet]], other: PacketSet, dice: random.Random
) -> None:
    whole = PacketSet.of(rectangles)
    rebuilt = PacketSet.union(PacketSet.of([pair]) for pair in dice.sample(rectangles, len(rectangles)))
    detour = ((whole | other) - other) | (whole & other)
    for same in (rebuilt, detour, PacketSet.of(whole.items())):
        assert same == whole
        assert hash(same) == hash(whole)
        assert len({same, whole}) == 1


@laws
@given(packet_sets(), packet_sets())
def test_unequal_sets_differ_in_some_packet(a: PacketSet, b: PacketSet) -> None:
    assert (a == b) == (((a - b) | (b - a)).witness() is None)


@laws
@given(rule_lists(), address_points(), service_points())
def test_union_of_rules_agrees_with_the_oracle(rules: list[oracle.Rule], address: int, service: int) -> None:
    permitted = PacketSet.of(read(rule)[1:] for rule in rules if rule[0])
    packet = oracle.packet_at(address_text(address), service)
    assert (service in permitted.at(address)) == oracle.any_permits(rules, packet)


@laws
@given(rule_lists(), rule_lists(), address_points(), service_points())
def test_operators_agree_with_the_oracle(
    first: list[oracle.Rule], second: list[oracle.Rule], address: int, service: int
) -> None:
    a, b = (PacketSet.of(read(rule)[1:] for rule in rules if rule[0]) for rules in (first, second))
    packet = oracle.packet_at(address_text(address), service)
    in_a, in_b = oracle.any_permits(first, packet), oracle.any_permits(second, packet)
    assert (service in (a | b).at(address)) == (in_a or in_b)
    assert (service in (a & b).at(address)) == (in_a and in_b)
    assert (service in (a - b).at(address)) == (in_a and not in_b)


@laws
@given(packet_sets(), services())
def test_only_keeps_the_packets_with_the_service(a: PacketSet, wanted: ServiceSet) -> None:
    packets = a.only(wanted)
    assert packets.services() == a.services() & wanted
    assert packets | a.only(ServiceSet.everything() - wanted) == a
    assert packets == PacketSet.of((where, what & wanted) for where, what in a.items())
    assert a.on(wanted) == packets.addresses()


@laws
@given(packet_sets(), addresses())
def test_within_keeps_the_packets_with_the_address(a: PacketSet, wanted: AddressSet) -> None:
    packets = a.within(wanted)
    assert packets.addresses() == a.addresses() & wanted
    assert packets | a.within(AddressSet.everything() - wanted) == a
    assert packets == PacketSet.of((where & wanted, what) for where, what in a.items())


@laws
@given(packet_sets())
def test_items_are_disjoint_distinct_and_in_order(a: PacketSet) -> None:
    items = list(a.items())
    assert len({what for _, what in items}) == len(items)
    assert [where.first() for where, _ in items] == sorted(where.first() for where, _ in items)
    assert sum(where.size for where, _ in items) == a.addresses().size
    assert all(where and what and a.at(where.first()) == what for where, what in items)


@laws
@given(packet_sets())
def test_a_witness_is_in_the_set(a: PacketSet) -> None:
    packet = a.witness()
    assert (packet is not None) == bool(a)
    if packet is not None:
        point = address_point(packet.address)
        assert packet.service == a.at(point).first()
        assert point in PUBLIC or not a.addresses() & PUBLIC


@pytest.mark.parametrize(
    ("cidr", "text", "packet"),
    [
        ("0.0.0.0/0", "tcp/6443", "198.51.100.7 tcp 6443"),
        ("::/0", "all", "2001:db8::7 tcp 0"),
        ("8.8.8.0/24", "udp/53", "8.8.8.0 udp 53"),
        ("8.0.0.0/5", "icmp/3/4", "8.0.0.0 icmp 3/4"),
        ("10.0.0.0/7", "proto/4", "11.0.0.0 protocol 4"),
        ("10.0.0.0/8", "tcp/22", "10.0.0.0 tcp 22"),
        ("fd00::/8", "icmpv6/128/0", "fd00:: icmpv6 128/0"),
    ],
)
def test_a_witness_is_the_most_readable_packet(cidr: str, text: str, packet: str) -> None:
    assert str(packets_of(cidr, text).witness()) == packet


def test_a_packet_names_its_service() -> None:
    assert str(Packet("10.0.0.1", 443)) == "10.0.0.1 tcp 443"


def test_tcp_udp_and_icmp_are_not_every_protocol() -> None:
    assert packets_of("0.0.0.0/0", "tcp,udp,icmp,icmpv6") != packets_of("0.0.0.0/0", "all")


def test_a_packet_set_differs_from_other_sets() -> None:
    assert ServiceSet.nothing() != NOTHING
    assert repr(NOTHING) == "<PacketSet nothing>"
    assert repr(packets_of("10.0.0.0/8", "tcp/22")) == "<PacketSet 10.0.0.0/8 tcp/22>"


@laws
@given(bounds_of_truths(), bounds_of_truths())
def test_every_operator_keeps_the_truth_between_the_bounds(
    first: tuple[Bounds, PacketSet], second: tuple[Bounds, PacketSet]
) -> None:
    (a, true_a), (b, true_b) = first, second
    for known, truth in ((a | b, true_a | true_b), (a & b, true_a & true_b), (a - b, true_a - true_b)):
        assert known.lower <= truth <= known.upper


@laws
@given(bounds_of_truths(), services(), addresses())
def test_only_and_within_keep_the_truth_between_the_bounds(
    drawn: tuple[Bounds, PacketSet], wanted: ServiceSet, where: AddressSet
) -> None:
    known, truth = drawn
    assert known.only(wanted).lower <= truth.only(wanted) <= known.only(wanted).upper
    assert known.within(where).lower <= truth.within(where) <= known.within(where).upper
    assert truth - known.lower <= known.undecided


@laws
@given(packet_sets(), packet_sets())
def test_the_lower_bound_is_always_inside_the_upper(a: PacketSet, b: PacketSet) -> None:
    assert Bounds(a, b).lower <= Bounds(a, b).upper == a | b
    assert not exactly(a).undecided
    assert unknown(a).undecided == a
    assert exactly(a) | bounds.NOTHING == exactly(a) == exactly(a) & bounds.EVERYTHING
    assert bool(unknown(a)) == bool(a)
    assert unknown(a).witness() is None
    assert Bounds(a, b).witness() == a.witness()
    assert (exactly(a) <= unknown(b)) == (not a)
    assert unknown(a) <= exactly(a | b)


@laws
@given(packet_sets(), packet_sets(), services(), addresses())
def test_exact_bounds_stay_exact(a: PacketSet, b: PacketSet, wanted: ServiceSet, where: AddressSet) -> None:
    known_a, known_b = exactly(a), exactly(b)
    assert known_a | known_b == Bounds(a | b, a | b)
    assert known_a & known_b == Bounds(a & b, a & b)
    assert known_a - known_b == Bounds(a - b, a - b)
    assert known_a.only(wanted).within(where) == exactly(a.only(wanted).within(where))


def test_an_unknown_part_is_neither_certainly_kept_nor_certainly_removed() -> None:
    ssh, web = packets_of("0.0.0.0/0", "tcp/22"), packets_of("0.0.0.0/0", "tcp/443")
    assert exactly(ssh | web) - unknown(ssh) == Bounds(web, ssh | web)
