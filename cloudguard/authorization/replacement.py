"""The replacement policy: documents that replace an identity's statements and are proved equal to its need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cloudguard.authorization.effective import MatchedStatement, allowed
from cloudguard.authorization.excess import Excess
from cloudguard.authorization.minimise import MinimisedStatement, minimised, unplaced
from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.results.change import Change, Resource
from cloudguard.results.document_edit import DocumentEdit, StatementChange, StatementFate

ROW = "cloud-api-access"
_REPLACEMENT = "replacement"


def change_of(excess: Excess) -> Change:
    """Return the change that puts the replacement in place of an identity's granting policies."""
    identity, edit = excess.identity, replacement(excess)
    kind = "permission.narrow" if edit.statements else "permission.remove"
    resource = Resource("identity", identity.id, identity.name)
    return Change(f"{kind}:{identity.id}", ROW, kind, resource, (edit,), proved=not edit.unproved)


def replacement(excess: Excess) -> DocumentEdit:
    """Return documents that grant exactly the need of one identity, and the fate of each present statement."""
    new = minimised(excess)
    statements = tuple(statement for statement, _ in new)
    documents, unproved = _documents(excess, statements)
    changes = tuple(_changes(excess, new))
    provider_policies = {
        statement.policy.id: statement.policy for statement in excess.effective.statements if _edited(excess, statement)
    }
    detached = tuple(policy.name for policy in provider_policies.values())
    return DocumentEdit(documents, statements, changes, detached, unproved)


def _changes(excess: Excess, new: tuple[MinimisedStatement, ...]) -> Iterator[StatementChange]:
    """Yield the fate of each replaceable statement, then the new statements, then the ones that stay unchanged."""
    needed = excess.needed
    present = [statement for statement in excess.effective.statements if _replaceable(excess, statement)]
    kept = [each for each in present if each.requests <= needed]
    dropped = [each for each in present if each not in kept and each.requests.isdisjoint(needed)]
    yield from (_change(StatementFate.KEEP, each) for each in kept)
    for each in present:
        if each not in kept and each not in dropped:
            remains = (
                restricted
                for statement, requests in new
                for restricted in _restricted(statement, requests & each.requests)
            )
            yield _change(StatementFate.NARROW, each, *remains)
    yield from (_change(StatementFate.DROP, each) for each in dropped)
    granted = excess.allowed.upper
    added = (restricted for statement, requests in new for restricted in _restricted(statement, requests - granted))
    yield from (StatementChange(StatementFate.ADD, "", statement) for statement in added)
    for each in excess.effective.statements:
        if not _replaceable(excess, each) and each.policy.kind is not PolicyKind.ORGANIZATION_LIMIT:
            yield _change(StatementFate.STAYS, each)


def _restricted(statement: Statement, requests: PermissionSet) -> Iterator[Statement]:
    """Yield the statement with only the actions of ``requests``, if ``requests`` is not empty."""
    table, actions = requests.space.table, list[str]()
    for text in statement.actions:
        mask = table.unlisted(text) if table.unknown(text) else table.mask((text,)) & ~table.mask(statement.not_actions)
        common = mask & requests.actions
        actions += [text] if common == mask else table.names(common)
    if requests:
        yield replace(statement, actions=tuple(dict.fromkeys(actions)))


def _change(fate: StatementFate, present: MatchedStatement, *remains: Statement) -> StatementChange:
    return StatementChange(fate, present.policy.name, present.statement, remains)


def _replaceable(excess: Excess, present: MatchedStatement) -> bool:
    is_own = present.policy.kind is PolicyKind.GRANT and present.policy.id not in excess.mandated_policies
    return is_own and present.allows


def _edited(excess: Excess, present: MatchedStatement) -> bool:
    """Whether a statement of the provider's own policy, which cannot be edited, exceeds the need."""
    provider = present.policy.managed_by == "provider"
    return provider and _replaceable(excess, present) and not present.requests <= excess.needed


def _documents(excess: Excess, statements: tuple[Statement, ...]) -> tuple[tuple[str, ...], str]:
    """Return the statements as documents, and what is not proved about them ("": everything is).

    The documents are read back, and must then equal the need.
    """
    writer, known = excess.comparer.iam_catalog.writer, excess.comparer.iam_catalog.known_context(excess.identity)
    try:
        documents = writer.write(statements)
        read = tuple(statement for text in documents for statement in writer.read(text))
    except ValueError as error:
        return (), f"it cannot be written: {error}"
    written = allowed(excess.comparer.space, read, known)
    for difference, fault in ((written - excess.needed.upper, "more"), (excess.required - written, "less")):
        if difference:
            return documents, f"as written, it grants {fault} than the need: {_example(difference)}"
    if places := " and ".join(dict.fromkeys(unplaced_statement.place for unplaced_statement in unplaced(excess))):
        return documents, f"no fact shows which resource is {places}: name it in place of the pattern"
    if places := " and ".join(dict.fromkeys(_with_own_policies(excess))):
        return documents, f"no fact shows which resource is {places}: its own policy must grant the need"
    return documents, _unproved(excess, read)


def _with_own_policies(excess: Excess) -> Iterator[str]:
    """Yield the places of unplaced needs whose own policies may grant the need. Those policies are not read."""
    return (each.place for choice in excess.choices for each in choice.need.unplaced if each.own_policy)


def _unproved(excess: Excess, replaced: tuple[Statement, ...]) -> str:
    """Return what is not proved about the identity with the replacement attached ("": everything is proved)."""
    comparer, identity, needed = excess.comparer, excess.identity, excess.required
    if excess.effective.unread:
        return f"{', '.join(excess.effective.unread)} was not read, and may grant or deny anything"
    policies = {name: _remainder(excess, policy) for name, policy in comparer.policies.items()}
    policies[_REPLACEMENT] = PolicyDocument(
        _REPLACEMENT, _REPLACEMENT, PolicyKind.GRANT, "user", "", replaced, identity.source
    )
    replaced_identity = replace(identity, policies=(*identity.policies, _REPLACEMENT))
    after = comparer.effective(replaced_identity, policies).permissions
    exceeding = comparer.harmful(after - needed).lower - excess.by_mandated.upper
    if exceeding:
        return f"another policy still grants more than the need: {_example(exceeding)}"
    lost = (needed & excess.allowed) - after
    return f"needed permissions that are granted today would be lost: {_example(lost)}" if lost else ""


def _remainder(excess: Excess, policy: PolicyDocument) -> PolicyDocument:
    """Return what remains of a policy next to the replacement: its denials if it can be replaced, otherwise all."""
    if policy.kind is not PolicyKind.GRANT or policy.id in excess.mandated_policies:
        return policy
    denying = tuple(statement for statement in policy.statements if statement.effect is Effect.DENY)
    return replace(policy, statements=denying)


def _example(requests: PermissionSet) -> str:
    request = requests.witness()
    if request is not None:
        return f"{request.action} on {request.name}"
    return ", ".join(requests.assumptions) or "no example could be built"
