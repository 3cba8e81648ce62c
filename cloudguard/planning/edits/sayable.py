"""Rules as the cloud can hold them: each edit of a rule becomes edits that the provider can say, four a peer at most.

Where four rules do not say what a peer needs, fewer within the old rule cover all of it, and what they let in beyond
that is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.packet_sets.services import FAMILIES, PORTS, ServiceSet
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.results.change import Change, KeptTraffic, RuleEdit, RuleOp, RuleTraffic

MOST_RULES: Final = 4
"""So many rules a peer take the place of one at most: more are not an improvement that a person can review."""
TOO_MANY: Final = f"the cloud says what this peer needs only in more than {MOST_RULES} rules (--cni may tell less)"
_FAMILIES: Final = tuple(ServiceSet.of_intervals(((base, base + PORTS),)) for base in FAMILIES.values())
_FURTHER: Final = ServiceSet.everything() - ServiceSet.union(_FAMILIES)


@dataclass(frozen=True, slots=True)
class _Said:
    """Traffic that is needed, who needs it, the rules that say it, and what these let in beyond it."""

    needs: tuple[str, ...]
    rules: tuple[RuleTraffic, ...]
    beyond: KeptTraffic | None = None


def sayable(change: Change, guard: Filter, change_forms: ChangeForms) -> Change | None:
    """Return a change of a rule of ``guard`` in rules that the cloud can hold; None if they would change nothing."""
    edits = [edit for edit in change.edits if isinstance(edit, RuleEdit)]
    before = next((edit.before for edit in edits if edit.before), None)
    said = _said(edits, before, guard, change_forms)
    if said is None:
        return None
    after = tuple((rule, one.needs) for one in said for rule in one.rules)
    made = tuple(_edits(change.rule, before, after))
    if not made:
        return None
    beyond = tuple(one.beyond for one in said if one.beyond is not None)
    return replace(change, kind="rule.narrow" if after else "rule.remove", edits=made, left=(*change.left, *beyond))


def _said(
    edits: list[RuleEdit], before: RuleTraffic | None, guard: Filter, change_forms: ChangeForms
) -> list[_Said] | None:
    """Return what is needed as rules; None where nothing smaller than ``before`` says it."""
    within = before.services if before else ServiceSet.everything()
    said = list[_Said]()
    for edit in edits:
        found = _of_peer(edit.after, edit.needs, within, guard, change_forms) if edit.after else None
        if found is None and edit.after:
            return None
        said += [found] if found else []
    return None if [rule for one in said for rule in one.rules] == [before] else said


def _of_peer(
    traffic: RuleTraffic, needs: tuple[str, ...], within: ServiceSet, guard: Filter, change_forms: ChangeForms
) -> _Said | None:
    """Return what one peer needs, as few rules: exactly, else as a span of each protocol, else as the old rule."""
    spans = ServiceSet.union(_span(traffic.services & family) for family in _FAMILIES)
    for services in (traffic.services, (spans | (traffic.services & _FURTHER)) & within, within):
        rules = change_forms.rules(guard, replace(traffic, services=services))
        if rules and len(rules) <= MOST_RULES:
            beyond = services - traffic.services
            return _Said(needs, rules, KeptTraffic(traffic.peer, beyond, TOO_MANY) if beyond else None)
    return None


def _span(services: ServiceSet) -> ServiceSet:
    """Return everything from the first to the last of ``services``, of one protocol."""
    if not services:
        return services
    return ServiceSet.of_intervals(((services.intervals[0][0], services.intervals[-1][1]),))


def _edits(
    rule: str, before: RuleTraffic | None, after: tuple[tuple[RuleTraffic, tuple[str, ...]], ...]
) -> Iterator[RuleEdit]:
    """Yield the edits that leave ``after`` in place of a rule: one in place if any has the rule's own peer."""
    own = next((traffic for traffic, _ in after if before and within(traffic, before)), None)
    if before and own is None:
        yield RuleEdit(RuleOp.REMOVE, rule, before, None)
    for traffic, needs in after:
        if traffic != own:
            yield RuleEdit(RuleOp.ADD, rule, None, traffic, needs)
        elif traffic != before:
            yield RuleEdit(RuleOp.MODIFY, rule, before, traffic, needs)


def within(traffic: RuleTraffic, other: RuleTraffic) -> bool:
    """Whether a rule allows no more than another, by what they say: services of the same peer."""
    same = (traffic.peer, traffic.direction, traffic.action) == (other.peer, other.direction, other.action)
    return same and traffic.services <= other.services


def without_repeats(
    changes: Iterable[Change], filters: Mapping[str, Filter], present: Mapping[str, frozenset[RuleTraffic]]
) -> tuple[Change, ...]:
    """Return ``changes`` so that no filter gets a rule that it has, or one twice: clouds refuse them.

    ``present`` is what each filter's rules say today. A rule that is to go and that another change wants stays.
    """
    changes = tuple(changes)
    wanted: dict[str, set[RuleTraffic]] = {}
    for change, edit in _rule_edits(changes, filters):
        if edit.op is not RuleOp.REMOVE and edit.after:
            wanted.setdefault(change.resource.id, set()).add(edit.after)
    seen: dict[str, set[RuleTraffic]] = {}
    result = list[Change]()
    for change in changes:
        guard = filters.get(change.resource.id)
        if guard is None or not _is_union(guard) or change.resource.kind != "filter":
            result.append(change)
            continue
        known, there = seen.setdefault(guard.id, set()), present.get(guard.id, frozenset())
        edits = tuple(_unrepeated(change.edits, known, there, wanted.get(guard.id, set())))
        if edits:
            result.append(replace(change, edits=edits))
    return tuple(result)


def _unrepeated(
    edits: Iterable[object], known: set[RuleTraffic], present: frozenset[RuleTraffic], wanted: set[RuleTraffic]
) -> Iterator[RuleEdit]:
    for edit in edits:
        if not isinstance(edit, RuleEdit):
            continue
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


def _is_union(guard: Filter) -> bool:
    """Whether a filter's rules apply together, without order: there the same rule twice says nothing more."""
    return not guard.ordered and not guard.in_chain


def _rule_edits(changes: Iterable[Change], filters: Mapping[str, Filter]) -> Iterator[tuple[Change, RuleEdit]]:
    for change in changes:
        guard = filters.get(change.resource.id)
        for edit in change.edits:
            if guard is not None and _is_union(guard) and isinstance(edit, RuleEdit):
                yield change, edit
