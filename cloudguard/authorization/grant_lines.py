"""Policy statements as lines of text that are read back: how wide a finding about permissions is.

"allow disk:* on disk/a* if StringEquals tag prod"; "boundary: " and "limit 1: " stand
before the statements that bound what is granted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce
from itertools import chain
from typing import Final

from cloudguard.authorization.effective import EffectivePermissions, MatchedStatement, allowed
from cloudguard.model.identity import Condition, Effect, PolicyKind, Statement
from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Space

_MOST_ACTIONS: Final = 300
"""A statement that names more actions is written by their services."""
_KEYWORDS: Final = frozenset(("all", "but", "on", "if", "and", "or", ","))
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s",]+|,')
_LINE: Final = re.compile(r"(?:(boundary|limit \d+): )?(allow|deny) (.+)")
_GRANT: Final = ""
_SAMPLE: Final = "~" * 64
"""Stands for a run of any characters: longer than the patterns have single ones."""


def lines(effective: EffectivePermissions, actions: int, limits: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the statements that grant, bound or deny any of ``actions`` (a mask); ``limits``: as of ``effective``."""
    levels = {name: f"limit {number}" for number, level in enumerate(limits, 1) for name in level}
    found = dict[str, None]()
    for each in effective.statements:
        relevant = _about(each, actions)
        if relevant is not None:
            bounds = each.policy.kind in {PolicyKind.BOUNDARY, PolicyKind.ORGANIZATION_LIMIT}
            level = levels.get(each.policy.id, "boundary") if bounds and each.allows else _GRANT
            found[(f"{level}: " if level else "") + _text(relevant)] = None
    return tuple(sorted(found))


def _about(each: MatchedStatement, actions: int) -> Statement | None:
    """Return a statement with those of the actions that it names that are in a mask; None: it is about none."""
    if not each.requests.actions & actions:
        return None
    table, statement = each.requests.space.table, each.statement
    named = tuple(text for text in statement.actions if table.mask([text]) & actions)
    if len(named) > _MOST_ACTIONS:
        named = tuple(dict.fromkeys(f"{text.partition(':')[0]}:*" for text in named))
    return replace(statement, actions=named)


def is_line(text: str) -> bool:
    """Whether ``text`` is a statement's line."""
    try:
        _read(text)
    except ValueError:
        return False
    return True


def inside(today: Iterable[str], then: Iterable[str]) -> bool:
    """Whether certainly all that the lines ``today`` grant was granted by the lines ``then``.

    Judged by the lines alone, so that neither needs a cloud's catalog: an action takes any resource.
    """
    new, old = ([_read(line) for line in listed] for listed in (today, then))
    if new == old:
        return True
    space = _space([statement for _, statement in (*new, *old)])
    return _granted(space, new) <= _granted(space, old)


def _granted(space: Space, statements: Iterable[tuple[str, Statement]]) -> PermissionSet:
    levels: dict[str, list[Statement]] = {_GRANT: []}
    for level, statement in statements:
        levels.setdefault(level, []).append(statement)
    sets = [allowed(space, listed, {}) for listed in levels.values()]
    return reduce(lambda left, right: left & right, sets)


def _space(statements: Iterable[Statement]) -> Space:
    """Return a space with an action for each that is named, and two for each pattern: its shortest, and a long one.

    A key has several values where a condition speaks of any or all of them ("ForAnyValue:").
    """
    listed = [*statements]
    patterns = {text for one in listed for text in (*one.actions, *one.not_actions)} | {"*:*"}
    named = {
        text if ":" in text else f"{text}:{text}"
        for each in patterns
        for text in (each, *(each.replace("*", run).replace("?", "~") for run in ("", _SAMPLE)))
    }
    compared = (condition for one in listed for condition in one.conditions)
    multivalued = {one.key.lower() for one in compared if one.operator.startswith("For")}
    return Space(ActionTable({}, sorted(named)), _any_resource, multivalued.__contains__)


def _any_resource(action: str) -> None:
    """Say that it is not known which resources an action takes."""
    del action


def _text(statement: Statement) -> str:
    actions = _list(statement.actions) if statement.actions else "all"
    actions += f" but {_list(statement.not_actions)}" if statement.not_actions else ""
    others = statement.not_resources and not statement.resources
    resources = f"all but {_list(statement.not_resources)}" if others else _list(statement.resources)
    conditions = " and ".join(map(_condition, statement.conditions))
    return f"{statement.effect} {actions} on {resources}" + (f" if {conditions}" if conditions else "")


def _condition(condition: Condition) -> str:
    return f"{_word(condition.operator)} {_word(condition.key)} {' or '.join(map(_word, condition.values))}"


def _list(texts: Iterable[str]) -> str:
    return ", ".join(map(_word, texts))


def _word(text: str) -> str:
    """Return a word of a line, in quotes where it would be taken for several or for a keyword."""
    plain = _TOKEN.fullmatch(text) is not None and text[:1] != '"' and text not in _KEYWORDS and text.isprintable()
    return text if plain else json.dumps(text)


def _read(line: str) -> tuple[str, Statement]:
    """Return the level ("": a grant) and the statement of a line; raises ValueError where it is none."""
    found = _LINE.fullmatch(line)
    if found is None:
        message = f"{line!r} is no statement: write allow ACTIONS on RESOURCES"
        raise ValueError(message)
    words = _Words(line, found[3])
    actions = words.list() if not words.took("all") else ()
    not_actions = words.list() if words.took("but") else ()
    words.expect("on")
    others = words.took("all")
    if others:
        words.expect("but")
    resources = words.list()
    conditions = list[Condition]()
    while words.took("and" if conditions else "if"):
        operator, key = words.word(), words.word()
        values = [] if words.ended else [words.word()]
        while words.took("or"):
            values.append(words.word())
        conditions.append(Condition(operator, key, tuple(values)))
    if not words.ended:
        words.expect("the end")
    named: Mapping[str, tuple[str, ...]] = {"not_resources" if others else "resources": resources}
    effect = Effect(found[2])
    return found[1] or _GRANT, Statement("", effect, actions, not_actions, **named, conditions=tuple(conditions))


class _Words:
    """The words of a line, one after the other; each method raises ValueError where another word stands."""

    def __init__(self, line: str, text: str) -> None:
        self._line = line
        self._tokens: Iterator[str] = chain(_TOKEN.findall(text), [""])
        self._next = next(self._tokens)

    @property
    def ended(self) -> bool:
        return not self._next

    def took(self, keyword: str) -> bool:
        """Take the next word if it is ``keyword``."""
        if self._next != keyword:
            return False
        self._next = next(self._tokens)
        return True

    def expect(self, keyword: str) -> None:
        if not self.took(keyword):
            message = f"{self._line!r} is no statement: {keyword} is missing before {self._next!r}"
            raise ValueError(message)

    def word(self) -> str:
        taken = self._next
        if not taken or taken in _KEYWORDS:
            message = f"{self._line!r} is no statement: a word is missing before {taken!r}"
            raise ValueError(message)
        self._next = next(self._tokens)
        return str(json.loads(taken)) if taken[0] == '"' else taken

    def list(self) -> tuple[str, ...]:
        """Take words with commas between them."""
        found = [self.word()]
        while self.took(","):
            found.append(self.word())
        return tuple(found)
