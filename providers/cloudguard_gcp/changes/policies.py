"""Edits of firewall policies' rules as calls: for policies of a network (global or regional), and those above it.

https://cloud.google.com/compute/docs/reference/rest/v1/networkFirewallPolicies/patchRule,
https://cloud.google.com/compute/docs/reference/rest/v1/firewallPolicies/patchRule
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from cloudguard.model.filters import Action, Direction, Filter
from cloudguard.model.text_forms import read_addresses
from cloudguard.provider.calls.cloud_forms import NoCallError
from cloudguard.provider.rule_parts.edits import (
    EditedRule,
    before_and_after,
    by_rule,
    free_priority,
    rule_calls,
    rules_after,
)
from cloudguard.provider.rule_parts.parts import Part, parts_of, united_services
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, PeerOf, RuleEdit, RuleTraffic
from cloudguard_gcp.access.links import project_of
from cloudguard_gcp.changes.firewalls import COMPUTE
from cloudguard_gcp.changes.rule_forms import ACCOUNT, expressed, protocols

POLICY: Final = "firewall policy"
_ACTIONS: Final = {Action.PERMIT: "allow", Action.DENY: "deny", Action.NEXT: "goto_next"}
_LAST_PRIORITY: Final = 2_147_483_643
"""https://cloud.google.com/firewall/docs/firewall-policies-rule-details#priority"""


def policy_calls(guard: Filter, change: Change, earlier_changes: Sequence[Change]) -> Iterator[PlannedCall]:
    """Yield the calls for a change of a policy's rules, after ``earlier_changes``.

    Raises NoCallError if no calls can make the change.
    """

    def call(priority: int, old: EditedRule | None, new: EditedRule | None) -> ApiCall:
        if new is None:
            return _call(guard, "removeRule", priority)
        body = policy_body(new.parts, priority)
        return _call(guard, "patchRule", priority, body) if old else _call(guard, "addRule", None, body)

    rules = {int(name): EditedRule(tuple(parts)) for name, parts in parts_of(guard).items()}
    before, after = before_and_after(rules, partial(_edited, guard), change, earlier_changes)
    yield from rule_calls(before, after, call)


def _edited(guard: Filter, before: Mapping[int, EditedRule], edits: Sequence[RuleEdit]) -> dict[int, EditedRule]:
    known = {rule.id: Part.of(rule) for rule in guard.rules}
    rules = {**before}

    def parts(edit: RuleEdit, traffic: RuleTraffic) -> list[Part]:
        old = known.get(edit.rule, Part("", traffic, edit.targets))
        return [old.replacement_with(each) for each in expressed(traffic, in_policy=True)]

    for name, edits_of_rule in by_rule(edits).items():
        priority = int(name) if name else (edits_of_rule[0][1].order or 0) // 2
        old = rules.pop(priority, None) if name else None
        kept, others = rules_after(old, edits_of_rule, parts, lambda peer: peer.kind)
        if priority not in rules and (kept or others):
            rules[priority] = kept or others.pop(0)
        for rule in others:
            used = {number: other.traffic.action for number, other in rules.items()}
            free = free_priority(used, priority, rule.traffic.action, first=0, last=_LAST_PRIORITY)
            rules[free] = rule
    return rules


def policy_body(parts: Sequence[Part], priority: int) -> Mapping[str, Any]:
    """Return one rule made of parts. Raises NoCallError for parts that a policy's rule can't express."""
    first = parts[0].traffic
    far, near = ("src", "dest") if first.direction is Direction.INGRESS else ("dest", "src")
    services = protocols(united_services(parts))
    if services is None or any(part.traffic.peer.kind is not PeerOf.RANGE or part.uncertain for part in parts):
        message = "the rule has peers other than ranges, or services that one rule cannot express"
        raise NoCallError(message)
    groups = dict.fromkeys(group for part in parts for group in part.groups)
    if any(not group.startswith(ACCOUNT) for group in groups):
        message = "a rule of a firewall policy cannot have network tags as targets"
        raise NoCallError(message)
    ranges = [cidr for part in parts for cidr in read_addresses(part.traffic.peer.value).cidrs()]
    targets = [*parts[0].targets.cidrs()]
    return {
        **({"description": parts[0].description} if parts[0].description else {}),
        "priority": priority,
        "direction": first.direction.upper(),
        "action": _ACTIONS[first.action],
        "match": {
            "layer4Configs": [_protocol(service) for service in services],
            f"{far}IpRanges": [*dict.fromkeys(ranges)],
            **({f"{near}IpRanges": targets} if targets else {}),
        },
        **({"targetServiceAccounts": [group.removeprefix(ACCOUNT) for group in groups]} if groups else {}),
    }


def _protocol(listed: Mapping[str, Any]) -> dict[str, Any]:
    """Return a protocol with the field names of policies, which begin with a small letter."""
    return {"ipProtocol": listed["IPProtocol"], **({"ports": listed["ports"]} if "ports" in listed else {})}


def _call(guard: Filter, verb: str, priority: int | None, body: Mapping[str, Any] | None = None) -> ApiCall:
    name, _, where = guard.id.removeprefix("policy ").partition(" of ")
    _, _, region = where.partition(" in ")
    project = {"project": project_of(guard.source.resource)} if where else {}
    kind = "regionNetworkFirewallPolicies" if region else "networkFirewallPolicies" if where else "firewallPolicies"
    return ApiCall(
        COMPUTE,
        f"compute.{kind}.{verb}",
        {
            **project,
            **({"region": region} if region else {}),
            "firewallPolicy": name,
            **({"priority": priority} if priority is not None else {}),
            **({"body": body} if body is not None else {}),
        },
    )
