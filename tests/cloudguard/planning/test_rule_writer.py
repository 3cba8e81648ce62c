"""At most four rules replace a rule. They cover the needs, stay within the rule, and name what they leave open."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from random import Random

import pytest

from builders import group
from cloudguard.model.filters import Direction, Filter
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.planning.edits.rule_writer import MOST_RULES, RuleWriter
from cloudguard.planning.plain_forms import PlainForms
from cloudguard.reachability.narrowing.changes import NOT_EXCESS
from cloudguard.results.change import Change, PeerOf, Resource, RuleEdit, RuleOp, RulePeer, RuleTraffic
from draws import seeds
from edits import after, lets

GROUPS = {"nodes": ("10.0.1.0/24",), "masters": ("10.0.0.0/24",), "strangers": ("10.9.0.0/16",)}
SERVICES = ("tcp/22", "tcp/443", "tcp/6443", "tcp/2379-2380", "udp/53", "icmp/8", "tcp/30000-32767", "udp/8472")
RANGES = ("10.0.0.0/24", "10.0.1.0/24", "10.0.0.0/23", "192.0.2.7/32", "198.51.100.0/24", "203.0.113.0/24")
HOSTS = ("10.0.0.7", "10.0.1.7", "10.9.0.7", "192.0.2.7", "198.51.100.7", "203.0.113.7", "8.8.8.8")
POINTS = [
    ServiceSet.parse(text) for text in ("tcp/22", "tcp/23", "tcp/443", "tcp/2380", "tcp/6443", "udp/53", "icmp/8")
]


class Lists(PlainForms):
    """The rule form of a cloud whose rules have one port range of one protocol, and many ranges of addresses."""

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return a rule for each port range."""
        del guard
        parts = (ServiceSet.of_intervals([span]) for span in traffic.services.intervals)
        return tuple(replace(traffic, services=services) for services in parts)


class Spans(Lists):
    """The same with one range of addresses."""

    def rules(self, guard: Filter, traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
        """Return a rule for each port range and each range of addresses."""
        peers = [replace(traffic.peer, value=part) for part in traffic.peer.value.split(",")]
        return tuple(rule for peer in peers for rule in super(Spans, self).rules(guard, replace(traffic, peer=peer)))


def rule_writer(most: int = MOST_RULES, forms: type[PlainForms] = Spans) -> RuleWriter:
    members = {name: AddressSet.of(GROUPS[name]) for name in ("nodes", "masters")}
    return RuleWriter({"own": group("own")}, forms(), members, most)


def change(before: RuleTraffic, *wanted: RuleTraffic) -> Change:
    edits = [RuleEdit(RuleOp.REMOVE, "r", before, None)]
    edits += [RuleEdit(RuleOp.ADD, "r", None, traffic, (f"need {number}",)) for number, traffic in enumerate(wanted)]
    return Change("1", "row", "rule.narrow", Resource("filter", "own"), tuple(edits), rule="r")


def lets_in(rules: tuple[RuleTraffic, ...], host: str, service: ServiceSet) -> bool:
    """Whether any rule lets in a host. Strangers are in a group of their own that no need names."""
    return any(service <= rule.services and _is_meant(rule.peer, host) for rule in rules)


def _is_meant(peer: RulePeer, host: str) -> bool:
    ranges = GROUPS[peer.value] if peer.kind is PeerOf.GROUP else (peer.value,)
    return any(ip_network(host).subnet_of(ip_network(range_)) for range_ in ranges)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", seeds(300))
def test_new_rules_cover_the_needs_and_are_within_the_old_rule(seed: int) -> None:
    dice = Random(seed)
    before = lets(dice.choice(("all", "tcp", "tcp,udp")), "0.0.0.0/0")
    peers = dice.sample((*RANGES, "nodes", "masters"), dice.randrange(1, 7))
    needed = [lets(",".join(dice.sample(SERVICES, dice.randrange(1, 4))), peer) for peer in peers]
    needed = [replace(traffic, services=traffic.services & before.services) for traffic in needed]
    wanted = tuple(traffic for traffic in needed if traffic.services)
    written = rule_writer().as_rules(change(before, *wanted))
    rules = after(written) if written else (before,)
    assert len(rules) <= MOST_RULES
    left = (
        tuple(RuleTraffic(Direction.INGRESS, kept_traffic.services, kept_traffic.peer) for kept_traffic in written.left)
        if written
        else (before,)
    )
    for host in HOSTS:
        for service in POINTS:
            need, now = lets_in(wanted, host, service), lets_in(rules, host, service)
            assert now or not need, f"{host} loses {service}"
            assert lets_in((before,), host, service) or not now, f"{host} gains {service}"
            assert need or not now or lets_in(left, host, service), f"{service} from {host} is not named"


def test_a_group_inside_a_range_needs_no_rule_of_its_own() -> None:
    wanted = [lets("tcp/6443", who) for who in ("198.51.100.0/24", "192.0.2.7/32", "10.0.0.0/23", "nodes", "masters")]
    written = rule_writer().as_rules(change(lets("tcp/6443", "0.0.0.0/0"), *wanted))
    assert written
    assert (after(written), written.left) == (tuple(wanted[:3]), ())


def test_more_than_four_rules_are_made_on_request() -> None:
    wanted = [lets("tcp/6443", f"192.0.2.{number}/32") for number in range(6)]
    assert rule_writer().as_rules(change(lets("tcp/6443", "0.0.0.0/0"), *wanted)) is None
    written = rule_writer(6).as_rules(change(lets("tcp/6443", "0.0.0.0/0"), *wanted))
    assert written
    assert len(after(written)) == len(wanted)


def test_one_rule_has_all_ranges_of_the_same_services_if_the_cloud_can_hold_them() -> None:
    wanted = [lets("tcp/6443", f"192.0.2.{number}/32") for number in range(6)]
    written = rule_writer(forms=Lists).as_rules(change(lets("all", "0.0.0.0/0"), *wanted, lets("udp", "10.0.0.0/24")))
    assert written
    ranges = ",".join(traffic.peer.value for traffic in wanted)
    assert (after(written), written.left) == ((lets("tcp/6443", ranges), lets("udp", "10.0.0.0/24")), ())


def test_beyond_four_one_rule_covers_all_needs_and_its_excess_is_named() -> None:
    wanted = [lets("tcp/6443", f"192.0.2.{number}/32") for number in range(6)]
    written = rule_writer().as_rules(change(lets("all", "0.0.0.0/0"), *wanted))
    assert written
    assert after(written) == (lets("tcp/6443", "0.0.0.0/0"),)
    (left,) = written.left
    assert (str(left.services), left.peer.value) == ("tcp/6443", "0.0.0.0/0")
    assert "needed only by 192.0.2.0/32, " in left.why


@pytest.mark.parametrize("named", [True, False])
def test_naming_the_hosts_takes_access_from_other_members_of_the_group(*, named: bool) -> None:
    rest, hosts = lets("tcp/22,tcp/80,tcp/443,udp/53,icmp", "nodes"), RulePeer(PeerOf.NEW_GROUP, "node")
    needed = replace(lets("tcp/10250,tcp/9100", "nodes"), peer=hosts)
    edits = [RuleEdit(RuleOp.ADD, "r", None, rest, (NOT_EXCESS,)), RuleEdit(RuleOp.ADD, "r", None, needed, ("need",))]
    whole = replace(change(lets("all", "nodes")), edits=(*change(lets("all", "nodes")).edits, *edits))
    members = {**rule_writer().members, **({"node": AddressSet.of(GROUPS["nodes"])} if named else {})}
    written = replace(rule_writer(), members=members).as_rules(whole)
    rules = after(written) if written else (lets("all", "nodes"),)
    kept = {peer: ServiceSet.union(rule.services for rule in rules if rule.peer == peer) for peer in (hosts, rest.peer)}
    assert (kept[rest.peer] == ServiceSet.parse("icmp/3/4")) is named
    assert needed.services <= kept[hosts]
    assert rest.services <= kept[hosts if named else rest.peer]
