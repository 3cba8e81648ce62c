"""Policy statements as lines of text."""

from __future__ import annotations

from cloudguard.formats.statements import after_lines, before_lines
from cloudguard.model.identity import Effect, Statement
from cloudguard.results.document_edit import DocumentEdit, StatementChange, StatementFate

KEPT, WIDE, NARROWED, ADDED, DROPPED = (
    Statement(name, Effect.ALLOW, (f"s3:{name}",), resources=("*",)) for name in ("Get", "Put", "Put", "List", "Delete")
)


def test_a_diff_has_only_the_statements_that_change() -> None:
    changes = (
        StatementChange(StatementFate.KEEP, "p", KEPT, (KEPT,)),
        StatementChange(StatementFate.NARROW, "p", WIDE, (NARROWED,)),
        StatementChange(StatementFate.DROP, "p", DROPPED),
        StatementChange(StatementFate.ADD, "", ADDED),
    )
    edit = DocumentEdit((), (KEPT, NARROWED, ADDED), changes)
    assert before_lines(edit) == ("p/Delete: allow s3:Delete on *", "p/Put: allow s3:Put on *")
    assert after_lines(edit) == ("allow s3:Put on *", "allow s3:List on *")
