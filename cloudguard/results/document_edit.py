"""The edit of an identity's policy documents, and what becomes of each of their statements."""

from __future__ import annotations

from enum import StrEnum

from cloudguard.model.identity import Statement
from cloudguard.values import dataclass


class StatementFate(StrEnum):
    """The fate of a policy statement in a replacement."""

    KEEP = "keep"
    NARROW = "narrow"
    DROP = "drop"
    ADD = "add"
    STAYS = "stays"
    """It denies, is part of a boundary, or is provider-mandated. The change does not edit it."""


@dataclass(frozen=True, slots=True)
class StatementChange:
    """The fate of one statement of ``policy`` (the policy's name; "" for a new statement).

    ``remains``: for a narrowed statement, the statements of the replacement that keep a part of it.
    """

    fate: StatementFate
    policy: str
    statement: Statement
    remains: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentEdit:
    """Replace an identity's granting policies by ``documents``, which contain ``statements``.

    ``detached`` are the names of provider policies to detach, because nobody can edit them. ``unproved`` says what is
    not proved ("": everything is proved).
    """

    documents: tuple[str, ...]
    statements: tuple[Statement, ...]
    changes: tuple[StatementChange, ...]
    detached: tuple[str, ...] = ()
    unproved: str = ""
