"""Policy statements in lines: short for the first screen, whole where all of it counts."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.results.change import DocumentEdit, StatementChange, StatementFate
from cloudguard.results.facts import Statement
from cloudguard.results.wording import effect_text, few, statement_text

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
    """Return a statement in a line of its first actions and resources: "allow disk:* on * under a condition on tag"."""
    keys = few(tuple(dict.fromkeys(one.key for one in statement.conditions)), _FEW)
    return effect_text(statement, _FEW) + (f" under a condition on {keys}" if keys else "")


def whole(statement: Statement) -> str:
    """Return all of a statement in a line."""
    return statement_text(statement, None)


def _name(one: StatementChange) -> str:
    return f"{one.policy}/{one.statement.label}" if one.policy else one.statement.label


def _cut(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - MOST_LINES
    return (*lines[:MOST_LINES], f"and {more} more statements") if more > 0 else tuple(lines)
