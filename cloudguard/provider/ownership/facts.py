"""Read a provider's table of owners, ``owners.toml``: each ``[[owner]]`` has its signs and the places for edits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from functools import cache
from typing import Any, Protocol, cast, runtime_checkable

from cloudguard.model.filters import PeerKind
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.tables import record, table_of
from cloudguard.values import dataclass

FILE = "owners.toml"


class Thing(StrEnum):
    """A kind of resource on which a sign is found."""

    FILTER = "filter"
    RULE = "rule"
    BALANCER = "balancer"
    ENDPOINT = "endpoint"
    POOL = "pool"
    HOST = "host"
    DISK = "disk"
    IDENTITY = "identity"


class Edited(StrEnum):
    """A kind of thing that an edit changes."""

    RULE = "rule"
    BALANCER = "balancer"
    ENDPOINT = "endpoint"
    DISK = "disk"
    NEXT_DISKS = "next-disks"
    """The disks that the next host of a pool gets."""
    METADATA = "metadata"
    MEMBERSHIP = "membership"
    """The groups of a host, or of a pool's next host."""
    PERMISSIONS = "permissions"
    TRUST = "trust"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign that shows an owner: all given patterns of ``tags`` ("KEY=VALUE"), ``name`` and ``description`` match.

    Named groups of the patterns become the owner's ``names``. ``own_group``: the rule must name its own group as its
    peer.
    """

    of: frozenset[Thing]
    tags: tuple[re.Pattern[str], ...] = ()
    name: re.Pattern[str] | None = None
    description: re.Pattern[str] | None = None
    own_group: bool = False


@dataclass(frozen=True, slots=True)
class PatchForm:
    """A field in a document of the owner: the document, the field's path, and its new value.

    ``document``: the fields that identify the document. ``path``: names with dots between them; ``[name=x]`` selects
    the item of a list. ``value``: the text to write, or one of these words:
    "peers": the list of the peers that are let in;
    "ranges": the same list, if all peers are ranges;
    "joined-ranges": the ranges as one text with commas;
    "rules": all rules that the field writes, by the templates in ``items``;
    "rule": the rules that replace the changed rule, by the templates in ``items``.
    ``{cluster}`` is replaced by the owner's name called "cluster". ``may_be_empty``: an empty list lets in nobody.
    Without it, an empty list is never written: it would let in everyone, or remove more than intended.
    """

    document: Mapping[str, Any]
    path: str
    value: Any
    items: Mapping[str, Any] = field(default_factory=dict[str, Any])
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A place where an edit lasts: ``where`` in words, and ``patch`` for the owner's own document, if there is one.

    For an edit of a rule, the place is valid if the rule is within ``services`` (None: any) and its peer's kind is in
    ``peers`` (empty: any). ``named``: name → pattern that the owner's name must match.
    """

    of: frozenset[Edited]
    where: str
    services: ServiceSet | None = None
    peers: frozenset[PeerKind] = frozenset()
    named: Mapping[str, re.Pattern[str]] = field(default_factory=dict[str, re.Pattern[str]])
    patch: PatchForm | None = None


@dataclass(frozen=True, slots=True)
class OwnerFacts:
    """The facts about an owner, from ``source``.

    ``who``, ``undone`` and ``instead`` are the fields of ``Owner``. ``marks_rules``: the owner tags its own rules, so
    if any rule of a filter has the tag, the rules without it are not the owner's.
    """

    id: str
    who: str
    source: str
    undone: str = ""
    instead: str = ""
    marks_rules: bool = False
    signs: tuple[Sign, ...] = ()
    places: tuple[Place, ...] = ()


@runtime_checkable
class KnowsOwners(Protocol):
    """An adapter that knows the owners of its cloud's resources."""

    def owners(self) -> Mapping[str, OwnerFacts]:
        """Return owner id → its facts, in the order in which their signs are tried. Makes no call."""
        ...


@cache
def owner_facts(package: str) -> Mapping[str, OwnerFacts]:
    """Return the table of owners of a provider's ``package``, in the file's order. It is read once in a process."""
    facts = (record(OwnerFacts, table, signs=_signs, places=_places) for table in table_of(package, FILE)["owner"])
    return {of_owner.id: of_owner for of_owner in facts}


def _signs(tables: Iterable[Mapping[str, Any]]) -> tuple[Sign, ...]:
    return tuple(
        record(Sign, table, of=_things, tags=_patterns, name=_pattern, description=_pattern) for table in tables
    )


def _things(names: Iterable[str]) -> frozenset[Thing]:
    return frozenset(map(Thing, names))


def _places(tables: Iterable[Mapping[str, Any]]) -> tuple[Place, ...]:
    return tuple(
        record(
            Place,
            table,
            of=lambda names: frozenset(map(Edited, names)),
            services=ServiceSet.parse,
            peers=lambda names: frozenset(map(PeerKind, names)),
            named=lambda named: {name: _pattern(text) for name, text in named.items()},
            patch=lambda patch: record(PatchForm, patch),
        )
        for table in tables
    )


def _patterns(texts: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(map(_pattern, texts))


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)


def filled(text: str, names: Mapping[str, object]) -> str:
    """Return ``text`` with each ``{name}`` replaced by its value in ``names``. Unknown names stay as they are."""
    return re.sub(r"\{(\w+)\}", lambda match: str(names.get(match[1], match[0])), text)


def filled_template(template: object, names: Mapping[str, object]) -> object:
    """Return ``template`` (JSON) with all its texts and keys ``filled``. A text ``{name}`` becomes the value itself."""
    if isinstance(template, Mapping):
        table = cast("Mapping[str, object]", template)
        return {filled(key, names): filled_template(member, names) for key, member in table.items()}
    if isinstance(template, list):
        return [filled_template(item, names) for item in cast("list[object]", template)]
    if not isinstance(template, str):
        return template
    whole = template[1:-1]
    return names[whole] if template == f"{{{whole}}}" and whole in names else filled(template, names)
