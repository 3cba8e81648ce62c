"""Combine the changes of two rounds of planning: the second round plans for what the first leaves.

The first round assumes that edited rules allow nothing, so it may keep traffic that another edited rule still allows.
New groups can also make further changes possible. The second round finds both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cloudguard.model.filters import Rule
from cloudguard.model.snapshot import Snapshot
from cloudguard.planning.edits.model_edits import NEW_GROUP, origin_of
from cloudguard.planning.edits.rule_edits import edits_of
from cloudguard.reachability.explanation import rule_traffic
from cloudguard.results.change import Change, PeerOf, RulePeer, RuleTraffic
from cloudguard.results.finding import Finding

MOST_ROUNDS = 4
"""The largest number of rounds."""
MOST_RULES = 2_000
"""A cluster with more rules gets one round."""


def combined(
    first: Sequence[Change],
    second: Sequence[Change],
    states: tuple[Snapshot, Snapshot],
    requested: Sequence[Finding],
    most_rules: int,
) -> tuple[Change, ...] | None:
    """Return one set of changes with the effect of ``first`` and then ``second``. None if there is none.

    ``states`` are the facts before the first round and after the second. At most ``most_rules`` replace one rule. The
    result has no changes that create groups, because the proposer adds these.
    """
    others = [
        _for_requested(change, first, requested)
        for change in (*first, *second)
        if not (change.rule and change.rule_edits) and change.kind != "group.add"
    ]
    if len({change.id for change in others}) < len(others) or not all(change.mends for change in others):
        return None
    by_rule: dict[tuple[str, str], list[Change]] = {}
    for change in (*first, *second):
        if change.rule and change.rule_edits:
            by_rule.setdefault((change.resource.id, origin_of(change.rule)), []).append(change)
    merged = [_one_change(changes, states, requested) for changes in by_rule.values()]
    rules = (sum(edit.after is not None for edit in change.rule_edits) for change in merged)
    if not all(change.mends for change in merged) or any(number > most_rules for number in rules):
        return None
    return (*(change for change in merged if change.edits), *others)


def _for_requested(change: Change, first: Sequence[Change], requested: Sequence[Finding]) -> Change:
    """Return ``change`` as one that mends requested findings.

    If it only mends findings that changes of the ``first`` round cause, it belongs to the findings that those mend.
    """
    names = {finding.id for finding in requested}
    causes = (cause.mends for cause in first if cause.resource == change.resource)
    mends = tuple(name for name in change.mends if name in names)
    return replace(change, mends=mends or tuple(dict.fromkeys(name for names in causes for name in names)))


def _one_change(changes: Sequence[Change], states: tuple[Snapshot, Snapshot], requested: Sequence[Finding]) -> Change:
    """Return the change that replaces a rule by its rules after all ``changes``."""
    change, rule = changes[0], origin_of(changes[0].rule)
    (before, *_), after = (_with_origin(snapshot, change.resource.id, rule) for snapshot in states)
    needs = {edit.after: edit.needs for change in changes for edit in change.rule_edits}
    merged = tuple((traffic, needs.get(traffic, ())) for traffic in map(_traffic, after))
    peers = {traffic.peer for traffic, _ in merged}
    return replace(
        change,
        kind="rule.narrow" if merged else "rule.remove",
        rule=rule,
        edits=tuple(edits_of(rule, rule_traffic(before), merged)),
        mends=tuple(dict.fromkeys(name for change in changes for name in _mends(change, rule, requested))),
        left=tuple(dict.fromkeys(traffic for change in changes for traffic in change.left if traffic.peer in peers)),
    )


def _with_origin(snapshot: Snapshot, guard: str, rule: str) -> list[Rule]:
    """Return the rules of a filter that took the place of ``rule``, or ``rule`` itself."""
    rules = (rule for each in snapshot.topology.filters if each.id == guard for rule in each.rules)
    return [candidate for candidate in rules if origin_of(candidate.id) == rule]


def _traffic(rule: Rule) -> RuleTraffic:
    traffic = replace(rule_traffic(rule), action=rule.action)
    if not rule.peer.group.startswith(NEW_GROUP):
        return traffic
    return replace(traffic, peer=RulePeer(PeerOf.NEW_GROUP, rule.peer.group.removeprefix(NEW_GROUP)))


def _mends(change: Change, rule: str, requested: Sequence[Finding]) -> Iterator[str]:
    """Yield the findings that a change mends.

    If it only mends findings that the first round causes, yield the findings for which its rule is evidence.
    """
    names = {finding.id for finding in requested}
    named = [name for name in change.mends if name in names]
    place = change.resource.id, rule
    yield from named or (
        finding.id for finding in requested if place in {(fact.resource.id, fact.rule) for fact in finding.evidence}
    )
