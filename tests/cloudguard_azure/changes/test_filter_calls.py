"""Edits of rules as calls: whole rules by name, with a free priority, and the calls that undo them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from azure_applied import collected
from azure_clusters import OFFICE, Clean
from azure_fixtures import Subscription
from azure_ids import Item
from azure_plan import run
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_server import Azure
from cloudguard import pipeline
from cloudguard.model.filters import Filter
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.rule_parts.parts import Part
from cloudguard.results.api_call import PlannedCall
from cloudguard.results.change import Change, PeerOf, Resource, RuleEdit, RuleOp, RulePeer, RuleTraffic
from cloudguard_azure import ADAPTER


def serve_group(cloud: AzureProxy, *rules: Item) -> Filter:
    """Serve a clean cluster whose nodes' group has these rules. Return the group as it is read."""
    account = Clean()
    account.get(_group(account))["properties"]["securityRules"] = [
        {"id": f"{_group(account)}/securityRules/{rule['name']}", **rule} for rule in rules
    ]
    cloud.azure = Azure(account, writable=True)
    return read(cloud)


def _group(account: Subscription) -> str:
    return account.id("Microsoft.Network/networkSecurityGroups", "prod-node-nsg")


def read(cloud: AzureProxy) -> Filter:
    """Return the nodes' group as it is read now."""
    return next(guard for guard in collected(cloud).topology.filters if guard.name == "prod-node-nsg")


def change(guard: Filter, *edits: RuleEdit) -> Change:
    """Return a change of rules of a filter."""
    return Change("1", "node-access", "rule.narrow", Resource("filter", guard.id), edits)


def narrowed(guard: Filter, name: str, services: str, *peers: RulePeer) -> Change:
    """Return the change that narrows a rule to ``services``, and lets ``peers`` in on the rule's other services."""
    old = next(rule for rule in guard.rules if rule.id == name)
    before = Part.of(old).traffic
    left = ServiceSet.parse(services)
    after = RuleTraffic(old.direction, left, before.peer)
    edits = [RuleEdit(RuleOp.MODIFY if left else RuleOp.REMOVE, name, before, after if left else None)]
    rest = before.services - left
    edits += [RuleEdit(RuleOp.ADD, name, None, RuleTraffic(old.direction, rest, peer)) for peer in peers]
    return change(guard, *edits)


def planned(cloud: AzureProxy, one: Change, made: Sequence[Change] = ()) -> tuple[PlannedCall, ...]:
    """Return the calls of a change."""
    return ADAPTER.change_forms(collected(cloud)).calls(one, made)


def rules_now(cloud: AzureProxy) -> dict[str, dict[str, Any]]:
    """Return the rules of the nodes' group in the account, by name."""
    account = cloud.azure.account
    listed = account.get(account.id("Microsoft.Network/networkSecurityGroups", "prod-node-nsg"))["properties"]
    return {security_rule["name"]: security_rule["properties"] for security_rule in listed["securityRules"]}


SUBNET = RulePeer(PeerOf.RANGE, "10.0.1.0/24")


def test_a_rule_is_narrowed_in_place_and_new_rules_keep_the_access_of_hosts(azure_cloud: AzureProxy) -> None:
    guard = serve_group(azure_cloud, rule("ssh", 200, "22,80", "10.0.0.0/16"), rule("other", 201, "443"))
    calls = planned(azure_cloud, narrowed(guard, "ssh", "tcp/80", SUBNET))
    assert [str(call.call.parameters["id"]).rpartition("/")[2] for call in calls] == ["ssh-2", "ssh"]
    for call in calls:
        run(azure_cloud.azure, call.call)
    now = rules_now(azure_cloud)
    assert (now["ssh"]["priority"], now["ssh"]["destinationPortRange"]) == (200, "80")
    assert now["ssh-2"]["priority"] == 202
    assert now["ssh-2"]["sourceAddressPrefix"] == "10.0.1.0/24"


def test_the_undo_calls_restore_the_rules(azure_cloud: AzureProxy) -> None:
    guard = serve_group(
        azure_cloud, rule("ssh", 200, "22,80", ["10.0.0.0/16", "192.0.2.0/24"]), rule("gone", 300, "99", "Internet")
    )
    calls = [
        *planned(azure_cloud, narrowed(guard, "ssh#1", "tcp/80", SUBNET)),
        *planned(azure_cloud, narrowed(guard, "gone", "none")),
    ]
    for call in calls:
        run(azure_cloud.azure, call.call)
    assert read(azure_cloud) != guard
    for call in reversed(calls):
        for undo in call.inverse:
            run(azure_cloud.azure, undo)
    assert read(azure_cloud) == guard


def test_the_other_peers_of_a_rule_are_kept(azure_cloud: AzureProxy) -> None:
    guard = serve_group(azure_cloud, rule("ssh", 200, "22", ["10.0.0.0/16", "192.0.2.0/24", "203.0.113.0/24"]))
    first, second = narrowed(guard, "ssh#2", "none"), narrowed(guard, "ssh#3", "none")
    (call,) = planned(azure_cloud, first)
    (two,) = planned(azure_cloud, second, [first])
    run(azure_cloud.azure, call.call)
    assert rules_now(azure_cloud)["ssh"]["sourceAddressPrefixes"] == ["10.0.0.0/16", "203.0.113.0/24"]
    run(azure_cloud.azure, two.call)
    assert rules_now(azure_cloud)["ssh"]["sourceAddressPrefix"] == "10.0.0.0/16"


def test_a_new_rule_s_priority_is_not_across_a_denial(azure_cloud: AzureProxy) -> None:
    guard = serve_group(
        azure_cloud,
        rule("deny", 100, "22", "203.0.113.0/24", access="Deny"),
        rule("ssh", 101, "22,80", "10.0.0.0/16"),
        rule("deny-all", 102, "22", access="Deny"),
    )
    assert planned(azure_cloud, narrowed(guard, "ssh", "tcp/80", SUBNET)) == ()


def test_two_changes_use_two_priorities(azure_cloud: AzureProxy) -> None:
    guard = serve_group(azure_cloud, rule("a", 200, "22,80", "10.0.0.0/16"), rule("b", 201, "23,81", "10.0.0.0/16"))
    first, second = narrowed(guard, "a", "tcp/80", SUBNET), narrowed(guard, "b", "tcp/81", SUBNET)
    for call in (*planned(azure_cloud, first), *planned(azure_cloud, second, [first])):
        run(azure_cloud.azure, call.call)
    assert sorted(item["priority"] for item in rules_now(azure_cloud).values()) == [200, 201, 202, 203]


def test_a_default_rule_is_overridden_by_rules_before_it(azure_cloud: AzureProxy) -> None:
    guard = serve_group(azure_cloud, rule("ssh", 200, "22", "192.0.2.0/24"))
    name = next(rule.id for rule in guard.rules if rule.id.startswith("AllowVnetInBound"))
    for call in planned(azure_cloud, narrowed(guard, name, "tcp/10256", SUBNET)):
        run(azure_cloud.azure, call.call)
    now = rules_now(azure_cloud)
    assert {name: item["access"] for name, item in now.items() if item["priority"] == 4096} == {
        "cloudguard-deny-2": "Deny"
    }
    allowed = [item["sourceAddressPrefix"] for item in now.values() if item["access"] == "Allow"]
    assert allowed.count("10.0.1.0/24") >= 1
    assert all(200 <= item["priority"] < 4096 for item in now.values() if item["access"] == "Allow")


def test_the_virtualnetwork_tag_is_written_back_as_the_tag(azure_cloud: AzureProxy) -> None:
    guard = serve_group(azure_cloud, rule("inside", 200, "22", ["VirtualNetwork", "192.0.2.0/24"]))
    last = next(rule.id for rule in reversed(guard.rules) if rule.id.startswith("inside#"))
    for call in planned(azure_cloud, narrowed(guard, last, "none")):
        run(azure_cloud.azure, call.call)
    assert rules_now(azure_cloud)["inside"]["sourceAddressPrefix"] == "VirtualNetwork"


def test_an_edit_with_an_unknown_peer_has_no_calls(azure_cloud: AzureProxy) -> None:
    guard = serve_group(azure_cloud, rule("ssh", 200, "22,80", "10.0.0.0/16"))
    for peer in (RulePeer(PeerOf.ADMINISTRATORS), RulePeer(PeerOf.NEW_GROUP, "node"), RulePeer(PeerOf.WAY_OUT)):
        assert planned(azure_cloud, narrowed(guard, "ssh", "tcp/80", peer)) == ()


def test_a_rule_that_is_not_fully_understood_gets_no_calls(azure_cloud: AzureProxy) -> None:
    guard = serve_group(azure_cloud, rule("odd", 200, "22,some", ["10.0.0.0/16", "192.0.2.0/24"]))
    assert planned(azure_cloud, narrowed(guard, "odd#1", "none")) == ()


def test_nothing_is_removed_if_its_replacement_cannot_be_added(azure_cloud: AzureProxy) -> None:
    guard = serve_group(azure_cloud, rule("ssh", 200, "22,80", "10.0.0.0/16"))
    whole = narrowed(guard, "ssh", "none", RulePeer(PeerOf.NEW_GROUP, "node"))
    edit, added = (replace(whole, edits=(edit,)) for edit in whole.edits)
    assert planned(azure_cloud, added) == ()
    assert planned(azure_cloud, edit, [added]) == ()


def test_declared_administrators_get_a_rule_before_the_denial(azure_cloud: AzureProxy) -> None:
    azure_cloud.azure = Azure(Clean(), writable=True)
    administrators = Declarations(admin_cidrs=(OFFICE, "10.0.2.0/24"))
    plan = pipeline.plan(collected(azure_cloud), administrators, rows=("api-server-access",)).plan
    assert plan.shut_out == (OFFICE,)  # no machine has a public address
    for call in (planned.call for step in plan.steps for planned in step.calls):
        run(azure_cloud.azure, call)
    account = azure_cloud.azure.account
    group = account.get(account.id("Microsoft.Network/networkSecurityGroups", "prod-controlplane-nsg"))
    made = [
        security_rule["properties"]
        for security_rule in group["properties"]["securityRules"]
        if security_rule["name"].startswith("cloudguard")
    ]
    assert [(item["priority"], item["access"], item["destinationPortRange"]) for item in made] == [
        (4095, "Allow", "6443")
    ]
    assert made[0]["sourceAddressPrefix"] == "10.0.2.0/24"
    again = pipeline.plan(collected(azure_cloud), administrators, rows=("api-server-access",)).plan
    assert again.steps == ()
