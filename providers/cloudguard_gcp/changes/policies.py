"""Edits of firewall policies' rules as calls: for policies of a network (global or regional), and those above it.

https://cloud.google.com/compute/docs/reference/rest/v1/networkFirewallPolicies/patchRule,
https://cloud.google.com/compute/docs/reference/rest/v1/firewallPolicies/patchRule
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from cloudguard.model.filters import Action, Direction, Filter
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.rule_parts.edits import after_edits, by_rule, successor_of
from cloudguard.provider.rule_parts.parts import Part, as_rules, parts_of
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, PeerOf, RuleEdit, RuleTraffic
from cloudguard.values import dataclass
from cloudguard_gcp.access.links import project_of
from cloudguard_gcp.changes.firewalls import COMPUTE
from cloudguard_gcp.changes.rule_forms import ACCOUNT, expressed, protocols

POLICY: Final = "firewall policy"
_ACTIONS: Final = {Action.PERMIT: "allow", Action.DENY: "deny", Action.NEXT: "goto_next"}
_LAST_PRIORITY: Final = 2_147_483_643
"""https://cloud.google.com/firewall/docs/firewall-policies-rule-details#priority"""


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """The rule of one priority, as its parts. ``edits``: the indexes, in the change, of the edits that made it."""

    parts: tuple[Part, ...]
    edits: tuple[int, ...] = ()


def policy_calls(guard: Filter, change: Change, earlier_changes: Sequence[Change]) -> Iterator[PlannedCall]:
    """Yield the calls for a change of a policy's rules, after ``earlier_changes``.

    Raises ValueError if no calls can make the change.
    """
    before = {int(name): PolicyRule(tuple(parts)) for name, parts in parts_of(guard).items()}
    for earlier in earlier_changes:
        if earlier.resource.id == guard.id:
            with suppress(ValueError):  # the call for this change was not made
                before = _edited(guard, before, earlier.rule_edits)
    before = {priority: replace(rule, edits=()) for priority, rule in before.items()}
    after = _edited(guard, before, change.rule_edits)
    changed = {priority: rule for priority, rule in after.items() if rule.edits}
    for priority in sorted(changed, key=lambda item: (item in before, item)):
        body, first = policy_body(changed[priority].parts, priority), min(changed[priority].edits)
        if priority in before:
            undo = _call(guard, "patchRule", priority, policy_body(before[priority].parts, priority))
            yield PlannedCall(first, _call(guard, "patchRule", priority, body), (undo,))
        else:
            yield PlannedCall(first, _call(guard, "addRule", None, body), (_call(guard, "removeRule", priority),))
    for priority in sorted(before.keys() - after.keys()):
        undo = _call(guard, "addRule", None, policy_body(before[priority].parts, priority))
        yield PlannedCall(0, _call(guard, "removeRule", priority), (undo,))


def _edited(guard: Filter, before: Mapping[int, PolicyRule], edits: Sequence[RuleEdit]) -> dict[int, PolicyRule]:
    known = {part.id: part for parts in parts_of(guard).values() for part in parts}
    rules = {**before}

    def parts(edit: RuleEdit, traffic: RuleTraffic) -> list[Part]:
        old = known.get(edit.rule, Part("", traffic, edit.targets))
        return [old.replacement_with(each) for each in expressed(traffic, in_policy=True)]

    for name, edits_of_rule in by_rule(edits).items():
        places, priority = (
            tuple(place for place, _ in edits_of_rule),
            int(name) if name else (edits_of_rule[0][1].order or 0) // 2,
        )
        old = rules.pop(priority, None) if name else None
        new_rules = as_rules(
            after_edits(old.parts if old else (), (edit for _, edit in edits_of_rule), parts), lambda peer: peer.kind
        )
        if new_rules and priority not in rules:
            first = successor_of(new_rules, old.parts) if old else new_rules[0]
            new_rules.remove(first)
            rules[priority] = PolicyRule(first, places if old is None or first != old.parts else ())
        for rule_parts in new_rules:
            rules[_free_priority(rules, priority, rule_parts[0])] = PolicyRule(rule_parts, places)
    return rules


def _free_priority(rules: Mapping[int, PolicyRule], near: int, part: Part) -> int:
    """Return the free priority next to ``near`` with only rules of the same action in between.

    Raises ValueError if there is none.
    """
    for steps in (range(near + 1, _LAST_PRIORITY), range(near - 1, -1, -1)):
        for priority in steps:
            if priority not in rules:
                return priority
            if rules[priority].parts[0].traffic.action is not part.traffic.action:
                break
    message = f"no priority is free next to {near}"
    raise ValueError(message)


def policy_body(parts: Sequence[Part], priority: int) -> Mapping[str, Any]:
    """Return one rule made of parts. Raises ValueError for parts that a policy's rule can't express."""
    first = parts[0].traffic
    far, near = ("src", "dest") if first.direction is Direction.INGRESS else ("dest", "src")
    services = protocols(ServiceSet.of_intervals(span for part in parts for span in part.traffic.services.intervals))
    if services is None or any(part.traffic.peer.kind is not PeerOf.RANGE or part.uncertain for part in parts):
        message = "the rule has peers other than ranges, or services that one rule cannot express"
        raise ValueError(message)
    groups = dict.fromkeys(group for part in parts for group in part.groups)
    if any(not group.startswith(ACCOUNT) for group in groups):
        message = "a rule of a firewall policy cannot have network tags as targets"
        raise ValueError(message)
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
