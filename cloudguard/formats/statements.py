"""Policy statements as lines of text: short for the first screen, complete for reviews."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.results.document_edit import DocumentEdit, StatementChange, StatementFate
from cloudguard.results.facts import Statement
from cloudguard.results.wording import count, effect_text, few, statement_text

MOST_LINES = 12
"""The largest number of lines for each side of a diff. The documents are complete."""
_FEW = 2


def before_lines(edit: DocumentEdit) -> tuple[str, ...]:
    """Return the current statements that the edit drops, then those that it narrows, in short form."""
    fates = (StatementFate.DROP, StatementFate.NARROW)
    gone = [change for fate in fates for change in edit.changes if change.fate is fate]
    return _first_lines([f"{statement_name(change)}: {short_text(change.statement)}" for change in gone])


def after_lines(edit: DocumentEdit) -> tuple[str, ...]:
    """Return the statements that replace narrowed ones, and the added ones, in short form."""
    fates = (StatementFate.NARROW, StatementFate.ADD)
    changes = [change for change in edit.changes if change.fate in fates]
    new = [statement for change in changes for statement in change.remains or (change.statement,)]
    return _first_lines([*dict.fromkeys(map(short_text, new))])


def fates(edit: DocumentEdit) -> Iterator[str]:
    """Yield the fate of each current statement, and the new statements, in full."""
    for change in edit.changes:
        yield f"{change.fate.ljust(6)}  {statement_name(change)}: {full_text(change.statement)}"
        if change.remains and change.remains == edit.statements:
            yield "    replaced by all new statements"
        else:
            yield from (f"    its part in {statement.name}: {full_text(statement)}" for statement in change.remains)
    for name in edit.detached:
        yield f"detach  {name}: a policy of the provider that only the provider can edit"
    if edit.documents:
        yield f"attach  the replacement ({count(len(edit.documents), 'document')})"


def short_text(statement: Statement) -> str:
    """Return a statement's first actions and resources in a line: "allow disk:* on * under a condition on tag"."""
    keys = few(tuple(dict.fromkeys(condition.key for condition in statement.conditions)), _FEW)
    return effect_text(statement, _FEW) + (f" under a condition on {keys}" if keys else "")


def full_text(statement: Statement) -> str:
    """Return the complete statement in one line."""
    return statement_text(statement, None)


def statement_name(change: StatementChange) -> str:
    """Return the policy and the name of a current statement, or the name of a new one."""
    return f"{change.policy}/{change.statement.name}" if change.policy else change.statement.name


def _first_lines(lines: list[str]) -> tuple[str, ...]:
    more = len(lines) - MOST_LINES
    return (*lines[:MOST_LINES], f"and {more} more statements") if more > 0 else tuple(lines)
