"""Policy statements as lines of text that can be read back. They are the width of a finding about permissions.

An example is "allow disk:* on disk/a* if StringEquals tag prod". Statements of boundaries and of organization limits
have the prefix "boundary: " or "limit 1: ".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Final, NamedTuple, TypeAlias

from cloudguard.authorization.effective import EffectivePermissions, MatchedStatement
from cloudguard.model.identity import Condition, Effect, PolicyKind, Statement
from cloudguard.permission_sets.glob_relations import covers, disjoint
from cloudguard.permission_sets.globs import glob, segmented, wild

_KEYWORDS: Final = frozenset(("all", "but", "on", "if", "and", "or", ","))
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s",]+|,')
_WORD: Final = r'(?:"(?:[^"\\]|\\.)*"|(?!(?:all|but|on|if|and|or)(?![^\s",]))[^\s",]+)'
"""A word of a line, in quotes if it has blanks, quotes or commas, or is a keyword."""
_LIST: Final = rf"{_WORD}(?:\s*,\s*{_WORD})*"
_CONDITION: Final = rf"{_WORD}\s+{_WORD}(?:\s+{_WORD}(?:\s+or\s+{_WORD})*)?"
_EACH_CONDITION: Final = re.compile(rf"(?:^|\s+and\s+)({_CONDITION})")
_LINE: Final = re.compile(
    rf"(?:(?P<level>boundary|limit \d+): )?(?P<effect>allow|deny) "
    rf"(?:all|(?P<actions>{_LIST}))(?:\s+but\s+(?P<not_actions>{_LIST}))?\s+on\s+"
    rf"(?:all\s+but\s+(?P<not_resources>{_LIST})|(?P<resources>{_LIST}))"
    rf"(?:\s+if\s+(?P<conditions>{_CONDITION}(?:\s+and\s+{_CONDITION})*))?\s*"
)
_GRANT: Final = ""
_GONE: Final = "no longer: "


def lines(effective: EffectivePermissions, actions: int, limits: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the lines of the statements that grant, limit or deny any of ``actions`` (a mask).

    ``limits`` are the organization limits by level, as for ``effective.effective``.
    """
    levels = {name: f"limit {number}" for number, level in enumerate(limits, 1) for name in level}
    result = dict[str, None]()
    for statement in effective.statements:
        relevant = _restricted_to(statement, actions)
        if relevant is not None:
            bounds = statement.policy.kind in {PolicyKind.BOUNDARY, PolicyKind.ORGANIZATION_LIMIT}
            level = levels.get(statement.policy.id, "boundary") if bounds and statement.allows else _GRANT
            result[(f"{level}: " if level else "") + _text(relevant)] = None
    return tuple(sorted(result))


def _restricted_to(each: MatchedStatement, actions: int) -> Statement | None:
    """Return a statement with only its actions that are in a mask, or None if no request of it is in the mask."""
    if not each.requests.actions & actions:
        return None
    table, statement = each.requests.space.table, each.statement
    named = tuple(text for text in statement.actions if table.mask([text]) & actions)
    return replace(statement, actions=named)


def is_line(text: str) -> bool:
    """Whether ``text`` is the line of a statement."""
    try:
        _read(text)
    except ValueError:
        return False
    return True


def beyond(today: Iterable[str], then: Iterable[str]) -> Iterator[str]:
    """Yield what the lines ``today`` may grant that the lines ``then`` did not.

    These are the lines of today that allow it, and, after "no longer: ", the lines that denied or bound it then. The
    test goes line by line: each line that allows today must be inside one line that allowed then, and each denial and
    bound of then must still hold. A policy that grants the same in other words may fail the test.
    """
    new, old = (_by_level(listed) for listed in (today, then))
    for level, bounds in old.items():
        if level != _GRANT:
            yield from _loosened(new.get(level), bounds)
    allowing = {line: statement for line, statement in new[_GRANT].items() if statement.effect is Effect.ALLOW}
    yield from (line for line, statement in allowing.items() if not _is_covered(statement, old[_GRANT], Effect.ALLOW))
    allowed = [part for statement in allowing.values() for part in _requests_of(statement)]
    for line, statement in old[_GRANT].items():
        relevant = (part for part in _requests_of(statement) if not all(_disjoint(part, other) for other in allowed))
        if statement.effect is Effect.DENY and not all(
            _requests_are_covered(part, new[_GRANT], Effect.DENY) for part in relevant
        ):
            yield f"{_GONE}{line}"


_Listed: TypeAlias = Mapping[str, Statement]
"""Statements by their lines."""


def _loosened(new: _Listed | None, old: _Listed) -> Iterator[str]:
    """Yield the lines of a bound that are wider than before, or all its lines if the bound is gone."""
    if new is None:
        yield from (f"{_GONE}{line}" for line in old)
    else:
        yield from (line for line, statement in new.items() if not _is_covered(statement, old, Effect.ALLOW))


class _Requests(NamedTuple):
    """The part of a statement for one of its actions and one of its resources."""

    action: str
    not_actions: tuple[str, ...]
    resource: str
    not_resources: tuple[str, ...]
    conditions: frozenset[Condition]

    def __le__(self, other: object) -> bool:
        """Whether every request of this part is certainly a request of ``other``."""
        return (
            isinstance(other, _Requests)
            and self.conditions >= other.conditions
            and _covers(other.action.lower(), self.action.lower())
            and _covers(other.resource, self.resource)
            and all(any(_covers(excluded, name) for excluded in self.not_actions) for name in other.not_actions)
            and all(any(_covers(excluded, name) for excluded in self.not_resources) for name in other.not_resources)
        )


def _by_level(listed: Iterable[str]) -> dict[str, dict[str, Statement]]:
    levels: dict[str, dict[str, Statement]] = {_GRANT: {}}
    for line in listed:
        level, statement = _read(line)
        levels.setdefault(level, {})[line] = statement
    return levels


def _requests_of(statement: Statement) -> Iterator[_Requests]:
    for action, resource in product(statement.actions or ("*",), statement.resources or ("*",)):
        conditions = frozenset(statement.conditions)
        yield _Requests(action, statement.not_actions, resource, statement.not_resources, conditions)


def _is_covered(statement: Statement, among: _Listed, effect: Effect) -> bool:
    return all(_requests_are_covered(part, among, effect) for part in _requests_of(statement))


def _requests_are_covered(part: _Requests, among: _Listed, effect: Effect) -> bool:
    """Whether one statement with this effect covers all requests of ``part``."""
    return any(
        part <= other for statement in among.values() if statement.effect is effect for other in _requests_of(statement)
    )


def _disjoint(part: _Requests, other: _Requests) -> bool:
    return disjoint(glob(part.action.lower()), glob(other.action.lower()))


def _covers(wide: str, narrow: str) -> bool:
    """Whether the glob ``wide`` certainly matches everything that ``narrow`` matches. Names may have six segments."""
    if wide in {"*", narrow}:
        return True
    segments = segmented(wild(wide)), segmented(wild(narrow))
    if segments[0] and segments[1]:
        return covers(segments[0], segments[1])
    return not any(segments) and covers(glob(wide), glob(narrow))


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
    """Return a word of a line, in quotes if it would be read as several words or as a keyword."""
    plain = _TOKEN.fullmatch(text) is not None and text[:1] != '"' and text not in _KEYWORDS and text.isprintable()
    return text if plain else json.dumps(text)


def _read(line: str) -> tuple[str, Statement]:
    """Return the level ("": a grant) and the statement of a line. Raises ValueError if the line has no statement."""
    match = _LINE.fullmatch(line)
    if match is None:
        message = f"{line!r} is not a statement: write allow ACTIONS on RESOURCES"
        raise ValueError(message)
    statement = Statement(
        name="",
        effect=Effect(match["effect"]),
        actions=_words(match["actions"]),
        not_actions=_words(match["not_actions"]),
        resources=_words(match["resources"]),
        not_resources=_words(match["not_resources"]),
        conditions=tuple(map(_read_condition, _EACH_CONDITION.findall(match["conditions"] or ""))),
    )
    return match["level"] or _GRANT, statement


def _read_condition(text: str) -> Condition:
    operator, key, *values = _words(text)
    return Condition(operator, key, tuple(values))


def _words(text: str | None) -> tuple[str, ...]:
    """Return the words in a part of a line, without keywords and quotes."""
    words = (word for word in _TOKEN.findall(text or "") if word not in _KEYWORDS)
    return tuple(str(json.loads(word)) if word[0] == '"' else word for word in words)
