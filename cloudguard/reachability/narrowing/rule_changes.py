"""The change of one rule: the edits that replace it by what is needed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from cloudguard.model.filters import Filter, Rule
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import filter_resource, rule_traffic
from cloudguard.results.change import Change, RuleEdit, RuleOp, RulePeer, RuleTraffic

Kept = dict[tuple[RulePeer, ServiceSet], list[str]]
"""The traffic (peer, services) that a rule is to let in, each with the reasons why it is needed."""


def change_of(row: str, guard: Filter, rule: Rule, after: Kept) -> Change | None:
    """Return the change that replaces a rule by ``after``, or None if the rule stays the same."""
    before = rule_traffic(rule)
    if [*after] == [(before.peer, before.services)]:
        return None
    return Change(
        id=sha256(f"{guard.id}\0{rule.id}".encode()).hexdigest()[:12],
        row=row,
        kind="rule.narrow" if after else "rule.remove",
        resource=filter_resource(guard),
        edits=tuple(_edits(rule, after)),
        rule=rule.id,
    )


def _edits(rule: Rule, after: Kept) -> Iterator[RuleEdit]:
    """Yield the edits that replace a rule by ``after``, each with the reasons why it is needed."""
    before = rule_traffic(rule)
    same_peer = next((key for key in after if key[0] == before.peer), None)
    if same_peer is None:
        yield RuleEdit(RuleOp.REMOVE, rule.id, before, None)
    for key, needs in after.items():
        traffic = RuleTraffic(rule.direction, key[1], key[0])
        modified = key == same_peer
        op = RuleOp.MODIFY if modified else RuleOp.ADD
        yield RuleEdit(op, rule.id, before if modified else None, traffic, tuple(dict.fromkeys(needs)))
