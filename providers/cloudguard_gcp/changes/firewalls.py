"""Edits of VPC firewall rules as calls.

https://cloud.google.com/compute/docs/reference/rest/v1/firewalls,
https://cloud.google.com/compute/docs/reference/rest/v1/networkFirewallPolicies
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from cloudguard.model.filters import Action, Direction, Filter
from cloudguard.model.text_forms import read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.calls.cloud_forms import NoCallError
from cloudguard.provider.rule_parts.edits import (
    EditedRule,
    before_and_after,
    by_rule,
    free_name,
    rule_calls,
    rules_after,
)
from cloudguard.provider.rule_parts.parts import Part, parts_of, united_services
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, GroupEdit, PeerOf, RuleEdit, RulePeer, RuleTraffic
from cloudguard_gcp.access.links import project_of
from cloudguard_gcp.changes.rule_forms import ACCOUNT, TAG, expressed, one_rule, protocols
from cloudguard_gcp.cluster.selectors import by_tag
from cloudguard_gcp.network.rules import BY_GKE

EVERYWHERE: Final = AddressSet.everything()
COMPUTE: Final = "compute.googleapis.com"
VPC: Final = "VPC firewall"
_LONGEST_NAME: Final = 63
_LISTED: Final = {Action.PERMIT: "allowed", Action.DENY: "denied"}
_GROUPS: Final = ((TAG, "Tags"), (ACCOUNT, "ServiceAccounts"))
Body = Mapping[str, Any]
Firewalls = Mapping[str, EditedRule]
"""Firewall rules by name."""


def firewall_calls(guard: Filter, change: Change, earlier_changes: Sequence[Change]) -> Iterator[PlannedCall]:
    """Yield the calls for a change of a network's firewall rules, after ``earlier_changes``.

    Raises NoCallError if no calls can make the change.
    """
    tags = {
        edit.group: by_tag(edit.name)
        for each_change in (*earlier_changes, change)
        for edit in each_change.edits
        if isinstance(edit, GroupEdit)
    }
    for edit in (edit for earlier in earlier_changes if earlier.id == change.id for edit in earlier.rule_edits):
        for traffic in expressed(edit.after, in_policy=False) if edit.after is not None else ():
            firewall_body((Part("", traffic),), tags)  # raises NoCallError: nothing is removed then either
    network = guard.source.resource
    project = project_of(network)

    def call(name: str, old: EditedRule | None, new: EditedRule | None) -> ApiCall:
        if new is None:
            return _call("delete", project, name)
        body = firewall_body(new.parts, tags)
        if old is None:
            return _call("insert", project, "", _complete_body(name, network, body))
        return _call("patch", project, name, body)

    rules: Firewalls = {name: EditedRule(tuple(parts)) for name, parts in parts_of(guard).items()}
    before, after = before_and_after(rules, partial(_edited, guard), change, earlier_changes)
    yield from rule_calls(before, after, call)


def _edited(guard: Filter, before: Firewalls, edits: Sequence[RuleEdit]) -> Firewalls:
    known = {rule.id: Part.of(rule) for rule in guard.rules}
    rules = {**before}

    def parts(edit: RuleEdit, traffic: RuleTraffic) -> list[Part]:
        old = known.get(edit.rule, Part("", traffic, edit.targets, order=edit.order or 0))
        order = old.order if edit.order is None else edit.order
        return [replace(old.replacement_with(each), order=order) for each in expressed(traffic, in_policy=False)]

    for name, edits_of_rule in by_rule(edits).items():
        if BY_GKE.fullmatch(name):
            for place, part in _rules_before(guard, edits_of_rule, parts):
                rules[free_name(f"{name}-cloudguard", rules, _LONGEST_NAME)] = EditedRule((part,), (place,))
            continue
        kept, others = rules_after(rules.pop(name, None), edits_of_rule, parts, one_rule)
        rules |= {name: kept} if kept else {}
        for rule in others:
            rules[free_name(name or "cloudguard", rules, _LONGEST_NAME)] = rule
    return rules


def _rules_before(
    guard: Filter, edits: Sequence[tuple[int, RuleEdit]], parts: Callable[[RuleEdit, RuleTraffic], Iterable[Part]]
) -> Iterator[tuple[int, Part]]:
    """Yield rules with smaller priorities that have the effect of edits to a rule that GKE would restore.

    First they allow the traffic to keep. Then they deny the rule's other traffic, except what other rules allow too.
    """
    for place, edit in edits:
        if edit.after is not None:
            yield from ((place, replace(part, order=_order(part, -2))) for part in parts(edit, edit.after))
    for place, edit in edits:
        for traffic in _denied(guard, edit.rule, edit.before) if edit.before is not None else ():
            yield from ((place, replace(part, order=_order(part, -1))) for part in parts(edit, traffic))


def _order(part: Part, step: int) -> int:
    """Return the rank of a rule with a smaller priority than a part's. Raises NoCallError if there is none."""
    priority = part.order // 2 + step
    if priority < 0:
        message = "no smaller priority is free"
        raise NoCallError(message)
    return 2 * priority + (part.traffic.action is not Action.DENY)


def _denied(guard: Filter, rule: str, traffic: RuleTraffic) -> Iterator[RuleTraffic]:
    """Yield denials of the traffic that a rule allows and no other rule of its filter allows."""
    ranges = read_addresses(traffic.peer.value) if traffic.peer.kind is PeerOf.RANGE else EVERYWHERE
    pieces = [(ranges, traffic.services)]
    for other in guard.rules:
        if other.id != rule and other.action is Action.PERMIT and other.direction is traffic.direction:
            theirs = EVERYWHERE if other.peer.addresses is None else other.peer.addresses
            pieces = [
                piece
                for addresses, services in pieces
                for piece in ((addresses - theirs, services), (addresses & theirs, services - other.services))
                if all(piece)
            ]
    for addresses, services in pieces:
        peer = RulePeer(PeerOf.RANGE, ",".join(addresses.cidrs())) if addresses != EVERYWHERE else traffic.peer
        yield replace(traffic, services=services, peer=peer, action=Action.DENY)


def _complete_body(name: str, network: str, body: Body) -> Body:
    link = f"https://www.googleapis.com/compute/v1/{network}"
    return {"name": name, "network": link, **{key: value for key, value in body.items() if value != []}}


def _call(verb: str, project: str, name: str, body: Body | None = None) -> ApiCall:
    named = {"firewall": name} if name else {}
    arguments = {"body": body} if body is not None else {}
    return ApiCall(COMPUTE, f"compute.firewalls.{verb}", {"project": project, **named, **arguments})


def firewall_body(parts: Sequence[Part], tags: Mapping[RulePeer, str]) -> Body:
    """Return one firewall rule made of parts, without its name and network.

    Raises NoCallError for unknown peers, and for parts that a firewall rule can't express.
    """
    first = parts[0].traffic
    ingress = first.direction is Direction.INGRESS
    far, near = ("source", "destination") if ingress else ("destination", "source")
    services = protocols(united_services(parts))
    if services is None or any(part.uncertain for part in parts):
        message = (
            "a firewall rule cannot express it, or cloudguard does not understand all of the rule and cannot restore it"
        )
        raise NoCallError(message)
    targets = [cidr for part in parts[:1] for cidr in part.targets.cidrs()]
    return {
        **({"description": parts[0].description} if parts[0].description else {}),
        "direction": first.direction.upper(),
        "priority": parts[0].order // 2,
        _LISTED[first.action]: services,
        **_peers(far, dict.fromkeys(part.traffic.peer for part in parts), tags),
        **_targets(dict.fromkeys(group for part in parts for group in part.groups)),
        **({f"{near}Ranges": targets} if targets else {}),
    }


def _peers(side: str, peers: Mapping[RulePeer, None], tags: Mapping[RulePeer, str]) -> dict[str, list[str]]:
    """Return the fields for the peers. Unused source fields are empty, because a patch keeps fields that it omits."""
    ranges = [cidr for peer in peers if peer.kind is PeerOf.RANGE for cidr in read_addresses(peer.value).cidrs()]
    groups = [peer.value for peer in peers if peer.kind is PeerOf.GROUP] + [
        tags[peer] for peer in peers if peer in tags
    ]
    if len(groups) + sum(peer.kind is PeerOf.RANGE for peer in peers) < len(peers):
        message = "a peer has no value yet"
        raise NoCallError(message)
    named = {f"{side}{field}": _with_prefix(prefix, groups) for prefix, field in _GROUPS if side == "source"}
    return {f"{side}Ranges": ranges, **named}


def _with_prefix(prefix: str, groups: Iterable[str]) -> list[str]:
    return [group.removeprefix(prefix) for group in groups if group.startswith(prefix)]


def _targets(groups: Iterable[str]) -> dict[str, list[str]]:
    targets = {f"target{field}": _with_prefix(prefix, groups) for prefix, field in _GROUPS}
    return {key: value for key, value in targets.items() if value}
