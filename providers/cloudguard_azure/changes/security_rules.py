"""The rules of one network security group, and the effect of edits on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Final

from cloudguard.model.filters import Action, Direction, Filter
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.rule_parts.edits import after_edits, by_rule, successor_of
from cloudguard.provider.rule_parts.parts import Part, as_rules, parts_of
from cloudguard.results.change import PeerOf, RuleEdit, RulePeer, RuleTraffic
from cloudguard.values import dataclass
from cloudguard_azure.changes.rule_bodies import one_rule
from cloudguard_azure.changes.rule_forms import FIRST_PRIORITY, LAST_PRIORITY, expressed
from cloudguard_azure.network.rules import SUPPORTED_SERVICES
from cloudguard_azure.network.service_tags import HOST

_LONGEST_NAME: Final = 80
_ADDED: Final = {Action.PERMIT: "cloudguard-allow", Action.DENY: "cloudguard-deny"}
_BALANCER: Final = RulePeer(PeerOf.ADDRESS_LIST, "AzureLoadBalancer")


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """A rule with its priority, as its parts. ``edits``: the indexes, in the change, of the edits that made it."""

    priority: int
    parts: tuple[Part, ...]
    edits: tuple[int, ...] = ()

    @property
    def traffic(self) -> RuleTraffic:
        """The traffic of its first part. All parts have the same direction and action."""
        return self.parts[0].traffic


@dataclass(frozen=True)
class SecurityRules:
    """A group's rules by name, without the default ones. ``denials``: those that edits of default rules added."""

    rules: Mapping[str, SecurityRule]
    known: Mapping[str, Part]
    """Every rule of the model by its id, including default rules."""
    defaults: frozenset[str]
    denials: frozenset[str] = frozenset()

    @classmethod
    def of(cls, guard: Filter) -> SecurityRules:
        """Return the rules of a group's filter."""
        parts = parts_of(guard)
        priorities = {name: parts_of_rule[0].order for name, parts_of_rule in parts.items()}
        names = {name for name, priority in priorities.items() if priority <= LAST_PRIORITY}
        rules = {name: SecurityRule(priorities[name], tuple(parts[name])) for name in parts if name in names}
        known = {part.id: part for parts_of_rule in parts.values() for part in parts_of_rule}
        return cls(rules, known, frozenset(priorities.keys() - names))

    def priority_before(self, order: int | None) -> int | None:
        """Return the greatest free priority of an inbound rule before ``order`` (None: of all); None for none."""
        inbound = (rule for rule in self.rules.values() if rule.traffic.direction is Direction.INGRESS)
        used, end = {rule.priority for rule in inbound}, LAST_PRIORITY + 1 if order is None else order
        free = (
            priority
            for priority in range(min(end, LAST_PRIORITY + 1) - 1, FIRST_PRIORITY - 1, -1)
            if priority not in used
        )
        return next(free, None)

    def edited(self, edits: Sequence[RuleEdit]) -> SecurityRules:
        """Return the rules after edits. Raises ValueError if no priority is free for one."""
        editor = _Editor(self)
        for name, edits_of_rule in by_rule(edits).items():
            if name in self.defaults:
                editor.put_before_default(edits_of_rule)
            elif name:
                editor.narrow(name, edits_of_rule)
            else:
                for place, edit in edits_of_rule:
                    editor.add(edit, place)
        return replace(self, rules=editor.rules, denials=frozenset(editor.denials))


class _Editor:
    """Edits rules in place."""

    def __init__(self, before: SecurityRules) -> None:
        self.rules = {name: replace(rule, edits=()) for name, rule in before.rules.items()}
        self.denials = {*before.denials}
        self._before = before

    def narrow(self, name: str, edits: Sequence[tuple[int, RuleEdit]]) -> None:
        """Edit a rule. The rest of it keeps its name and priority, as far as one rule can express it."""
        old = self.rules.pop(name, None)
        places = tuple(place for place, _ in edits)
        parts = after_edits(old.parts if old else (), (edit for _, edit in edits), self._parts)
        new_rules = as_rules(parts, one_rule)
        if old and new_rules:
            first = successor_of(new_rules, old.parts)
            new_rules.remove(first)
            self.rules[name] = SecurityRule(old.priority, first, places if first != old.parts else ())
        for rule_parts in new_rules:
            self.rules[self._name(name)] = SecurityRule(
                self._free_priority(rule_parts[0].order, rule_parts[0].traffic), rule_parts, places
            )

    def add(self, edit: RuleEdit, place: int) -> None:
        """Add a rule with the priority of the edit, or the next free one."""
        if edit.after is not None and edit.order is not None:
            for part in self._parts(edit, edit.after):
                priority = self._free_priority(edit.order - 1, part.traffic)
                self.rules[self._name(_ADDED[part.traffic.action])] = SecurityRule(priority, (part,), (place,))

    def put_before_default(self, edits: Sequence[tuple[int, RuleEdit]]) -> None:
        """Add rules with the effect of edits of a default rule, which can't be edited or removed itself.

        Traffic to keep is permitted after all other rules. The default rule's other traffic is denied at the very end.
        The probes of load balancers, from their one address, are kept too.
        """
        for place, edit in edits:
            if edit.after is not None:
                self._append_last(self._parts(edit, edit.after), place)
        for place, edit in edits:
            if edit.before is not None:
                if _may_hold_host(edit.before.peer):
                    probes = replace(edit.before, services=SUPPORTED_SERVICES, peer=_BALANCER)
                    self._append_last(self._parts(edit, probes), place)
                self._append_last(self._parts(edit, replace(edit.before, action=Action.DENY)), place)

    def _append_last(self, parts: Iterable[Part], place: int) -> None:
        for part in parts:
            denies = part.traffic.action is Action.DENY
            used = {rule.priority: name for name, rule in self._same_direction(part.traffic)}
            others = (priority for priority, name in used.items() if name not in self.denials)
            last = max(others, default=FIRST_PRIORITY)
            free = [priority for priority in range(last + 1, LAST_PRIORITY + 1) if priority not in used]
            if not free:
                message = "no priority is free behind the other rules"
                raise ValueError(message)
            name = self._name(_ADDED[part.traffic.action])
            self.rules[name] = SecurityRule(free[-1] if denies else free[0], (part,), (place,))
            if denies:
                self.denials.add(name)

    def _parts(self, edit: RuleEdit, traffic: RuleTraffic) -> list[Part]:
        """Return added traffic as parts of rules, with the targets of the rule that they replace."""
        old = self._before.known.get(edit.rule, Part("", traffic, edit.targets, order=FIRST_PRIORITY))
        return [old.replacement_with(each) for each in expressed(traffic)]

    def _same_direction(self, traffic: RuleTraffic) -> Iterator[tuple[str, SecurityRule]]:
        """Yield the rules of the same direction, whose priorities must differ."""
        for name, rule in self.rules.items():
            if rule.traffic.direction is traffic.direction:
                yield name, rule

    def _free_priority(self, near: int, traffic: RuleTraffic) -> int:
        """Return the free priority next to ``near`` with only rules of the same action in between.

        The order of such rules does not matter. Raises ValueError if there is no such priority.
        """
        used = {rule.priority: rule.traffic.action for _, rule in self._same_direction(traffic)}
        for steps in (range(near + 1, LAST_PRIORITY + 1), range(near - 1, FIRST_PRIORITY - 1, -1)):
            for priority in steps:
                if priority not in used:
                    return priority
                if used[priority] is not traffic.action:
                    break
        message = f"no priority is free next to {near}"
        raise ValueError(message)

    def _name(self, like: str) -> str:
        tried = (f"{like[: _LONGEST_NAME - 5]}-{number}" for number in count(2))
        used = {name.lower() for name in (*self.rules, *self._before.defaults)}
        return next(name for name in tried if name.lower() not in used)


def _may_hold_host(peer: RulePeer) -> bool:
    return peer.kind is PeerOf.RANGE and bool(AddressSet.of(peer.value.split(",")) & HOST)
