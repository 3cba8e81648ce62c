"""Apply edits of the model's rules to a cloud's rules, and find the rules that differ afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any, TypeAlias, TypeVar

from cloudguard.model.filters import Action
from cloudguard.provider.calls.cloud_forms import NoCallError
from cloudguard.provider.rule_parts.parts import Part, as_rules, name_of_rule
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, RuleEdit, RuleOp, RulePeer, RuleTraffic
from cloudguard.values import dataclass

NameT = TypeVar("NameT", int, str)
"""A rule's name, or its priority where the cloud's rules have no names."""
AddedParts: TypeAlias = Callable[[RuleEdit, RuleTraffic], Iterable[Part]]
"""Returns the parts for the traffic after an edit."""


@dataclass(frozen=True, slots=True)
class EditedRule:
    """A cloud's rule as its parts. ``edits``: the indexes, in the change, of the edits that made it.

    ``priority``: its priority, in filters whose rules have a name and a priority of their own.
    """

    parts: tuple[Part, ...]
    edits: tuple[int, ...] = ()
    priority: int = 0

    @property
    def traffic(self) -> RuleTraffic:
        """The traffic of its first part. All parts have the same direction and action."""
        return self.parts[0].traffic

    @property
    def denies(self) -> bool:
        """Whether it denies its traffic."""
        return self.traffic.action is Action.DENY


def by_rule(edits: Sequence[RuleEdit]) -> Mapping[str, list[tuple[int, RuleEdit]]]:
    """Return name of a cloud's rule → its edits with their indexes. Edits that add a rule at an order are under ""."""
    edits_by_rule: dict[str, list[tuple[int, RuleEdit]]] = {}
    for place, edit in enumerate(edits):
        edits_by_rule.setdefault(name_of_rule(edit.rule) if edit.order is None else "", []).append((place, edit))
    return edits_by_rule


def rules_after(
    old: EditedRule | None,
    edits: Sequence[tuple[int, RuleEdit]],
    added: AddedParts,
    one_rule: Callable[[RulePeer], object],
) -> tuple[EditedRule | None, list[EditedRule]]:
    """Return the rules in place of ``old`` after ``edits``: the one that keeps its name (None: none does), the others.

    ``one_rule``: see ``as_rules``.
    """
    places = tuple(place for place, _ in edits)
    rules = as_rules(_parts_after(old.parts if old else (), (edit for _, edit in edits), added), one_rule)
    if old is None or not rules:
        return None, [EditedRule(parts, places) for parts in rules]
    kept = _successor_of(rules, old.parts)
    others = [EditedRule(parts, places) for parts in rules if parts is not kept]
    return EditedRule(kept, places if kept != old.parts else (), old.priority), others


def _parts_after(parts: Iterable[Part], edits: Iterable[RuleEdit], added: AddedParts) -> tuple[Part, ...]:
    result = [*parts]
    for edit in edits:
        at = next((number for number, part in enumerate(result) if part.id == edit.rule), len(result))
        if edit.op is not RuleOp.ADD:
            del result[at : at + 1]
        if edit.after is not None:
            result[at:at] = added(edit, edit.after)
    return tuple(dict.fromkeys(result))


def _successor_of(rules: Sequence[tuple[Part, ...]], old: Sequence[Part]) -> tuple[Part, ...]:
    """Return the one of ``rules`` that keeps the name of the rule that they replace.

    A rule with parts that were read from the old rule comes first; then a rule with the old rule's services.
    """
    services = old[0].traffic.services
    return min(rules, key=lambda rule: (not any(part.id for part in rule), rule[0].traffic.services != services))


def before_and_after(
    rules: Mapping[NameT, EditedRule],
    edited: Callable[[Mapping[NameT, EditedRule], Sequence[RuleEdit]], Mapping[NameT, EditedRule]],
    change: Change,
    earlier: Iterable[Change],
) -> tuple[Mapping[NameT, EditedRule], Mapping[NameT, EditedRule]]:
    """Return the rules of a filter before and after ``change``. ``rules``: before the ``earlier`` changes."""
    for other in earlier:
        if other.resource.id == change.resource.id:
            with suppress(NoCallError):  # then no call made this change
                rules = edited(rules, other.rule_edits)
    before = {name: replace(rule, edits=()) for name, rule in rules.items()}
    return before, edited(before, change.rule_edits)


def rule_calls(
    before: Mapping[NameT, EditedRule],
    after: Mapping[NameT, EditedRule],
    call: Callable[[NameT, EditedRule | None, EditedRule | None], ApiCall],
) -> Iterator[PlannedCall]:
    """Yield a call for each rule that differs: added rules first (denials last), then changed, then removed ones.

    ``call`` returns the call for a rule, from its name and the rule before and after (None: it does not exist). With
    the two rules exchanged, it returns the call that undoes it.
    """

    def planned(place: int, name: NameT) -> PlannedCall:
        old, new = before.get(name), after.get(name)
        return PlannedCall(place, call(name, old, new), (call(name, new, old),))

    changed = {name: rule for name, rule in after.items() if rule.edits}
    order: Any = sorted(changed, key=lambda name: (name in before, changed[name].denies, changed[name].priority, name))
    for name in order:
        yield planned(min(changed[name].edits), name)
    last = max((place for rule in changed.values() for place in rule.edits), default=0)
    yield from (planned(last, name) for name in before if name not in after)


def free_priority(used: Mapping[int, Action], near: int, action: Action, *, first: int, last: int) -> int:
    """Return the free priority next to ``near`` with only rules of the same ``action`` in between.

    The order of such rules does not matter. ``used``: priority → action. Raises NoCallError if there is no such
    priority from ``first`` to ``last``.
    """
    for steps in (range(near + 1, last + 1), range(near - 1, first - 1, -1)):
        for priority in steps:
            if priority not in used:
                return priority
            if used[priority] is not action:
                break
    message = f"no priority is free next to {near}"
    raise NoCallError(message)


def free_name(like: str, used: Iterable[str], longest: int) -> str:
    """Return a name like ``like`` with a number, at most ``longest`` characters, not in ``used`` in any case."""
    taken = {name.lower() for name in used}
    tried = (f"{like[: longest - 5]}-{number}" for number in count(2))
    return next(name for name in tried if name.lower() not in taken)
