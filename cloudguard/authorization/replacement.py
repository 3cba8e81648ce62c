"""The policy that would be enough: an identity's need as documents, proved equal to it, beside what it has today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cloudguard.authorization.effective import MatchedStatement, allowed, effective
from cloudguard.authorization.excess import Excess
from cloudguard.authorization.minimise import minimised
from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.results.change import Change, DocumentEdit, Resource, StatementChange, StatementFate

ROW = "cloud-api-access"
_NEW = "replacement"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A present statement of which the need has a part: what ``remains`` of it, as statements of the replacement."""

    present: MatchedStatement
    remains: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Replacement:
    """``documents`` grant the need and nothing else if ``unproved`` is "" (else it says what is not proved).

    Of the present granting statements, ``kept`` are within the need, ``dropped`` have nothing of it. ``added`` are
    those of the new ``statements`` of which nothing is granted today. What denies, bounds, or is imposed ``stays``.
    ``detached``: the provider's own policies, which nobody can edit.
    """

    statements: tuple[Statement, ...]
    documents: tuple[str, ...]
    unproved: str
    kept: tuple[MatchedStatement, ...]
    narrowed: tuple[Narrowed, ...]
    dropped: tuple[MatchedStatement, ...]
    added: tuple[Statement, ...]
    stays: tuple[MatchedStatement, ...]
    detached: tuple[PolicyDocument, ...]


def replacement(excess: Excess) -> Replacement:
    """Return the policy that would be enough for one identity."""
    needed = excess.needed
    new = minimised(excess)
    documents, unproved = _written(excess, tuple(one for one, _ in new))
    present = [one for one in excess.effective.statements if _replaced(excess, one)]
    kept = tuple(one for one in present if one.requests <= needed)
    rest = [one for one in present if one not in kept]
    narrowed = tuple(one for one in rest if not one.requests.isdisjoint(needed))
    remaining = (
        (one, tuple(each for each, requests in new if not one.requests.isdisjoint(requests))) for one in narrowed
    )
    edited = {one.policy.id: one.policy for one in rest if one.policy.managed_by == "provider"}
    return Replacement(
        statements=tuple(one for one, _ in new),
        documents=documents,
        unproved=unproved,
        kept=kept,
        narrowed=tuple(Narrowed(one, remains) for one, remains in remaining),
        dropped=tuple(one for one in rest if one not in narrowed),
        added=tuple(one for one, requests in new if requests.isdisjoint(excess.allowed)),
        stays=tuple(one for one in excess.effective.statements if _edge(excess, one)),
        detached=tuple(edited.values()),
    )


def _replaced(excess: Excess, one: MatchedStatement) -> bool:
    granting = one.policy.kind is PolicyKind.GRANT and one.statement.effect is Effect.ALLOW
    return granting and one.policy.id not in excess.mandated_policies


def _edge(excess: Excess, one: MatchedStatement) -> bool:
    return one.policy.kind is not PolicyKind.ORGANIZATION_LIMIT and not _replaced(excess, one)


def _written(excess: Excess, statements: tuple[Statement, ...]) -> tuple[tuple[str, ...], str]:
    """Return the statements as documents, and what is not proved of them: read again, they are to be the need."""
    known, space = excess.comparer.known, excess.comparer.space
    try:
        documents = known.writer.write(statements)
        read = tuple(statement for text in documents for statement in known.writer.read(text))
    except ValueError as error:
        return (), f"it can't be written: {error}"
    written = allowed(space, read, known.variables)
    for part, fault in (
        (written - excess.needed, "grants more than the need"),
        (excess.needed - written, "grants less"),
    ):
        if part:
            return documents, f"as written, it {fault}: {_example(part)}"
    return documents, _applied(excess, read)


def _applied(excess: Excess, read: tuple[Statement, ...]) -> str:
    """Return what is not proved once the documents are attached in place of what they replace ("": all of it is)."""
    comparer, identity, needed = excess.comparer, excess.identity, excess.needed
    if excess.effective.unread:
        return f"{', '.join(excess.effective.unread)} was not read, and may grant or deny anything"
    policies = {name: _remainder(excess, policy) for name, policy in comparer.policies.items()}
    policies[_NEW] = PolicyDocument(_NEW, _NEW, PolicyKind.GRANT, "user", "", read, identity.source)
    held = replace(identity, policies=(*identity.policies, _NEW))
    after = effective(
        comparer.space, held, policies, comparer.known.variables, comparer.identities.organization_limits
    ).permissions
    left = (after - needed).lower - excess.by_mandated.upper
    if left:
        return f"another policy still grants more than the need: {_example(left)}"
    lost = (needed & excess.allowed) - after
    return f"what is needed and granted today would be lost: {_example(lost)}" if lost else ""


def _remainder(excess: Excess, policy: PolicyDocument) -> PolicyDocument:
    """Return what stays of a policy: what it denies; all of it unless it grants and can be replaced."""
    if policy.kind is not PolicyKind.GRANT or policy.id in excess.mandated_policies:
        return policy
    return replace(policy, statements=tuple(one for one in policy.statements if one.effect is Effect.DENY))


def _example(part: PermissionSet) -> str:
    found = part.witness()
    return f"{found.action} on {found.name}" if found else ", ".join(part.assumptions) or "no example could be built"


def change_of(excess: Excess) -> Change:
    """Return the change that puts the replacement in place of an identity's policies."""
    found, identity = replacement(excess), excess.identity
    kind = "permission.narrow" if found.statements else "permission.remove"
    edit = DocumentEdit(
        documents=found.documents,
        statements=found.statements,
        changes=tuple(_statement_changes(found)),
        detached=tuple(policy.name for policy in found.detached),
        unproved=found.unproved,
    )
    resource = Resource("identity", identity.id, identity.name)
    return Change(f"{kind}:{identity.id}", ROW, kind, resource, (edit,), proved=not found.unproved)


def _statement_changes(found: Replacement) -> Iterator[StatementChange]:
    """Yield what becomes of each present statement, and the new ones."""
    yield from _present(StatementFate.KEEP, found.kept)
    for one in found.narrowed:
        yield StatementChange(StatementFate.NARROW, one.present.policy.name, one.present.statement, one.remains)
    yield from _present(StatementFate.DROP, found.dropped)
    yield from (StatementChange(StatementFate.ADD, "", statement) for statement in found.added)
    yield from _present(StatementFate.STAYS, found.stays)


def _present(fate: StatementFate, statements: tuple[MatchedStatement, ...]) -> Iterator[StatementChange]:
    return (StatementChange(fate, one.policy.name, one.statement) for one in statements)
