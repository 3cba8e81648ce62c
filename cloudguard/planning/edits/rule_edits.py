"""Edits of rules: what replaces a rule by other rules, and which of the edits repeat one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cloudguard.model.filters import Filter
from cloudguard.results.change import Change, RuleEdit, RuleOp, RuleTraffic


def edits_of(
    rule: str, before: RuleTraffic | None, after: tuple[tuple[RuleTraffic, tuple[str, ...]], ...]
) -> Iterator[RuleEdit]:
    """Yield the edits that replace the rule ``rule`` (an id) by ``after``.

    A part of ``after`` with the rule's own peer modifies the rule in place. The other parts are new rules.
    """
    in_place = next((traffic for traffic, _ in after if before and within(traffic, before)), None)
    if before and in_place is None:
        yield RuleEdit(RuleOp.REMOVE, rule, before, None)
    for traffic, needs in after:
        if traffic != in_place:
            yield RuleEdit(RuleOp.ADD, rule, None, traffic, needs)
        elif traffic != before:
            yield RuleEdit(RuleOp.MODIFY, rule, before, traffic, needs)


def within(traffic: RuleTraffic, other: RuleTraffic) -> bool:
    """Whether ``traffic`` has the same peer, direction and action as ``other``, and no further services."""
    same = (traffic.peer, traffic.direction, traffic.action) == (other.peer, other.direction, other.action)
    return same and traffic.services <= other.services


def without_repeats(
    changes: Iterable[Change], filters: Mapping[str, Filter], present: Mapping[str, frozenset[RuleTraffic]]
) -> tuple[Change, ...]:
    """Return ``changes`` without rules that a filter already has or would get twice, because clouds refuse them.

    Only filters that allow the union of their rules, without order, are changed. ``present``: filter id → the traffic
    of the filter's rules today. A rule that one change removes and another change needs stays.
    """
    changes = tuple(changes)
    unions = {name for name, guard in filters.items() if not (guard.ordered or guard.in_chain)}
    wanted: dict[str, set[RuleTraffic]] = {}
    for change in changes:
        kept = (edit.after for edit in change.rule_edits if edit.op is not RuleOp.REMOVE and edit.after)
        wanted.setdefault(change.resource.id, set()).update(kept)
    seen: dict[str, set[RuleTraffic]] = {}
    result = list[Change]()
    for change in changes:
        name = change.resource.id
        if name not in unions or change.resource.kind != "filter":
            result.append(change)
            continue
        known, there = seen.setdefault(name, set()), present.get(name, frozenset())
        edits = tuple(_unrepeated(change.rule_edits, known, there, wanted[name]))
        if edits:
            result.append(replace(change, edits=edits))
    return tuple(result)


def _unrepeated(
    edits: Iterable[RuleEdit], known: set[RuleTraffic], present: frozenset[RuleTraffic], wanted: set[RuleTraffic]
) -> Iterator[RuleEdit]:
    for edit in edits:
        stays = edit.before is not None and edit.before in wanted
        repeats = edit.after is not None and (edit.after in present or edit.after in known)
        if edit.after is not None:
            known.add(edit.after)
        if edit.op is RuleOp.MODIFY and edit.before and (stays or repeats):
            if not stays:
                yield RuleEdit(RuleOp.REMOVE, edit.rule, edit.before, None)
            if not repeats and edit.after:
                yield RuleEdit(RuleOp.ADD, edit.rule, None, edit.after, edit.needs)
        elif not repeats and not (edit.op is RuleOp.REMOVE and stays):
            yield edit
