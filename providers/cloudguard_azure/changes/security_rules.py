"""The rules of one network security group, and the effect of edits on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cloudguard.model.filters import Action, Direction, Filter
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.calls.cloud_forms import NoCallError
from cloudguard.provider.rule_parts.edits import EditedRule, by_rule, free_name, free_priority, rules_after
from cloudguard.provider.rule_parts.parts import Part, parts_of
from cloudguard.results.change import PeerOf, RuleEdit, RulePeer, RuleTraffic
from cloudguard.values import dataclass
from cloudguard_azure.changes.rule_bodies import one_rule
from cloudguard_azure.changes.rule_forms import FIRST_PRIORITY, LAST_PRIORITY, expressed
from cloudguard_azure.network.rules import SUPPORTED_SERVICES
from cloudguard_azure.network.service_tags import HOST

_LONGEST_NAME: Final = 80
_ADDED: Final = {Action.PERMIT: "cloudguard-allow", Action.DENY: "cloudguard-deny"}
_BALANCER: Final = RulePeer(PeerOf.ADDRESS_LIST, "AzureLoadBalancer")


@dataclass(frozen=True)
class SecurityRules:
    """A group's rules by name, without the default ones. ``denials``: those that edits of default rules added."""

    rules: Mapping[str, EditedRule]
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
        rules = {name: EditedRule(tuple(parts[name]), priority=priorities[name]) for name in parts if name in names}
        known = {rule.id: Part.of(rule) for rule in guard.rules}
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
        """Return the rules after edits. Raises NoCallError if no priority is free for one."""
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
        kept, others = rules_after(self.rules.pop(name, None), edits, self._parts, one_rule)
        if kept:
            self.rules[name] = kept
        for rule in others:
            priority = self._free_priority(rule.parts[0].order, rule.traffic)
            self.rules[self._name(name)] = replace(rule, priority=priority)

    def add(self, edit: RuleEdit, place: int) -> None:
        """Add a rule with the priority of the edit, or the next free one."""
        if edit.after is not None and edit.order is not None:
            for part in self._parts(edit, edit.after):
                priority = self._free_priority(edit.order - 1, part.traffic)
                self.rules[self._name(_ADDED[part.traffic.action])] = EditedRule((part,), (place,), priority)

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
                raise NoCallError(message)
            name = self._name(_ADDED[part.traffic.action])
            self.rules[name] = EditedRule((part,), (place,), free[-1] if denies else free[0])
            if denies:
                self.denials.add(name)

    def _parts(self, edit: RuleEdit, traffic: RuleTraffic) -> list[Part]:
        """Return added traffic as parts of rules, with the targets of the rule that they replace."""
        old = self._before.known.get(edit.rule, Part("", traffic, edit.targets, order=FIRST_PRIORITY))
        return [old.replacement_with(each) for each in expressed(traffic)]

    def _same_direction(self, traffic: RuleTraffic) -> Iterator[tuple[str, EditedRule]]:
        """Yield the rules of the same direction, whose priorities must differ."""
        for name, rule in self.rules.items():
            if rule.traffic.direction is traffic.direction:
                yield name, rule

    def _free_priority(self, near: int, traffic: RuleTraffic) -> int:
        used = {rule.priority: rule.traffic.action for _, rule in self._same_direction(traffic)}
        return free_priority(used, near, traffic.action, first=FIRST_PRIORITY, last=LAST_PRIORITY)

    def _name(self, like: str) -> str:
        return free_name(like, (*self.rules, *self._before.defaults), _LONGEST_NAME)


def _may_hold_host(peer: RulePeer) -> bool:
    return peer.kind is PeerOf.RANGE and bool(AddressSet.of(peer.value.split(",")) & HOST)
