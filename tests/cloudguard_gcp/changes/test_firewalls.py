"""Edits of firewalls and policy rules as calls, and the calls that undo them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from cloudguard import pipeline
from cloudguard.model.filters import Filter
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.rule_parts.parts import Part
from cloudguard.results.api_call import PlannedCall
from cloudguard.results.change import Change, PeerOf, Resource, RuleEdit, RuleOp, RulePeer, RuleTraffic
from cloudguard_gcp import ADAPTER
from gcp_applied import collected
from gcp_clusters import kops, policy, under
from gcp_plan import run
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google
from gcp_ways_in import gke_beside

TAG = RulePeer(PeerOf.GROUP, "tag/prod-k8s-io-role-node")


def serve_firewall(cloud: Proxy, **ssh: Any) -> Filter:  # noqa: ANN401 - JSON
    """Serve a kops cluster with the additional firewall "ssh". Return its network's firewalls as they are read."""
    cloud.google = Google(kops(ssh=ssh), writable=True)
    return read("VPC firewall")


def read(kind: str) -> Filter:
    """Return the filter of this kind as it is read now."""
    return next(guard for guard in collected().topology.filters if guard.kind == kind)


def narrowed(guard: Filter, name: str, services: str, *peers: RulePeer) -> Change:
    """Return the change that narrows a rule to ``services``, and lets ``peers`` in on the rule's other services."""
    before = Part.of(next(rule for rule in guard.rules if rule.id == name)).traffic
    left = ServiceSet.parse(services)
    after = RuleTraffic(before.direction, left, before.peer) if left else None
    edits = [RuleEdit(RuleOp.MODIFY if left else RuleOp.REMOVE, name, before, after)]
    rest = before.services - left
    edits += [RuleEdit(RuleOp.ADD, name, None, RuleTraffic(before.direction, rest, peer)) for peer in peers]
    return Change("1", "node-access", "rule.narrow", Resource("filter", guard.id), tuple(edits))


def planned(change: Change, changes: Sequence[Change] = ()) -> tuple[PlannedCall, ...]:
    """Return the calls of a change."""
    return ADAPTER.change_forms(collected()).calls(change, changes)


def firewall(project: Project, name: str) -> dict[str, Any]:
    """Return a firewall of the project."""
    found = project.resource(f"projects/{project.name}/global/firewalls/{name}")
    assert found, name
    return found


SSH: dict[str, Any] = {"allow": "tcp:22,80", "sourceRanges": ["192.0.2.0/24", "198.51.100.0/24"], "targetTags": ["x"]}


def test_a_rule_is_patched_and_new_rules_keep_the_access_of_hosts(google_cloud: Proxy) -> None:
    guard = serve_firewall(google_cloud, **SSH)
    calls = planned(narrowed(guard, "ssh#1", "tcp/80", TAG))
    assert [call.call.operation for call in calls] == [*["compute.firewalls.insert"] * 2, "compute.firewalls.patch"]
    for call in calls:
        run(google_cloud.google, call.call)
    project = google_cloud.google.project
    assert firewall(project, "ssh")["sourceRanges"] == ["198.51.100.0/24"]
    assert firewall(project, "ssh-2")["sourceRanges"] == ["192.0.2.0/24"]
    assert firewall(project, "ssh-3")["sourceTags"] == ["prod-k8s-io-role-node"]
    assert firewall(project, "ssh-3")["targetTags"] == ["x"]


def test_the_undo_calls_restore_the_rules(google_cloud: Proxy) -> None:
    guard = serve_firewall(google_cloud, **SSH)
    calls = planned(narrowed(guard, "ssh#1", "none", TAG))
    for call in calls:
        run(google_cloud.google, call.call)
    assert read("VPC firewall") != guard
    for call in reversed(calls):
        for undo in call.inverse:
            run(google_cloud.google, undo)
    assert read("VPC firewall") == guard


def test_a_second_change_of_a_rule_starts_from_the_result_of_the_first(google_cloud: Proxy) -> None:
    guard = serve_firewall(google_cloud, **SSH)
    first, second = narrowed(guard, "ssh#1", "none"), narrowed(guard, "ssh#2", "none")
    for call in (*planned(first), *planned(second, [first])):
        run(google_cloud.google, call.call)
    assert not [rule for rule in read("VPC firewall").rules if rule.id.startswith("ssh")]


def test_a_rule_of_gke_is_overridden_and_the_pods_keep_their_access(google_cloud: Proxy) -> None:
    google_cloud.google = Google(gke_beside(), writable=True)
    guard = read("VPC firewall")
    nodes = RulePeer(PeerOf.GROUP, "tag/gke-prod-12345678-node")
    for call in planned(narrowed(guard, "gke-prod-12345678-vms", "icmp", nodes)):
        run(google_cloud.google, call.call)
    project = google_cloud.google.project
    made = [
        list_ for list_ in project.lists[f"projects/{project.name}/global/firewalls"] if "cloudguard" in list_["name"]
    ]
    assert {(item["priority"], "denied" in item) for item in made} == {(998, False), (999, True)}
    assert all("10.4.0.0/14" not in item.get("sourceRanges", ()) for item in made)
    assert "gke-prod-12345678-vms" in {rule.id for rule in read("VPC firewall").rules}


def test_a_rule_of_a_policy_is_patched_by_its_priority(google_cloud: Proxy) -> None:
    google_cloud.google = Google(under(policy("NETWORK", "allow"), allow=False), writable=True)
    guard = read("network firewall policy")
    (rule,) = guard.rules
    office = RulePeer(PeerOf.RANGE, "198.51.100.0/24")
    (call,) = planned(narrowed(guard, rule.id, "none", office))
    assert call.call.operation == "compute.networkFirewallPolicies.patchRule"
    run(google_cloud.google, call.call)
    (now,) = read("network firewall policy").rules
    assert (now.id, str(now.peer)) == (rule.id, "198.51.100.0/24")
    run(google_cloud.google, call.inverse[0])
    assert read("network firewall policy") == guard


def test_an_edit_with_an_unknown_peer_has_no_calls(google_cloud: Proxy) -> None:
    guard = serve_firewall(google_cloud, **SSH)
    for peer in (RulePeer(PeerOf.ADMINISTRATORS), RulePeer(PeerOf.NEW_GROUP, "node"), RulePeer(PeerOf.WAY_OUT)):
        assert planned(narrowed(guard, "ssh#1", "tcp/80", peer)) == ()


def test_a_rule_that_is_not_fully_understood_gets_no_calls(google_cloud: Proxy) -> None:
    guard = serve_firewall(google_cloud, **{**SSH, "allow": "tcp:22 odd"})
    assert planned(narrowed(guard, "ssh#1", "none")) == ()


def test_nothing_is_removed_if_its_replacement_cannot_be_added(google_cloud: Proxy) -> None:
    guard = serve_firewall(google_cloud, **SSH)
    whole = narrowed(guard, "ssh#1", "none", RulePeer(PeerOf.NEW_GROUP, "node"))
    change, added = (replace(whole, edits=(edit,)) for edit in whole.edits)
    assert planned(added) == ()
    assert planned(change, [added]) == ()


def test_declared_administrators_are_let_in_only_to_the_control_plane(google_cloud: Proxy) -> None:
    google_cloud.google = Google(kops(), writable=True)
    administrators = Declarations(admin_cidrs=("198.51.100.0/24", "10.0.0.128/25"))
    plan = pipeline.plan(collected(), administrators, rows=("api-server-access",)).plan
    assert plan.shut_out == ("198.51.100.0/24",)  # no machine has a public address
    (call,) = (planned.call for step in plan.steps for planned in step.calls)
    run(google_cloud.google, call)
    made = firewall(google_cloud.google.project, call.parameters["body"]["name"])
    assert (made["sourceRanges"], made["targetTags"]) == (["10.0.0.128/25"], ["prod-k8s-io-role-control-plane"])
    assert [item["IPProtocol"] for item in made["allowed"]] == ["tcp"]
    assert pipeline.plan(collected(), administrators, rows=("api-server-access",)).plan.steps == ()
