"""Apply edits of the model's rules to the parts of a cloud's rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from cloudguard.provider.rule_parts.parts import Part, name_of_rule
from cloudguard.results.change import RuleEdit, RuleOp, RuleTraffic


def by_rule(edits: Sequence[RuleEdit]) -> Mapping[str, list[tuple[int, RuleEdit]]]:
    """Return name of a cloud's rule → its edits with their indexes. Edits that add a rule at an order are under ""."""
    edits_by_rule: dict[str, list[tuple[int, RuleEdit]]] = {}
    for place, edit in enumerate(edits):
        edits_by_rule.setdefault(name_of_rule(edit.rule) if edit.order is None else "", []).append((place, edit))
    return edits_by_rule


def after_edits(
    parts: Iterable[Part], edits: Iterable[RuleEdit], added: Callable[[RuleEdit, RuleTraffic], Iterable[Part]]
) -> tuple[Part, ...]:
    """Return the parts of one rule after ``edits``. ``added`` returns the parts for the traffic after an edit."""
    result = [*parts]
    for edit in edits:
        at = next((number for number, part in enumerate(result) if part.id == edit.rule), len(result))
        if edit.op is not RuleOp.ADD:
            del result[at : at + 1]
        if edit.after is not None:
            result[at:at] = added(edit, edit.after)
    return tuple(dict.fromkeys(result))


def successor_of(rules: Sequence[tuple[Part, ...]], old: Sequence[Part]) -> tuple[Part, ...]:
    """Return the one of ``rules`` that keeps the name of the rule that they replace.

    A rule with parts that were read from the old rule comes first; then a rule with the old rule's services.
    """
    services = old[0].traffic.services
    return min(rules, key=lambda rule: (not any(part.id for part in rule), rule[0].traffic.services != services))
