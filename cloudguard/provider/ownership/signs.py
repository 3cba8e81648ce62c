"""Find the owner of a resource by its tags, its name and its description."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from cloudguard.model.filters import Filter
from cloudguard.model.owner import Owner
from cloudguard.provider.ownership.facts import OwnerFacts, Sign, Thing, filled, owner_facts
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class _SignedResource:
    """The properties of a resource that signs are compared with."""

    thing: Thing
    name: str
    tags: Mapping[str, str]
    description: str = ""
    own_group: bool = False


class Owners:
    """The owners in the table of a provider's package. The table is read at the first access."""

    def __init__(self, package: str) -> None:
        self._package = package

    @property
    def facts(self) -> Mapping[str, OwnerFacts]:
        """Owner id → the facts about the owner."""
        return owner_facts(self._package)

    def of(self, thing: Thing, name: str, tags: Mapping[str, str]) -> Owner | None:
        """Return the owner of a resource, found by its name and tags. None if a person may have written it."""
        return self._first(_SignedResource(thing, name, tags))

    def of_rule(
        self, name: str, description: str, tags: Mapping[str, str] | None = None, *, own_group: bool = False
    ) -> Owner | None:
        """Return the owner of a rule. ``own_group``: the rule names its own group as its peer."""
        return self._first(_SignedResource(Thing.RULE, name, tags or {}, description, own_group))

    def _first(self, resource: _SignedResource) -> Owner | None:
        for facts in self.facts.values():
            for sign in facts.signs:
                evidence = _evidence(sign, resource) if resource.thing in sign.of else None
                if evidence is not None:
                    return _owner(facts, *evidence)
        return None

    def known(self, name: str, evidence: str = "", *names: tuple[str, str]) -> Owner:
        """Return the owner ``name`` (an id of the table), for callers that found the owner without a sign."""
        return _owner(self.facts[name], evidence, names)

    def also_of_rules(self, guard: Filter) -> Filter:
        """Return ``guard`` with its owner also as the owner of the rules without an owner.

        If the filter's owner marks its rules, and any rule has this mark, the other rules keep no owner.
        """
        owner = guard.written_by
        if owner is None:
            return guard
        has_mark = any(rule.written_by and rule.written_by.id == owner.id for rule in guard.rules)
        if self.facts[owner.id].marks_rules and has_mark:
            return guard
        return replace(guard, rules=tuple(replace(rule, written_by=rule.written_by or owner) for rule in guard.rules))


def _owner(facts: OwnerFacts, evidence: str, names: tuple[tuple[str, str], ...]) -> Owner:
    return Owner(facts.id, facts.who, evidence, facts.undone, filled(facts.instead, dict(names)), names)


def _evidence(sign: Sign, resource: _SignedResource) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """Return the parts of the resource that match ``sign``, in words, and the names in them. None if a part is missing.

    The names are pairs of a pattern's named group and its value.
    """
    matches = list[tuple[str, re.Match[str]]]()
    for kind, match in _matches(sign, resource):
        if match is None:
            return None
        matches.append((f"{kind} {match[0]}", match))
    if sign.own_group and not resource.own_group:
        return None
    words = [text for text, _ in matches] or ["a rule that allows a group's members to connect to each other"]
    names = {name: value for _, match in matches for name, value in match.groupdict().items() if value}
    return ", ".join(words), tuple(names.items())


def _matches(sign: Sign, resource: _SignedResource) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Yield each compared part ("name", "description", "tag") with the match of its pattern; None without a match."""
    if sign.name:
        yield "name", sign.name.fullmatch(resource.name)
    if sign.description:
        yield "description", sign.description.fullmatch(resource.description)
    for pattern in sign.tags:
        pairs = (pattern.fullmatch(f"{key}={value}") for key, value in sorted(resource.tags.items()))
        yield "tag", next(filter(None, pairs), None)
