"""The permissions of an identity, statement by statement: what is granted, next to what would be enough."""

from __future__ import annotations

from cloudguard.formats.statements import full_text, statement_name
from cloudguard.results.change import Change
from cloudguard.results.document_edit import DocumentEdit, StatementChange, StatementFate
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Granted:
    """A current statement, its fate, and the parts of it that would be enough (empty: none of it is needed)."""

    name: str
    text: str
    fate: str
    enough: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Permissions:
    """The current and the new statements of a change, and the provider's policies that it detaches.

    ``documents`` are the complete new policy documents. ``unproved`` says why the change is not proved ("": it is).
    """

    granted: tuple[Granted, ...]
    added: tuple[str, ...]
    detached: tuple[str, ...]
    documents: tuple[str, ...]
    unproved: str


def permissions_of(change: Change) -> Permissions | None:
    """Return the statements of a change, None if the change does not edit policies."""
    edits = [edit for edit in change.edits if isinstance(edit, DocumentEdit)]
    if not edits:
        return None
    changes = [each for edit in edits for each in edit.changes]
    return Permissions(
        granted=tuple(_granted(each) for each in changes if each.fate is not StatementFate.ADD),
        added=tuple(full_text(each.statement) for each in changes if each.fate is StatementFate.ADD),
        detached=tuple(name for edit in edits for name in edit.detached),
        documents=tuple(text for edit in edits for text in edit.documents),
        unproved="; ".join(change.unproved),
    )


def _granted(change: StatementChange) -> Granted:
    text = full_text(change.statement)
    stays = change.fate in {StatementFate.KEEP, StatementFate.STAYS}
    enough = (text,) if stays else tuple(full_text(statement) for statement in change.remains)
    return Granted(statement_name(change), text, change.fate, enough)
