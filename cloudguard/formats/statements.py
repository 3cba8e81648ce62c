"""Policy statements in lines: short for the first screen, whole where all of it counts."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.results.change import DocumentEdit, StatementChange, StatementFate
from cloudguard.results.facts import Effect, Statement

MOST_LINES = 12
"""Lines of each side of a diff; the documents are whole."""
_FEW = 2


def before_lines(edit: DocumentEdit) -> tuple[str, ...]:
    """Return the present statements that go, whole ones first, in short."""
    fates = (StatementFate.DROP, StatementFate.NARROW)
    gone = [one for fate in fates for one in edit.changes if one.fate is fate]
    return _cut([f"{_name(one)}: {short(one.statement)}" for one in gone])


def after_lines(edit: DocumentEdit) -> tuple[str, ...]:
    """Return the statements that take their place, in short."""
    return _cut([short(one) for one in edit.statements])


def fates(edit: DocumentEdit) -> Iterator[str]:
    """Yield what becomes of each present statement, and what is new, whole."""
    for one in edit.changes:
        yield f"{one.fate.ljust(6)}  {_name(one)}: {whole(one.statement)}"
        if one.remains and one.remains == edit.statements:
            yield "    to the whole replacement"
        else:
            yield from (f"    to what {part.label} has of it: {whole(part)}" for part in one.remains)
    for name in edit.detached:
        yield f"detach  {name}: it is the provider's own, and only it can edit it"
    if edit.documents:
        count = len(edit.documents)
        yield f"attach  the replacement ({count} document{'s' if count > 1 else ''})"
    if edit.unproved:
        yield f"not proved: {edit.unproved}"


def short(statement: Statement) -> str:
    """Return a statement in a line of its first actions and resources: "allow disk:* on * if tag is as needed"."""
    keys = _list(tuple(dict.fromkeys(one.key for one in statement.conditions)), _FEW)
    return _allows(statement, _FEW) + (f" if {keys} is as needed" if keys else "")


def whole(statement: Statement) -> str:
    """Return all of a statement in a line."""
    asked = [f"{one.operator} {one.key} {' or '.join(one.values)}" for one in statement.conditions]
    return _allows(statement, None) + (f" if {' and '.join(asked)}" if asked else "")


def _allows(statement: Statement, most: int | None) -> str:
    actions = _list(statement.actions, most) if statement.actions else f"all but {_list(statement.not_actions, most)}"
    others = f"all but {_list(statement.not_resources, most)}"
    resources = _list(statement.resources, most) if statement.resources else others
    return f"{'allow' if statement.effect is Effect.ALLOW else 'deny'} {actions} on {resources}"


def _list(values: tuple[str, ...], most: int | None) -> str:
    more = 0 if most is None else len(values) - most
    return ", ".join(values[:most]) + (f" and {more} more" if more > 0 else "")


def _name(one: StatementChange) -> str:
    return f"{one.policy}/{one.statement.label}" if one.policy else one.statement.label


def _cut(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - MOST_LINES
    return (*lines[:MOST_LINES], f"and {more} more statements") if more > 0 else tuple(lines)
