"""What an identity is granted beside what would be enough, statement by statement."""

from __future__ import annotations

from dataclasses import dataclass

from cloudguard.formats.statements import whole
from cloudguard.results.change import Change, DocumentEdit, StatementChange, StatementFate


@dataclass(frozen=True, slots=True)
class Granted:
    """A statement of today: what becomes of it, and what of it would be enough (none: nothing of it)."""

    name: str
    text: str
    fate: str
    enough: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Permissions:
    """The statements of today, those that are new, and the policies of the provider's own that are detached."""

    granted: tuple[Granted, ...]
    added: tuple[str, ...]
    detached: tuple[str, ...]
    documents: tuple[str, ...]
    unproved: str


def permissions_of(change: Change) -> Permissions | None:
    """Return the statements that a change is about, None where it is about no policies."""
    edits = [edit for edit in change.edits if isinstance(edit, DocumentEdit)]
    if not edits:
        return None
    changes = [each for edit in edits for each in edit.changes]
    return Permissions(
        granted=tuple(_granted(each) for each in changes if each.fate is not StatementFate.ADD),
        added=tuple(whole(each.statement) for each in changes if each.fate is StatementFate.ADD),
        detached=tuple(name for edit in edits for name in edit.detached),
        documents=tuple(text for edit in edits for text in edit.documents),
        unproved="; ".join(edit.unproved for edit in edits if edit.unproved),
    )


def _granted(each: StatementChange) -> Granted:
    name = f"{each.policy}/{each.statement.name}" if each.policy else each.statement.name
    text = whole(each.statement)
    stays = each.fate in {StatementFate.KEEP, StatementFate.STAYS}
    enough = (text,) if stays else tuple(whole(part) for part in each.remains)
    return Granted(name, text, each.fate, enough)
