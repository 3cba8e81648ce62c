"""The trust policy without undeclared outsiders, if the same statements with fewer principals can express it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cloudguard.authorization.trust import Admission, admissions
from cloudguard.model.iam_catalog import CallerKind, IamCatalog
from cloudguard.model.identity import Effect, PolicyDocument, Statement
from cloudguard.results.document_edit import DocumentEdit, StatementChange, StatementFate
from cloudguard.values import dataclass

FOR_PODS = "the service accounts that need it are unknown: a condition must name them"
NOBODY_LEFT = "no other principal would remain: name the callers that need it"
EVERYONE = "the policy names everyone: name the callers that need it instead"
EXCEPTED = "a statement names only exceptions: name the callers that need it instead"


@dataclass(frozen=True, slots=True)
class NoReplacement:
    """The reason ``why`` no correct trust policy can be determined."""

    why: str


def without_outsiders(
    iam_catalog: IamCatalog, policy: PolicyDocument, accepted: Sequence[Admission], declared: Iterable[str]
) -> DocumentEdit | NoReplacement:
    """Return the edit that removes from a trust policy exactly the principals by which ``accepted`` are let in.

    It is proved that the edited policy lets in declared outsiders only, and that every other principal stays in the
    same statements.
    """
    outsiders = tuple(declared)
    if any(admission.caller.kind is CallerKind.PODS for admission in accepted):
        return NoReplacement(FOR_PODS)
    changes = list[StatementChange]()
    for statement in policy.statements:
        if statement.effect is Effect.ALLOW and statement.not_principals:
            return NoReplacement(EXCEPTED)
        kept = statement.principals
        if statement.effect is Effect.ALLOW:
            kept = tuple(_needed(iam_catalog, policy, statement, outsiders))
        if _names_everyone(iam_catalog, set(statement.principals) - set(kept)):
            return NoReplacement(EVERYONE)
        changes.append(_change(policy, statement, kept))
    remaining = tuple(statement for change in changes for statement in change.remains)
    allowing = [statement for statement in remaining if statement.effect is Effect.ALLOW]
    if not allowing or admissions(iam_catalog, replace(policy, statements=remaining), outsiders):
        return NoReplacement(NOBODY_LEFT)
    return DocumentEdit((), remaining, tuple(changes))


def _needed(
    iam_catalog: IamCatalog, policy: PolicyDocument, statement: Statement, declared: tuple[str, ...]
) -> Iterator[str]:
    """Yield the principals of a statement that, alone, let in nobody except declared outsiders."""
    denying = tuple(statement for statement in policy.statements if statement.effect is Effect.DENY)
    for principal in statement.principals:
        alone = replace(policy, statements=(replace(statement, principals=(principal,)), *denying))
        if not admissions(iam_catalog, alone, declared):
            yield principal


def _names_everyone(iam_catalog: IamCatalog, principals: set[str]) -> bool:
    reader = iam_catalog.principals
    return reader is not None and any(
        not conditions for principal in principals for conditions in reader.requests_of(principal, excepted=False)
    )


def _change(policy: PolicyDocument, statement: Statement, kept: tuple[str, ...]) -> StatementChange:
    if kept == statement.principals:
        return StatementChange(StatementFate.KEEP, policy.name, statement, (statement,))
    if not kept:
        return StatementChange(StatementFate.DROP, policy.name, statement)
    return StatementChange(StatementFate.NARROW, policy.name, statement, (replace(statement, principals=kept),))
