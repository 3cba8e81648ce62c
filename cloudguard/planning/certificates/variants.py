"""Filters as the certificate holds them: one variant of a filter for each kind of target that its rules apply to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from cloudguard.model.filters import Direction, Filter, Rule
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.planning.certificates.guarded import Guarded
from cloudguard.planning.edits.model_edits import EditOfChange, edited
from cloudguard.reachability.filters import Filters, RuleTarget
from cloudguard.reachability.host_classes import HostClass
from cloudguard.results.change import RuleEdit
from cloudguard.values import dataclass

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """The rules of ``filter`` (an id) that apply to members of ``groups`` at ``addresses`` (None: unknown)."""

    name: str
    filter: str
    groups: tuple[str, ...]
    addresses: AddressSet | None

    def rules(self, filters: Filters) -> list[Json]:
        """Return the ingress rules of the variant, with the rules' state in ``filters``."""
        rules = filters.rules((self.filter,), Direction.INGRESS, RuleTarget(self.groups, self.addresses))
        return [_rule(filters, rule, self.addresses) for _, rule in rules]


def _rule(filters: Filters, rule: Rule, addresses: AddressSet | None) -> Json:
    """Return a rule with its addresses and services as intervals.

    The peer of an uncertain rule, which may match less than it says, is written as a group of its own with unknown
    members. Rules that replace an uncertain rule have the same group.
    """
    named: Json = {"id": rule.id, "action": rule.action.value, "order": rule.order}
    peers = filters.peers(rule)
    if filters.uncertain(rule, addresses):
        peer: Json = {"group": f"the unknown senders of rule {rule.id.partition('+')[0]}"}
    elif peers is None:
        peer = {"group": rule.peer.group}
    else:
        peer = {"addresses": peers.intervals}
    return {**named, **peer, "services": rule.services.intervals}


class Variants:
    """The variants of all filters, for the host classes that the filters guard."""

    def __init__(self, snapshot: Snapshot, classes: Iterable[HostClass]) -> None:
        self._snapshot = snapshot
        self._filters = Filters(snapshot.topology)
        self._of: dict[tuple[str, tuple[str, ...], AddressSet | None], Variant] = {}
        self._counts: dict[str, int] = {}
        for target in classes:
            for name in target.key.filters:
                self.of(name, Guarded.of_hosts(target))

    def of(self, name: str, target: Guarded) -> Variant:
        """Return the variant of the filter ``name`` (an id) for a place that it guards."""
        guard = self._filters.filters.get(name)
        rules = guard.rules if guard else ()
        groups = {group for rule in rules for group in rule.target_groups}.intersection(target.groups)
        aims = any(rule.target_ranges for rule in rules)
        return self._variant(name, tuple(sorted(groups)), target.addresses if aims else None)

    def of_others(self, name: str) -> Variant:
        """Return the variant of the filter ``name`` (an id) for members that are in none of its target groups."""
        return self._variant(name, (), None)

    def _variant(self, name: str, groups: tuple[str, ...], addresses: AddressSet | None) -> Variant:
        key = name, groups, addresses
        if key not in self._of:
            count = self._counts[name] = self._counts.get(name, 0) + 1
            self._of[key] = Variant(name if count == 1 else f"{name} #{count}", name, groups, addresses)
        return self._of[key]

    def documents(self) -> Iterator[Json]:
        """Yield each variant with its rules before the first step."""
        for variant in self._of.values():
            guard = self._filters.filters.get(variant.filter)
            if guard is not None:
                ordered = guard.ordered or guard.in_chain
                yield {"id": variant.name, "ordered": ordered, "rules": variant.rules(self._filters)}

    def steps(self, order: Iterable[EditOfChange]) -> Iterator[Json]:
        """Yield the rules that each edit drops and puts, for every variant of the edited filter."""
        first = {name: {rule.id: rule for rule in guard.rules} for name, guard in self._filters.filters.items()}
        present = {name: {**rules} for name, rules in first.items()}
        variants: dict[str, list[Variant]] = {}
        for variant in self._of.values():
            variants.setdefault(variant.filter, []).append(variant)
        for change, edit in order:
            guard = self._filters.filters.get(change.resource.id)
            if guard is None or not isinstance(edit, RuleEdit):
                continue
            rules = present[guard.id]
            origin = rules.get(edit.rule, first[guard.id].get(edit.rule))  # removed rules give targets too
            old = (rules[edit.rule],) if edit.rule in rules else ()
            edited = self._edited(replace(guard, rules=(origin,) if origin else ()), (change, edit)).rules
            new = tuple(rule for rule in edited if rule.id not in rules and rule is not origin)
            new += tuple(rule for rule in edited if old and rule.id == edit.rule)
            for rule in old:
                del rules[rule.id]
            rules.update((rule.id, rule) for rule in new)
            before, after = (self._filters_of(replace(guard, rules=each)) for each in (old, new))
            for variant in variants.get(guard.id, ()):
                was, will_be = _by_id(variant.rules(before)), _by_id(variant.rules(after))
                drop = [name for name in was if was[name] != will_be.get(name)]
                put = [rule for name, rule in will_be.items() if rule != was.get(name)]
                if drop or put:
                    yield {"change": change.id, "filter": variant.name, "drop": drop, "rules": put}

    def _filters_of(self, guard: Filter) -> Filters:
        return Filters(replace(self._snapshot.topology, filters=(guard,)))

    def _edited(self, guard: Filter, entry: EditOfChange) -> Filter:
        alone = replace(self._snapshot, topology=replace(self._snapshot.topology, filters=(guard,)))
        return edited(alone, [entry]).topology.filters[0]


def _by_id(rules: Iterable[Json]) -> Mapping[str, Json]:
    return {rule["id"]: rule for rule in rules}
