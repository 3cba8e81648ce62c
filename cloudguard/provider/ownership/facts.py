"""Reads a provider's table of owners, ``owners.toml``: an ``[[owner]]`` with its signs and the places of its edits."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Protocol, runtime_checkable

from cloudguard.model.filters import PeerKind
from cloudguard.packet_sets.services import ServiceSet

FILE = "owners.toml"


class Thing(StrEnum):
    """What a sign is seen on."""

    FILTER = "filter"
    RULE = "rule"
    BALANCER = "balancer"
    ENDPOINT = "endpoint"
    POOL = "pool"
    HOST = "host"
    DISK = "disk"
    IDENTITY = "identity"


class Edited(StrEnum):
    """What an edit is about."""

    RULE = "rule"
    BALANCER = "balancer"
    ENDPOINT = "endpoint"
    DISK = "disk"
    NEXT_DISKS = "next-disks"
    """The disks that the next host of a pool gets."""
    METADATA = "metadata"
    MEMBERSHIP = "membership"
    """Which groups a host, or a pool's next one, is in."""
    PERMISSIONS = "permissions"
    TRUST = "trust"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Sign:
    """What shows an owner: all of ``tags`` ("KEY=VALUE"), ``name`` and ``description`` match, as far as they are given.

    Named groups of these patterns are the owner's ``names``. ``own_group``: the rule names its own group as its peer.
    """

    of: frozenset[Thing]
    tags: tuple[re.Pattern[str], ...] = ()
    name: re.Pattern[str] | None = None
    description: re.Pattern[str] | None = None
    own_group: bool = False


@dataclass(frozen=True, slots=True)
class PatchForm:
    """A field of a document of the owner's: the document, the field's path, and what to set it to.

    ``document`` are the fields that name the document. ``path``: names with dots between them; ``[name=x]`` is the item
    of a list. ``value`` is what to write, or "peers" (the list of those who are let in), "ranges" (the same, if all are
    ranges), "joined-ranges" (as one text), "rules" (all that the field writes, by the templates in ``items``) or "rule"
    (those that take the place of the changed one). ``{cluster}`` stands for a name of the owner's. ``may_be_empty``: an
    empty list lets in nobody; else it would let in everyone, or take away more than is meant.
    """

    document: Mapping[str, Any]
    path: str
    value: Any
    items: Mapping[str, Any] = field(default_factory=dict[str, Any])
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where an edit holds: ``where`` in words, and in the owner's own document, if it has one.

    Of a rule: of one within ``services`` (None: any) whose peer is of one of ``peers`` (none: any). ``named``: the
    owner's names match these patterns.
    """

    of: frozenset[Edited]
    where: str
    services: ServiceSet | None = None
    peers: frozenset[PeerKind] = frozenset()
    named: Mapping[str, re.Pattern[str]] = field(default_factory=dict[str, re.Pattern[str]])
    patch: PatchForm | None = None


@dataclass(frozen=True, slots=True)
class OwnerFacts:
    """What is known of an owner; ``source`` says whence.

    ``who``, ``undone`` and ``instead`` are those of ``Owner``. ``marks_rules``: it tags its own rules, so of a filter
    in which any is tagged, the others are not its.
    """

    id: str
    who: str
    source: str
    undone: str
    instead: str
    marks_rules: bool
    signs: tuple[Sign, ...]
    places: tuple[Place, ...]


@runtime_checkable
class KnowsOwners(Protocol):
    """An adapter that knows who writes its cloud's resources."""

    def owners(self) -> Mapping[str, OwnerFacts]:
        """Return what is known of owners, by their ids, in the order in which signs are looked for. Makes no call."""
        ...


@cache
def owner_facts(package: str) -> Mapping[str, OwnerFacts]:
    """Return the table of a provider's ``package``, in its order, read once in a process."""
    written = tomllib.loads(files(package).joinpath(FILE).read_text(encoding="utf-8"))["owner"]
    return {table["id"]: _facts(table) for table in written}


def _facts(table: Mapping[str, Any]) -> OwnerFacts:
    return OwnerFacts(
        id=table["id"],
        who=table["who"],
        source=table["source"],
        undone=table.get("undone", ""),
        instead=table.get("instead", ""),
        marks_rules=table.get("marks-rules", False),
        signs=tuple(map(_sign, table.get("sign", ()))),
        places=tuple(map(_place, table.get("place", ()))),
    )


def _sign(table: Mapping[str, Any]) -> Sign:
    return Sign(
        of=frozenset(map(Thing, table["of"])),
        tags=tuple(map(_pattern, table.get("tags", ()))),
        name=_pattern(table["name"]) if "name" in table else None,
        description=_pattern(table["description"]) if "description" in table else None,
        own_group=table.get("own-group", False),
    )


def _place(table: Mapping[str, Any]) -> Place:
    patch = table.get("patch")
    return Place(
        of=frozenset(map(Edited, table["of"])),
        where=table["where"],
        services=ServiceSet.parse(table["services"]) if "services" in table else None,
        peers=frozenset(map(PeerKind, table.get("peers", ()))),
        named={name: _pattern(text) for name, text in table.get("named", {}).items()},
        patch=_patch(patch) if patch else None,
    )


def _patch(table: Mapping[str, Any]) -> PatchForm:
    return PatchForm(
        table["document"], table["path"], table["value"], table.get("items", {}), table.get("may-be-empty", False)
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.DOTALL)


def filled(text: str, names: Sequence[tuple[str, str]]) -> str:
    """Return ``text`` with the values of ``names`` in place of ``{name}``; a name that is not known stays as it is."""
    known = dict(names)
    return re.sub(r"\{([a-z_]+)\}", lambda match: known.get(match[1], match[0]), text)
