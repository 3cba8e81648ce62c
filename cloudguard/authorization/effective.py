"""Effective permissions: all that is granted to an identity within its boundary and limits, minus all denials."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from cloudguard.authorization.statements import matched
from cloudguard.model.iam_catalog import ActionCatalog
from cloudguard.model.identity import Effect, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.boxes import EVERYWHERE, Box
from cloudguard.permission_sets.condition_operators import Assumption, KnownContext
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request, Space
from cloudguard.values import dataclass

_EVERYTHING = frozenset(("*", "*:*"))


@dataclass(frozen=True, slots=True)
class MatchedStatement:
    """A statement of ``policy`` and the requests that it matches."""

    policy: PolicyDocument
    statement: Statement
    requests: PermissionSet

    @property
    def name(self) -> str:
        """The names of the policy and the statement, such as "masters/#2"."""
        return f"{self.policy.name}/{self.statement.name}"

    @property
    def allows(self) -> bool:
        """Whether the effect of the statement is to allow."""
        return self.statement.effect is Effect.ALLOW

    @property
    def is_grant(self) -> bool:
        """Whether the statement grants the requests that it matches. Others set a boundary or a limit, or deny."""
        return self.allows and self.policy.kind in {PolicyKind.GRANT, PolicyKind.RESOURCE}


@dataclass(frozen=True, slots=True)
class EffectivePermissions:
    """The permissions of an identity, and all statements of its policies.

    ``unread``: the ids of policies that were not read.
    """

    permissions: PermissionSet
    statements: tuple[MatchedStatement, ...]
    unread: tuple[str, ...] = ()
    changes_boundary: Request | None = None
    """A request by which the identity can change its own boundary. The boundary then does not count."""

    def responsible(self, request: Request) -> tuple[MatchedStatement, ...]:
        """Return the statements that grant ``request``, or may grant it."""
        return tuple(
            statement
            for statement in self.statements
            if statement.is_grant and statement.requests.has(request) is not False
        )

    @property
    def idle(self) -> tuple[MatchedStatement, ...]:
        """The granting statements that match no request."""
        return tuple(statement for statement in self.statements if statement.is_grant and not statement.requests)


def space_of(
    catalog: ActionCatalog,
    statements: Iterable[Statement],
    actions: Iterable[str] = (),
    preferred_segments: tuple[str, ...] = (),
) -> Space:
    """Return a space for sets of ``statements`` and ``actions``.

    ``preferred_segments`` are the name segments that witnesses prefer. A service that a pattern names has all its
    actions in the table. Other services have only the actions that are named in full, and all unnamed services are one
    symbol. If "*" or a statement on all except some actions occurs, every named service has all its actions in the
    table.
    """
    listed = list(statements)
    named = {text for statement in listed for text in (*statement.actions, *statement.not_actions)}
    open_ended = named & _EVERYTHING or any(not statement.actions for statement in listed)
    named.update(actions)
    patterns = {text for text in named - _EVERYTHING if open_ended or "*" in text or "?" in text}
    services = {text.lower().partition(":")[0] for text in patterns}
    wildcard = any("*" in service or "?" in service for service in services)
    tables = {
        service: catalog.actions(service)
        for service in sorted(catalog.services)
        if wildcard or service.lower() in services
    }
    table = ActionTable(tables, sorted(named))
    return Space(
        table,
        catalog.resource_formats,
        catalog.multivalued,
        catalog.service_context,
        preferred_segments=preferred_segments,
    )


def allowed(space: Space, statements: Iterable[Statement], known: KnownContext) -> PermissionSet:
    """Return the requests that allowing statements match and denying statements do not match."""
    return allowed_not_denied(space, ((statement.effect, matched(space, statement, known)) for statement in statements))


def allowed_not_denied(space: Space, matches: Iterable[tuple[Effect, PermissionSet]]) -> PermissionSet:
    """Return the requests that are allowed and not denied. ``matches``: pairs of an effect and its requests."""
    listed = [*matches]
    allowing, denying = (
        PermissionSet.union(space, (requests for effect, requests in listed if effect is wanted))
        for wanted in (Effect.ALLOW, Effect.DENY)
    )
    return allowing - denying


def effective(
    space: Space,
    identity: Identity,
    policies: Mapping[str, PolicyDocument],
    known: KnownContext,
    limits: Iterable[Iterable[str]] = (),
) -> EffectivePermissions:
    """Return the effective permissions of ``identity``: its policies within its boundary and the ``limits``.

    ``policies`` are the policies that were read, by id. ``known`` is the known context of the identity's requests.
    ``limits`` are the ids of the organization's policies, by level; every level must allow a request. A grant by a
    resource's own policy counts like a grant by the identity's policies, and the boundary limits it too. A policy that
    was not read may grant or deny anything, so that nothing is certain.
    """
    levels = [tuple(level) for level in limits]
    names = dict.fromkeys((*identity.policies, *(name for level in levels for name in level)))
    unread = tuple(name for name in identity.policies if name not in policies)
    statements = tuple(
        MatchedStatement(policy, statement, matched(space, statement, known))
        for policy in (policies[name] for name in names if name in policies)
        if policy.kind is not PolicyKind.TRUST
        for statement in policy.statements
    )
    granted = PermissionSet.union(space, (statement.requests for statement in statements if statement.is_grant))
    boundaries = {name for name in identity.policies if name in policies and policies[name].kind is PolicyKind.BOUNDARY}
    if boundaries:
        granted &= _allowed_by(space, boundaries, statements)
    for level in levels:
        not_read = ", ".join(name for name in level if name not in policies)
        cause = f"{not_read} limits the account and was not read"
        granted &= _unknown(space, cause) if not_read else _allowed_by(space, level, statements)
    granted -= PermissionSet.union(space, (statement.requests for statement in statements if not statement.allows))
    if unread or not identity.complete:
        missing = unread or (f"a document of {identity.name}",)
        return EffectivePermissions(_unknown(space, f"{', '.join(missing)} was not read"), statements, missing)
    return EffectivePermissions(granted, statements)


def _allowed_by(space: Space, policies: Container[str], statements: Iterable[MatchedStatement]) -> PermissionSet:
    """Return the requests that the allowing statements of ``policies`` (ids) match."""
    return PermissionSet.union(
        space, (statement.requests for statement in statements if statement.policy.id in policies and statement.allows)
    )


def _unknown(space: Space, cause: str) -> PermissionSet:
    """Return a set whose lower bound is empty and whose upper bound is everything."""
    scope = EVERYWHERE.assuming(Assumption(cause, space.serial()))
    return PermissionSet(space, (Box(space.table.everything, scope),))
