"""The callers that may become an identity: its trust policy allows them and does not deny them.

A principal is treated like a context key: a statement's principals and conditions together are one set of requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cloudguard.authorization.effective import allowed_not_denied, space_of
from cloudguard.authorization.statements import matched
from cloudguard.model.iam_catalog import Caller, CallerKind, IamCatalog, Principals
from cloudguard.model.identity import Condition, Effect, PolicyDocument, Statement
from cloudguard.permission_sets.condition_operators import KnownContext
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request, Space
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Admission:
    """A class of callers that ``statements`` of a trust policy let become the identity, and a request that does it.

    ``narrowed``: only callers that meet a condition of the policy are let in. ``assumptions``: the reasons why the
    admission is undecided. Empty: it is certain.
    """

    caller: Caller
    statements: tuple[Statement, ...]
    witness: Request | None
    narrowed: bool = False
    assumptions: tuple[str, ...] = ()


def admissions(iam_catalog: IamCatalog, policy: PolicyDocument, declared: Iterable[str] = ()) -> tuple[Admission, ...]:
    """Return the callers that a trust policy lets in, or may let in, without the ``declared`` outsiders.

    A declaration names one owner: one that would cover everyone covers nobody of them.
    """
    principals = iam_catalog.principals
    if principals is None:
        return ()
    callers = tuple(principals.callers(policy))
    actions = sorted({action for caller in callers for action in caller.actions})
    space = space_of(iam_catalog.catalog, policy.statements, actions)
    reader = _Reader(space, principals, principals.known_context)
    allowing = [statement for statement in policy.statements if statement.effect is Effect.ALLOW]
    denying = (reader.requests(each) for each in policy.statements if each.effect is Effect.DENY)
    denied = PermissionSet.union(space, denying)
    of_declared = (reader.where(conditions) for outsider in declared for conditions in principals.declared(outsider))
    excused = PermissionSet.union(space, of_declared)
    allowed = [(each, reader.requests(each) - denied) for each in allowing]
    of_others = [(statement, requests - excused) for statement, requests in allowed]
    admitted = (
        _admission(reader, caller, allowed if caller.kind is CallerKind.ANYONE else of_others) for caller in callers
    )
    return tuple(admission for admission in admitted if admission is not None)


def let_in(
    iam_catalog: IamCatalog, space: Space, policies: Iterable[PolicyDocument], known: KnownContext
) -> PermissionSet:
    """Return the requests with the context ``known`` that trust policies allow and do not deny."""
    if iam_catalog.principals is None:
        return PermissionSet(space)
    reader = _Reader(space, iam_catalog.principals, known)
    statements = [(each.effect, reader.requests(each)) for policy in policies for each in policy.statements]
    return allowed_not_denied(space, statements)


def _admission(reader: _Reader, caller: Caller, allowed: Sequence[tuple[Statement, PermissionSet]]) -> Admission | None:
    """Return the admission of ``caller`` by a policy, or None if it is certainly not let in.

    ``allowed`` are the policy's statements, each with the requests that it allows.
    """
    possible = reader.possible(caller, caller.context)
    let_in = [(statement, common) for statement, requests in allowed if (common := requests & possible)]
    if not let_in:
        return None
    certain_requests = reader.possible(caller, caller.certain)
    certain = [(statement, common) for statement, each in let_in if (common := (each & certain_requests).lower)]
    witnessed = certain or let_in
    statements = tuple(statement for statement, _ in witnessed)
    witness = next((request for _, requests in witnessed if (request := requests.witness()) is not None), None)
    if not certain:
        keys = ", ".join(condition.key for condition in caller.certain)
        causes = {cause for _, requests in let_in for cause in requests.assumptions}
        causes = causes or {f"it is unknown whose requests have {keys}"}
        return Admission(caller, statements, witness, assumptions=tuple(sorted(causes)))
    ordinary = None if caller.ordinary is None else reader.possible(caller, caller.ordinary)
    narrowed = ordinary is None or not any((each & ordinary).lower for _, each in certain)
    return Admission(caller, statements, witness, narrowed=narrowed)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Converts statements and callers to sets of requests in one space."""

    space: Space
    principals: Principals
    known: KnownContext

    def requests(self, statement: Statement) -> PermissionSet:
        """Return the requests that ``statement`` matches. Its principals count as conditions."""
        statement = replace(statement, conditions=self.principals.conditions_of(statement))
        if statement.not_principals:
            return self._matched(statement) - PermissionSet.union(
                self.space, map(self.where, self._conditions(statement))
            )
        of_caller = (
            replace(statement, conditions=(*statement.conditions, *condition))
            for condition in self._conditions(statement)
        )
        return PermissionSet.union(self.space, map(self._matched, of_caller))

    def _conditions(self, statement: Statement) -> Iterator[tuple[Condition, ...]]:
        """Yield the conditions that hold for requests of each principal that ``statement`` names."""
        excepted = bool(statement.not_principals)
        for principal in statement.not_principals or statement.principals:
            yield from self.principals.requests_of(principal, excepted=excepted)

    def possible(self, caller: Caller, conditions: tuple[Condition, ...]) -> PermissionSet:
        """Return the requests of the actions of ``caller`` for which ``conditions`` hold."""
        return self.where(conditions, caller.actions)

    def where(self, conditions: tuple[Condition, ...], actions: tuple[str, ...] = ("*",)) -> PermissionSet:
        """Return the requests for which ``conditions`` hold."""
        return self._matched(Statement("", Effect.ALLOW, actions, resources=("*",), conditions=conditions))

    def _matched(self, statement: Statement) -> PermissionSet:
        return matched(self.space, statement, self.known)
