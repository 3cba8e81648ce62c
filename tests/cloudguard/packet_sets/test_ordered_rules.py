"""The laws of ordered filters, which agree with a first-match walk."""

from __future__ import annotations

import random

from hypothesis import given

import oracle
from cloudguard.intervals import address_text
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.ordered_rules import UNDECIDED, Decided, first_match
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from strategies import address_points, decisions, laws, read, rule_lists, service_points


def answer(decided: Decided, address: int, service: int) -> bool | None:
    if service in decided.permit.at(address):
        return True
    return False if service in decided.deny.at(address) else None


@laws
@given(decisions(), decisions(), decisions())
def test_then_is_associative(a: Decided, b: Decided, c: Decided) -> None:
    assert a.then(b).then(c) == a.then(b.then(c))


@laws
@given(decisions())
def test_undecided_is_the_neutral_element_of_then(a: Decided) -> None:
    assert UNDECIDED.then(a) == a == a.then(UNDECIDED)
    assert a.then(a) == a


@laws
@given(decisions(), decisions())
def test_then_keeps_all_earlier_decisions(a: Decided, b: Decided) -> None:
    both = a.then(b)
    assert a.permit <= both.permit
    assert a.deny <= both.deny
    assert both.permit - a.permit <= a.undecided


@laws
@given(rule_lists())
def test_every_packet_is_permitted_denied_or_undecided(rules: list[oracle.Rule]) -> None:
    decided = first_match([read(rule) for rule in rules])
    assert not decided.permit & decided.deny
    assert not decided.undecided & (decided.permit | decided.deny)
    assert PacketSet.union([decided.permit, decided.deny, decided.undecided]) == PacketSet.everything()


@laws
@given(rule_lists(), rule_lists())
def test_rules_in_two_lists_decide_as_in_one(first: list[oracle.Rule], second: list[oracle.Rule]) -> None:
    a, b = ([read(rule) for rule in rules] for rules in (first, second))
    assert first_match(a).then(first_match(b)) == first_match(a + b)


@laws
@given(rule_lists())
def test_rules_that_all_permit_are_the_union_of_their_packets(rules: list[oracle.Rule]) -> None:
    permits = [(True, addresses, services) for _, addresses, services in map(read, rules)]
    assert first_match(permits) == Decided(PacketSet.of(rule[1:] for rule in permits), PacketSet.nothing())


@laws
@given(rule_lists(), address_points(), service_points())
def test_first_match_agrees_with_the_oracle(rules: list[oracle.Rule], address: int, service: int) -> None:
    decided = first_match([read(rule) for rule in rules])
    packet = oracle.packet_at(address_text(address), service)
    assert answer(decided, address, service) == oracle.first_match(rules, packet)


def test_no_rules_decide_nothing() -> None:
    assert first_match([]) == UNDECIDED
    assert UNDECIDED.undecided == PacketSet.everything()


def test_long_lists_agree_with_the_oracle() -> None:
    dice = random.Random(7)
    rules = [_rule(dice) for _ in range(150)]
    decided = first_match([read(rule) for rule in rules])
    answers: list[bool | None] = []
    for _ in range(200):
        address, service = (10 << 24) + dice.getrandbits(8), dice.choice((21, 22, 443, 65_536 + 53))
        answers.append(answer(decided, address, service))
        assert answers[-1] == oracle.first_match(rules, oracle.packet_at(address_text(address), service))
    assert set(answers) == {True, False, None}


def _rule(dice: random.Random) -> oracle.Rule:
    length = dice.randint(27, 32)
    low = dice.getrandbits(8) >> (32 - length) << (32 - length)
    return dice.random() < 1 / 2, (f"10.0.0.{low}/{length}",), dice.choice(("tcp/22", "tcp/20-22", "udp/53", "tcp/443"))


def test_an_earlier_deny_overrides_a_later_permit() -> None:
    world, office = AddressSet.parse("0.0.0.0/0"), AddressSet.parse("198.51.100.0/24")
    ssh, tcp = ServiceSet.parse("tcp/22"), ServiceSet.parse("tcp")
    decided = first_match([(True, office, ssh), (False, world, ssh), (True, world, tcp)])
    assert decided.permit.on(ssh) == office
    assert decided.permit == PacketSet.of([(office, ssh), (world, tcp - ssh)])
    assert decided.deny == PacketSet.product(world - office, ssh)
