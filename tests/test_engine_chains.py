"""Chained filters agree with a naive walk, packet by packet: rule by rule, filter by filter, every doubt both ways."""

from __future__ import annotations

from itertools import product
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from cloudguard.engine.gates import Gates
from cloudguard.model.network import Action, Direction, Filter, Peer, PeerKind, Rule, Topology
from cloudguard.model.source import Source
from cloudguard.sets.addresses import AddressSet, address_point
from cloudguard.sets.packets import PacketSet
from cloudguard.sets.services import ServiceSet
from oracle_reach import Service, names, speaks_of

READ: Final = Source("made up")
LABELS: Final = ("web", "node", "master")
CIDRS: Final = ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "198.51.100.0/24", "128.0.0.0/1", "::/0")
SERVICES: Final = ("all", "tcp", "tcp/22", "tcp/22-443", "udp/53", "tcp/443,udp")
ADDRESSES: Final = ("10.0.0.7", "10.9.0.1", "198.51.100.7", "203.0.113.9", "2600::1")
ASKED: Final = (*(Service("tcp", port) for port in (22, 80, 443)), Service("udp", 53))
ROUNDS: Final = 150

lines = st.tuples(
    st.sampled_from(tuple(Action)),
    st.sampled_from(SERVICES),
    st.sampled_from(CIDRS) | st.sampled_from(LABELS),
    st.sets(st.sampled_from(LABELS), max_size=1),
    st.booleans() | st.just(value=True) | st.just(value=True),
)
chains = st.lists(st.lists(lines, max_size=4), min_size=1, max_size=3)
carried = st.sets(st.sampled_from(LABELS), max_size=2)


def peer(text: str) -> Peer:
    return Peer(PeerKind.RANGE if "/" in text else PeerKind.GROUP, text)


def made(layers: list[list[tuple[Action, str, str, set[str], bool]]]) -> Topology:
    """Return filters "0", "1" … to be asked in this order."""
    filters = [
        Filter(
            id=str(place),
            name="",
            kind="policy",
            rules=tuple(
                Rule(
                    id=f"{place}.{number}",
                    direction=Direction.INGRESS,
                    action=action,
                    services=services,
                    peer=peer(who),
                    source=READ,
                    order=number,
                    targets=tuple(targets),
                    doubt="" if sure else "its tags were not read",
                )
                for number, (action, services, who, targets, sure) in enumerate(layer)
            ),
            source=READ,
            ordered=True,
            chained=True,
        )
        for place, layer in enumerate(layers)
    ]
    return Topology(filters=tuple(filters))


def walks(topology: Topology, packet: tuple[str, set[str], Service], guarded: set[str]) -> set[bool]:
    """Return whether the packet may pass, for every way that the doubts may turn out."""
    address, labels, service = packet
    doubtful = [rule.id for one in topology.filters for rule in one.rules if rule.doubt]
    found = set[bool]()
    for choice in product((True, False), repeat=len(doubtful)):
        real = dict(zip(doubtful, choice, strict=True))
        found.add(_walk(topology, (address, tuple(labels), service), guarded, real))
    return found


def _walk(
    topology: Topology, packet: tuple[str, tuple[str, ...], Service], guarded: set[str], real: dict[str, bool]
) -> bool:
    address, labels, service = packet
    for one in topology.filters:
        for rule in one.rules:
            if rule.targets and not guarded & {*rule.targets}:
                continue
            if not real.get(rule.id, True) or not names(rule, service):
                continue
            if not speaks_of(topology, rule, address, labels):
                continue
            if rule.action is Action.NEXT:
                break
            return rule.action is Action.PERMIT
    return False


def admits(packets: PacketSet, address: str, service: Service) -> bool:
    return ServiceSet.parse(f"{service.protocol}/{service.port}") <= packets.at(address_point(address))


@settings(max_examples=ROUNDS, deadline=None, derandomize=True)
@given(chains, carried, carried)
def test_a_chain_lets_in_what_a_walk_through_its_rules_does(
    layers: list[list[tuple[Action, str, str, set[str], bool]]], sender: set[str], guarded: set[str]
) -> None:
    """Tries 20 packets a chain and 4 chains an example's rotation: more than 10,000 points a run."""
    for turn in range(len(layers)):
        topology = made(layers[turn:] + layers[:turn])
        ids = tuple(one.id for one in topology.filters)
        side = Gates(topology).side(ids, Direction.INGRESS, sorted(guarded))
        for labels in (sender, set[str]()):
            found = side.admits(AddressSet.everything(), sorted(labels))
            for address, service in product(ADDRESSES, ASKED):
                outcomes = walks(topology, (address, labels, service), guarded)
                surely, possibly = (admits(one, address, service) for one in (found.surely, found.possibly))
                sure = not any(rule.doubt for one in topology.filters for rule in one.rules)
                assert not surely or outcomes == {True}
                assert possibly or outcomes == {False}
                assert not sure or surely is possibly


def test_what_a_label_adds_is_told_apart_from_what_anybody_gets() -> None:
    topology = made(
        [[(Action.PERMIT, "tcp/22-443", "web", set(), True)], [(Action.PERMIT, "tcp/22", "10.0.0.0/8", set(), True)]]
    )
    side = Gates(topology).side(("0", "1"), Direction.INGRESS)
    inside = AddressSet.parse("10.0.0.0/8")
    assert side.admits_by("web", inside).surely.services() == ServiceSet.parse("tcp/23-443")
    assert side.admits(inside, ("web",)).surely.services() == ServiceSet.parse("tcp/22-443")
    assert side.admits(inside, ("node",)).surely.services() == ServiceSet.parse("tcp/22")


def test_without_a_rule_the_next_one_shows() -> None:
    topology = made(
        [[(Action.PERMIT, "tcp/22", "0.0.0.0/0", set(), True), (Action.DENY, "all", "0.0.0.0/0", set(), True)]]
    )
    gates = Gates(topology)
    assert gates.side(("0",), Direction.INGRESS).ranges.surely
    assert not gates.without(("0",), {("0", "0.0")}, Direction.INGRESS, ()).ranges.possibly


def test_a_filter_that_was_not_read_may_do_anything() -> None:
    topology = made([[(Action.PERMIT, "tcp/22", "0.0.0.0/0", set(), True)]])
    side = Gates(topology).side(("unread", "0"), Direction.INGRESS)
    assert not side.ranges.surely
    assert side.ranges.possibly == PacketSet.everything()
