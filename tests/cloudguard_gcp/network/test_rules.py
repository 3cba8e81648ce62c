"""Firewalls and policies of Google Cloud agree with a naive walk of packets through the API's answers."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudguard.intervals import address_point
from cloudguard.model.filters import (
    Action,
    Direction,
    Peer,
)
from cloudguard.model.network import Topology
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.filters import Filters, RuleTarget
from cloudguard_gcp.cluster.selectors import by_account, by_tag
from cloudguard_gcp.network.firewall_policies import unread_lists
from cloudguard_gcp.network.rules import services_of
from draws import examples
from gcp_filters import NETWORK, chain
from gcp_filters import rules as rules_of

Item = dict[str, Any]
RANGES: Final = ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "198.51.100.0/24", "::/0")
TAGS: Final = ("web", "node")
ACCOUNTS: Final = ("a@p.iam.gserviceaccount.com", "b@p.iam.gserviceaccount.com")
SERVICES: Final[tuple[tuple[str, list[str]], ...]] = (
    ("tcp", ["22"]),
    ("tcp", ["22-443", "6443"]),
    ("tcp", []),
    ("udp", ["53"]),
    ("all", []),
    ("icmp", []),
)
ADDRESSES: Final = ("10.0.0.7", "10.9.0.1", "198.51.100.7", "203.0.113.9", "2600::1")
ASKED: Final = (("tcp", 22), ("tcp", 80), ("tcp", 6443), ("udp", 53))

services = st.lists(st.sampled_from(SERVICES), min_size=1, max_size=2)
OWN: Final = (("10.0.0.9", "2600::9"), ("10.0.1.9", "2600:1::9"))
some_own = st.lists(st.nothing(), max_size=0) | st.lists(
    st.sampled_from((*OWN[0], *OWN[1], "10.0.0.0/24", "0.0.0.0/0")), max_size=2, unique=True
)
some_ranges = st.lists(st.sampled_from(RANGES), max_size=2, unique=True)
some_tags = st.lists(st.sampled_from(TAGS), max_size=1)
some_accounts = st.lists(st.sampled_from(ACCOUNTS), max_size=1)


@st.composite
def firewalls(draw: st.DrawFn, name: str) -> Item:
    """Draw a firewall in the API's form: with tags or with accounts, never both."""
    by_accounts = draw(st.booleans())
    listed = [{"IPProtocol": protocol, "ports": ports} for protocol, ports in draw(services)]
    return {
        "name": name,
        "network": NETWORK,
        "direction": "INGRESS",
        "priority": draw(st.sampled_from((900, 1000))),
        "disabled": draw(st.integers(0, 5)) == 0,
        draw(st.sampled_from(("allowed", "denied"))): listed,
        "sourceRanges": draw(some_ranges),
        "destinationRanges": draw(some_own),
        "sourceTags": [] if by_accounts else draw(some_tags),
        "sourceServiceAccounts": draw(some_accounts) if by_accounts else [],
        "targetTags": [] if by_accounts else draw(some_tags),
        "targetServiceAccounts": draw(some_accounts) if by_accounts else [],
    }


@st.composite
def policies(draw: st.DrawFn) -> Item:
    """Draw an effective policy in the API's form."""
    rules = [
        {
            "priority": priority,
            "direction": "INGRESS",
            "action": draw(st.sampled_from(("allow", "deny", "goto_next"))),
            "match": {
                "srcIpRanges": draw(some_ranges) or ["0.0.0.0/0"],
                "destIpRanges": draw(some_own),
                "layer4Configs": [{"ipProtocol": protocol, "ports": ports} for protocol, ports in draw(services)],
            },
            "targetServiceAccounts": draw(some_accounts),
        }
        for priority in range(draw(st.integers(0, 3)))
    ]
    return {"name": str(draw(st.integers(1, 10**9))), "type": draw(st.sampled_from(KINDS)), "rules": rules}


KINDS: Final = ("HIERARCHY", "SYSTEM_REGIONAL", "NETWORK", "NETWORK_REGIONAL")


def fits(protocol: str, ports: Sequence[str], asked: tuple[str, int]) -> bool:
    if protocol not in {"all", asked[0]}:
        return False
    spans = [(int(port.partition("-")[0]), int(port.rpartition("-")[2])) for port in ports]
    return not spans or any(low <= asked[1] <= high for low, high in spans)


def inside(address: str, ranges: Sequence[str]) -> bool:
    nets = [ip_network(text) for text in ranges]
    return any(ip_address(address).version == net.version and ip_address(address) in net for net in nets)


class Machine:
    """The tags, account and addresses that rules select a machine by."""

    def __init__(self, tags: Sequence[str], account: str, addresses: Sequence[str] = ()) -> None:
        self.tags, self.account, self.addresses = tags, account, addresses
        self.labels = (*(by_tag(tag) for tag in tags), *([by_account(account)] if account else []))

    def is_target(self, rule: Item) -> bool:
        """Whether a rule applies to the machine."""
        tags, accounts = rule.get("targetTags") or (), rule.get("targetServiceAccounts") or ()
        return not (tags or accounts) or bool({*tags} & {*self.tags}) or self.account in accounts

    def is_meant(self, ranges: Sequence[str], sender: str) -> bool:
        """Whether the machine's addresses are in ``ranges``, or ``ranges`` is empty."""
        own = [address for address in self.addresses if (":" in address) is (":" in sender)]
        return not ranges or any(inside(one, ranges) for one in own)


def classic(
    rules: Sequence[Item], sender: Machine, target: Machine, packet: tuple[str, tuple[str, int]]
) -> bool | None:
    """Return the decision of the VPC's own firewalls, or None."""
    found: list[tuple[int, bool]] = []
    for rule in rules:
        if rule["disabled"] or not target.is_target(rule) or not target.is_meant(rule["destinationRanges"], packet[0]):
            continue
        sources = rule["sourceRanges"], rule["sourceTags"], rule["sourceServiceAccounts"]
        anyone = ["0.0.0.0/0"] if not any(sources) else []
        by_name = {*rule["sourceTags"]} & {*sender.tags} or sender.account in rule["sourceServiceAccounts"]
        if not (inside(packet[0], [*rule["sourceRanges"], *anyone]) or by_name):
            continue
        allows = "allowed" in rule
        if any(fits(item["IPProtocol"], item["ports"], packet[1]) for item in rule["allowed" if allows else "denied"]):
            found.append((rule["priority"], allows))
    return min(found)[1] if found else None


def policy(item: Item, target: Machine, packet: tuple[str, tuple[str, int]]) -> bool | None:
    for rule in sorted(item["rules"], key=lambda each: int(each["priority"])):
        match = rule["match"]
        if not target.is_target(rule) or not target.is_meant(match["destIpRanges"], packet[0]):
            continue
        if not inside(packet[0], match["srcIpRanges"]):
            continue
        if any(fits(each["ipProtocol"], each["ports"], packet[1]) for each in match["layer4Configs"]):
            return None if rule["action"] == "goto_next" else bool(rule["action"] == "allow")
    return None


@examples(150)
@given(
    st.lists(st.integers(), max_size=4).flatmap(
        lambda them: st.tuples(*(firewalls(f"f{i}") for i in range(len(them))))
    ),
    st.lists(policies(), max_size=3, unique_by=lambda item: str(item["name"])),
    st.booleans(),
    st.tuples(some_tags, st.sampled_from(("", *ACCOUNTS))),
    st.tuples(some_tags, st.sampled_from(("", *ACCOUNTS))),
)
def test_a_network_s_filters_agree_with_a_walk_through_the_api_s_answers(
    rules: tuple[Item, ...],
    above: list[Item],
    before: bool,  # noqa: FBT001 - drawn
    sender: tuple[list[str], str],
    guarded: tuple[list[str], str],
) -> None:
    """Test 20 packets from three senders to two machines per example: 18,000 packets per run."""
    order = "BEFORE_CLASSIC_FIREWALL" if before else "AFTER_CLASSIC_FIREWALL"
    read = chain(rules, above, order)
    gates = Filters(Topology(filters=read, address_lists=unread_lists(read)))
    names = tuple(guard.id for guard in read)
    senders = (Machine(*sender), Machine(*guarded), Machine([], ""))
    for here, target in product(senders, (Machine(*guarded, OWN[0]), Machine(*sender, OWN[1]))):
        aimed = RuleTarget(tuple(target.labels), AddressSet.of(target.addresses))
        side = gates.allowed_traffic(names, Direction.INGRESS, aimed)
        allowed = side.allows(AddressSet.everything(), here.labels)
        assert allowed.lower == allowed.upper
        for packet in product(ADDRESSES, ASKED):
            layers = [policy(item, target, packet) for kind in KINDS[:2] for item in above if item["type"] == kind]
            own = [policy(item, target, packet) for kind in KINDS[2:] for item in above if item["type"] == kind]
            vpc = classic(rules, here, target, packet)
            layers += [*own, vpc] if before else [vpc, *own]
            wanted = next((layer for layer in layers if layer is not None), False)
            protocol, port = packet[1]
            asked = ServiceSet.parse(f"{protocol}/{port}")
            assert (asked <= allowed.lower.at(address_point(packet[0]))) is wanted


def firewall(**rest: Any) -> Item:  # noqa: ANN401 - JSON
    return {"name": "f", "network": NETWORK, "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}], **rest}


def test_a_firewall_makes_a_rule_for_each_of_its_sources() -> None:
    rules = rules_of(firewall(sourceRanges=["192.0.2.0/24"], sourceTags=["web"]))
    assert [(rule.id, rule.peer) for rule in rules] == [
        ("f#1", Peer(AddressSet.parse("192.0.2.0/24"))),
        ("f#2", Peer(group="tag/web")),
    ]


def test_a_firewall_without_sources_is_for_everyone_and_a_disabled_one_for_nobody() -> None:
    (rule,) = rules_of(firewall(), firewall(disabled=True), firewall(network=f"{NETWORK}-other"))
    assert (rule.id, str(rule.peer), str(rule.services)) == ("f", "0.0.0.0/0", "tcp/22")


def test_a_firewall_for_some_destinations_applies_only_to_them() -> None:
    (rule,) = rules_of(firewall(destinationRanges=["10.0.0.9"]))
    assert (rule.target_ranges, rule.uncertain) == (AddressSet.parse("10.0.0.9"), "")
    (other,) = rules_of(firewall())
    assert not other.target_ranges


@pytest.mark.parametrize(
    ("protocol", "ports", "text"),
    [
        ("tcp", ["22", "80-90"], "tcp/22,tcp/80-90"),
        ("6", [], "tcp"),
        ("esp", None, "proto/50"),
        ("ipip", None, "proto/4"),
        ("58", None, "icmpv6"),
        ("112", None, "proto/112"),
        ("all", None, "all"),
    ],
)
def test_protocols_are_parsed_by_name_or_number(protocol: str, ports: list[str] | None, text: str) -> None:
    services, strange = services_of([(protocol, ports or ())])
    assert (str(services), strange) == (text, "")


@pytest.mark.mistake("unknown-word")
def test_a_rule_with_an_unknown_protocol_may_apply_to_any() -> None:
    (rule,) = rules_of(firewall(allowed=[{"IPProtocol": "teleport"}]))
    assert (str(rule.services), rule.uncertain) == ("all", "the protocol 'teleport' is not known")


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize("kind", ["HIERARCHY_OF_TOMORROW", ""])
def test_a_policy_of_an_unknown_kind_is_uncertain(kind: str) -> None:
    rule: dict[str, object] = {"priority": 1, "action": "deny", "match": {}}
    (filter_,) = [guard for guard in chain([], [{"name": "1", "type": kind, "rules": [rule]}]) if guard.name == "1"]
    assert all("not known" in rule.uncertain for rule in filter_.rules)


def only(**match: Any) -> tuple[Any, ...]:  # noqa: ANN401 - JSON
    rule = {"priority": 1, "direction": "INGRESS", "action": "allow", "match": match}
    read = chain([], [{"name": "1", "type": "NETWORK", "rules": [rule]}])
    return read[1].rules, unread_lists(read)


def test_a_domain_name_as_a_peer_is_an_unread_list() -> None:
    rules, lists = only(srcIpRanges=["192.0.2.0/24"], srcFqdns=["example.com"], layer4Configs=[])
    assert [str(rule.peer) for rule in rules] == ["192.0.2.0/24", "domain name example.com"]
    assert [(list_.name, list_.known) for list_ in lists] == [("domain name example.com", False)]


@pytest.mark.mistake("unknown-word")
def test_a_network_type_or_unread_targets_make_a_rule_uncertain() -> None:
    rules, _ = only(srcNetworkType="INTERNET", srcIpRanges=["0.0.0.0/0"])
    assert [rule.uncertain for rule in rules] == ["it matches only traffic from INTERNET"]
    policies_: list[Item] = [
        {
            "name": "1",
            "type": "NETWORK",
            "rules": [{"priority": 1, "action": action, "targetSecureTags": [{"name": "tagValues/1"}], "match": {}}],
        }
        for action in ("allow", "apply_security_profile_group")
    ]
    for number, item in enumerate(policies_):
        found = chain([], [item])[1].rules
        assert all("tagValues/1" in rule.uncertain for rule in found)
        either = {Action.PERMIT, Action.DENY} if number else {Action.PERMIT}
        assert {rule.action for rule in found} == either
        assert all(("apply_security" in rule.uncertain) is bool(number) for rule in found)


def test_policies_written_by_google_are_not_editable() -> None:
    filters = chain([], [{"name": "1", "type": "SYSTEM_REGIONAL"}])
    assert [(guard.kind, guard.editable) for guard in filters] == [
        ("system regional firewall policy", False),
        ("VPC firewall", True),
        ("implied rules", False),
    ]
