"""The filters of a network, their order of evaluation, and the uncertain parts of their rules."""

from __future__ import annotations

from typing import Any

import pytest

from cloudguard.model.filters import Filter, Rule
from cloudguard.provider.port import CollectRequest
from cloudguard_gcp import ADAPTER
from gcp_clusters import policy, under
from gcp_filters import NETWORK
from gcp_filters import chain as read
from gcp_proxy import Proxy
from gcp_server import Google

Item = dict[str, Any]
CLASSIC, IMPLIED = "firewalls of p/n", "implied rules of p/n"


def chain(*policies: Item, order: str = "AFTER_CLASSIC_FIREWALL") -> tuple[Filter, ...]:
    return read([], policies, order, "here")


def rules(**rule: Any) -> tuple[Rule, ...]:  # noqa: ANN401 - JSON
    whole: Item = {"priority": 1, "direction": "INGRESS", "action": "deny", "match": {}, **rule}
    return chain({"name": "1", "type": "HIERARCHY", "rules": [whole]})[0].rules


def kinds(*, order: str) -> list[str]:
    listed = ["NETWORK_REGIONAL", "NETWORK", "SYSTEM_REGIONAL", "HIERARCHY"]
    found = chain(*({"name": str(number), "type": kind} for number, kind in enumerate(listed)), order=order)
    return [guard.kind for guard in found]


def test_filters_are_evaluated_in_google_s_order() -> None:
    above = ["hierarchy firewall policy", "system regional firewall policy"]
    own = ["network firewall policy", "network regional firewall policy"]
    assert kinds(order="AFTER_CLASSIC_FIREWALL") == [*above, "VPC firewall", *own, "implied rules"]
    assert kinds(order="BEFORE_CLASSIC_FIREWALL") == [*above, *own, "VPC firewall", "implied rules"]


def test_network_policies_are_ordered_by_priority_and_hierarchy_policies_as_listed() -> None:
    found = chain(
        {"name": "org", "type": "HIERARCHY"},
        {"name": "later", "type": "NETWORK", "priority": 2000},
        {"name": "folder", "type": "HIERARCHY"},
        {"name": "sooner", "type": "NETWORK", "priority": 1000},
    )
    assert tuple(guard.id for guard in found) == (
        "policy org",
        "policy folder",
        CLASSIC,
        "policy sooner of p/n",
        "policy later of p/n",
        IMPLIED,
    )


def test_policies_set_above_the_project_name_their_owner() -> None:
    found = chain({"name": "1", "type": "HIERARCHY"}, {"name": "2", "type": "NETWORK"})
    assert [(guard.id, guard.written_by.id) for guard in found if guard.written_by] == [("policy 1", "organization")]


@pytest.mark.parametrize(
    "rule",
    [
        {"disabled": True},
        {"targetResources": [NETWORK.replace("/n", "/other")]},
        {"targetType": "INTERNAL_MANAGED_LB"},
        {"targetSecureTags": [{"name": "tagValues/1", "state": "INEFFECTIVE"}]},
        {"match": {"srcSecureTags": [{"name": "tagValues/1", "state": "INEFFECTIVE"}]}},
    ],
)
def test_a_disabled_rule_or_one_for_other_targets_is_left_out(rule: Item) -> None:
    assert rules(**rule) == ()
    assert rules(targetResources=[NETWORK]) != ()
    deleted, effective = ({"name": "tagValues/1", "state": state} for state in ("INEFFECTIVE", "EFFECTIVE"))
    assert rules(targetSecureTags=[deleted, effective]) != ()
    assert rules(match={"srcSecureTags": [deleted], "srcIpRanges": ["10.0.0.0/8"]}) != ()


def test_a_rule_s_destinations_are_its_target_ranges() -> None:
    for part, aimed in (
        (["10.0.0.0/8", "192.0.2.7"], ("10.0.0.0/8", "192.0.2.7/32")),
        (["::/0"], ("::/0",)),
        ([], ()),
    ):
        (rule,) = rules(match={"srcIpRanges": ["192.0.2.0/24"], "destIpRanges": part})
        assert (rule.target_ranges.cidrs(), rule.uncertain) == (aimed, "")
    (rule,) = rules(match={"srcIpRanges": ["192.0.2.0/24"], "destIpRanges": ["10.0.0.9"], "destAddressGroups": ["g"]})
    assert not rule.target_ranges
    assert rule.uncertain


def test_peers_are_united_and_a_network_context_makes_each_rule_uncertain() -> None:
    match: Item = {"srcIpRanges": ["192.0.2.7"], "srcThreatIntelligences": ["iplist-tor-exit-nodes"]}
    for context, doubt in (("UNSPECIFIED", ""), ("INTERNET", "it matches only traffic from INTERNET")):
        found = rules(match=match | {"srcNetworkType": context, "srcNetworkContext": context})
        assert [(str(rule.peer), rule.uncertain) for rule in found] == [
            ("192.0.2.7/32", doubt),
            ("threat list iplist-tor-exit-nodes", doubt),
        ]


@pytest.mark.parametrize(
    ("refused", "call"),
    [
        ((), "compute.regionNetworkFirewallPolicies.getEffectiveFirewalls"),
        (("compute.networks.getRegionEffectiveFirewalls",), "compute.networks.getEffectiveFirewalls"),
    ],
)
def test_a_policy_s_source_is_the_call_that_read_it(google_cloud: Proxy, refused: tuple[str, ...], call: str) -> None:
    google_cloud.google = Google(under(policy("HIERARCHY", "deny")), refused=frozenset(refused))
    filters = ADAPTER.collect(CollectRequest(cluster="prod")).topology.filters
    assert {guard.id: guard.source.call for guard in filters if guard.kind != "implied rules"} == {
        "policy 1": call,
        "firewalls of acme-prod/default": "compute.firewalls.list",
    }
