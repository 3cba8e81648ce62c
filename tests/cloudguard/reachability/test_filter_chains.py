"""Filter chains agree with a naive walk of packets. An uncertain rule is tested with and without a match."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from cloudguard.intervals import address_point
from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.network import Topology
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.filters import UNKNOWN_TARGET, Filters, RuleTarget
from draws import examples
from oracle_reach import Service, is_peer_at, names

READ: Final = Source("made up")
GROUP_NAMES: Final = ("web", "node", "master")
CIDRS: Final = ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "198.51.100.0/24", "128.0.0.0/1", "::/0")
SERVICES: Final = ("all", "tcp", "tcp/22", "tcp/22-443", "udp/53", "tcp/443,udp")
ADDRESSES: Final = ("10.0.0.7", "10.9.0.1", "198.51.100.7", "203.0.113.9", "2600::1")
ASKED: Final = (*(Service("tcp", port) for port in (22, 80, 443)), Service("udp", 53))
OWN: Final = (("10.0.0.9",), ("192.0.2.5",), ("10.0.0.9", "192.0.2.5"), ("10.0.0.9", "2600::9"))
"""Addresses of the guarded interface. A packet is for one of them."""

Packet = tuple[str, set[str], Service]
Drawn = tuple[Action, str, str, set[str], bool, str]

lines = st.tuples(
    st.sampled_from(tuple(Action)),
    st.sampled_from(SERVICES),
    st.sampled_from(CIDRS) | st.sampled_from(GROUP_NAMES),
    st.sets(st.sampled_from(GROUP_NAMES), max_size=1),
    st.booleans() | st.just(value=True) | st.just(value=True),
    st.just("") | st.sampled_from(("10.0.0.0/24", "192.0.2.5/32", "2600::/64")),
)
chains = st.lists(st.lists(lines, max_size=4), min_size=1, max_size=3)
members = st.sets(st.sampled_from(GROUP_NAMES), max_size=2)


def peer(text: str) -> Peer:
    return Peer(AddressSet.parse(text)) if "/" in text else Peer(group=text)


def made(rule_lists: list[list[Drawn]], series: Collection[int] = ()) -> Topology:
    """Return a chain of filters "0", "1", … in this order. The filters with a number in ``series`` must all permit."""
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
                    services=ServiceSet.parse(services),
                    peer=peer(who),
                    source=READ,
                    order=number,
                    target_groups=tuple(targets),
                    target_ranges=AddressSet.of(filter(None, [aimed])),
                    uncertain="" if sure else "its tags were not read",
                )
                for number, (action, services, who, targets, sure, aimed) in enumerate(rule_list)
            ),
            source=READ,
            ordered=True,
            in_chain=True,
            in_series=place in series,
        )
        for place, rule_list in enumerate(rule_lists)
    ]
    return Topology(filters=tuple(filters))


def walks(topology: Topology, packet: Packet, guarded: set[str], own: tuple[str, ...]) -> set[bool]:
    """Return whether the packet passes, for every choice of uncertain rules that match and each ``own`` address."""
    uncertain = [rule.id for guard in topology.filters for rule in guard.rules if rule.uncertain]
    return {
        _walk(topology, packet, (guarded, address), dict(zip(uncertain, choice, strict=True)))
        for choice in product((True, False), repeat=len(uncertain))
        for address in own
        if (":" in address) == (":" in packet[0])
    }


def _walk(topology: Topology, packet: Packet, guarded: tuple[set[str], str], real: dict[str, bool]) -> bool:
    address, groups, service = packet
    passed = False
    for guard in topology.filters:
        passed = False
        for rule in guard.rules:
            if rule.target_groups and not guarded[0] & {*rule.target_groups}:
                continue
            if rule.target_ranges and not any(_within(guarded[1], aimed) for aimed in rule.target_ranges.cidrs()):
                continue
            if not real.get(rule.id, True) or not names(rule, service):
                continue
            if not is_peer_at(topology, rule, address, tuple(groups)):
                continue
            if rule.action is Action.NEXT or (guard.in_series and rule.action is Action.PERMIT):
                passed = guard.in_series
                break
            return rule.action is Action.PERMIT
        else:
            if guard.in_series:
                return False
    return passed


def _within(address: str, cidr: str) -> bool:
    return ip_address(address) in ip_network(cidr)


def admits(packets: PacketSet, address: str, service: Service) -> bool:
    return ServiceSet.parse(f"{service.protocol}/{service.port}") <= packets.at(address_point(address))


@examples(150)
@given(chains, st.sets(st.sampled_from(range(3))), members, members, st.sampled_from(OWN))
def test_a_chain_agrees_with_a_walk_through_its_rules(
    rule_lists: list[list[Drawn]], series: set[int], sender: set[str], guarded: set[str], own: tuple[str, ...]
) -> None:
    """Test 20 packets per chain and every rotation of each example's chain: more than 10,000 packets per run."""
    sure = all(drawn[4] for rule_list in rule_lists for drawn in rule_list) and own != OWN[2]
    for turn in range(len(rule_lists)):
        topology = made(rule_lists[turn:] + rule_lists[:turn], series)
        ids = tuple(guard.id for guard in topology.filters)
        traffic = Filters(topology).allowed_traffic(
            ids, Direction.INGRESS, RuleTarget(tuple(sorted(guarded)), AddressSet.of(own))
        )
        for groups in (sender, set[str]()):
            allowed = traffic.allows(AddressSet.everything(), sorted(groups))
            for address, service in product(ADDRESSES, ASKED):
                outcomes = walks(topology, (address, groups, service), guarded, own)
                lower, upper = (admits(packets, address, service) for packets in (allowed.lower, allowed.upper))
                assert not lower or outcomes <= {True}
                assert upper or outcomes <= {False}
                assert not sure or lower is upper


def test_traffic_by_group_is_separate_from_traffic_by_address() -> None:
    topology = made(
        [
            [(Action.PERMIT, "tcp/22-443", "web", set(), True, "")],
            [(Action.PERMIT, "tcp/22", "10.0.0.0/8", set(), True, "")],
        ]
    )
    traffic = Filters(topology).allowed_traffic(("0", "1"), Direction.INGRESS)
    inside = AddressSet.parse("10.0.0.0/8")
    assert traffic.allows_group("web", inside).lower.services() == ServiceSet.parse("tcp/23-443")
    assert traffic.allows(inside, ("web",)).lower.services() == ServiceSet.parse("tcp/22-443")
    assert traffic.allows(inside, ("node",)).lower.services() == ServiceSet.parse("tcp/22")


def test_without_a_rule_the_next_rule_decides() -> None:
    topology = made(
        [[(Action.PERMIT, "tcp/22", "0.0.0.0/0", set(), True, ""), (Action.DENY, "all", "0.0.0.0/0", set(), True, "")]]
    )
    filters = Filters(topology)
    assert filters.allowed_traffic(("0",), Direction.INGRESS).by_address.lower
    assert not filters.without(("0",), {("0", "0.0")}, UNKNOWN_TARGET).by_address.upper


def test_filters_in_series_must_all_permit() -> None:
    lists: list[list[Drawn]] = [
        [(Action.PERMIT, "tcp/22-443", "0.0.0.0/0", set(), True, "")],
        [(Action.PERMIT, "tcp/22", "10.0.0.0/8", set(), True, ""), (Action.PERMIT, "tcp/80", "web", set(), True, "")],
    ]
    filters = Filters(made(lists, (0, 1)))
    traffic = filters.allowed_traffic(("0", "1"), Direction.INGRESS)
    assert traffic.by_address.lower == traffic.by_address.upper
    assert traffic.by_address.lower == PacketSet.product(AddressSet.parse("10.0.0.0/8"), ServiceSet.parse("tcp/22"))
    assert traffic.allows_group("web", AddressSet.parse("10.0.0.7")).lower.services() == ServiceSet.parse("tcp/80")
    assert not filters.without(("0", "1"), {("0", "0.0")}, UNKNOWN_TARGET).by_address.upper


def test_an_unread_filter_in_a_series_opens_no_more_than_the_others() -> None:
    topology = made([[(Action.PERMIT, "tcp/22", "0.0.0.0/0", set(), True, "")]], (0,))
    for ids in (("0", "unread"), ("unread", "0")):
        traffic = Filters(topology).allowed_traffic(ids, Direction.INGRESS)
        assert not traffic.by_address.lower
        assert PacketSet.product(AddressSet.parse("0.0.0.0/0"), ServiceSet.parse("tcp/22")) <= traffic.by_address.upper


def test_an_unread_filter_in_a_chain_may_permit_anything() -> None:
    topology = made([[(Action.PERMIT, "tcp/22", "0.0.0.0/0", set(), True, "")]])
    traffic = Filters(topology).allowed_traffic(("unread", "0"), Direction.INGRESS)
    assert not traffic.by_address.lower
    assert traffic.by_address.upper == PacketSet.everything()


def test_a_rule_for_other_target_addresses_does_not_apply() -> None:
    deny = (Action.DENY, "tcp/22", "0.0.0.0/0", set[str](), True, "203.0.113.9/32")
    filters = Filters(made([[deny, (Action.PERMIT, "tcp/22", "0.0.0.0/0", set(), True, "")]]))
    here = AddressSet.parse("10.0.0.9")
    assert filters.allowed_traffic(("0",), Direction.INGRESS, RuleTarget(addresses=here)).by_address.lower
    there = filters.allowed_traffic(
        ("0",), Direction.INGRESS, RuleTarget(addresses=AddressSet.parse("203.0.113.9"))
    ).by_address
    assert not there.upper
    both = filters.allowed_traffic(
        ("0",), Direction.INGRESS, RuleTarget(addresses=here | AddressSet.parse("203.0.113.9"))
    ).by_address
    unknown = filters.allowed_traffic(("0",), Direction.INGRESS).by_address
    assert (bool(both.lower), bool(both.upper)) == (bool(unknown.lower), bool(unknown.upper)) == (False, True)
