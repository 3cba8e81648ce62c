"""What an identity may do: everything granted, within its boundary, without everything denied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cloudguard.authorization.statements import matched
from cloudguard.model.iam_catalog import ActionCatalog
from cloudguard.model.identity import Effect, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.boxes import EVERYWHERE, Box
from cloudguard.permission_sets.condition_operators import Assumption, Variables
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request, Space

_EVERYTHING = frozenset(("*", "*:*"))


@dataclass(frozen=True, slots=True)
class MatchedStatement:
    """A statement of ``policy`` and the requests that it matches."""

    policy: PolicyDocument
    statement: Statement
    requests: PermissionSet


@dataclass(frozen=True, slots=True)
class EffectivePermissions:
    """What an identity may do, and the statements that say so.

    ``unread``: its documents that were not seen; ``seen`` is what the others add up to.
    """

    permissions: PermissionSet
    seen: PermissionSet
    statements: tuple[MatchedStatement, ...]
    unread: tuple[str, ...] = ()

    def responsible(self, request: Request) -> tuple[MatchedStatement, ...]:
        """Return the statements that grant ``request``."""
        return tuple(one for one in self.statements if _grants(one) and one.requests.has(request) is not False)

    @property
    def idle(self) -> tuple[MatchedStatement, ...]:
        """The granting statements that can match nothing."""
        return tuple(one for one in self.statements if _grants(one) and not one.requests)


def _grants(one: MatchedStatement) -> bool:
    counts = one.policy.kind in {PolicyKind.GRANT, PolicyKind.RESOURCE}
    return counts and one.statement.effect is Effect.ALLOW


def space_of(
    catalog: ActionCatalog, statements: Iterable[Statement], actions: Iterable[str] = (), home: tuple[str, ...] = ()
) -> Space:
    """Return the space in which sets of all these statements, and of ``actions`` besides, can be compared.

    ``home``: what witnesses' names prefer, segment by segment. A service that a pattern names is in it action by
    action, another one by the names that are given in full; services that nobody names are one symbol. Where a
    statement is about all but some actions, every service that is named is in it action by action.
    """
    listed = list(statements)
    named = {text for one in listed for text in (*one.actions, *one.not_actions)}
    open_ended = named & _EVERYTHING or any(one.not_actions for one in listed)
    named.update(actions)
    patterns = {text for text in named - _EVERYTHING if open_ended or "*" in text or "?" in text}
    services = {text.lower().partition(":")[0] for text in patterns}
    wild = any("*" in service or "?" in service for service in services)
    tables = {one: catalog.actions(one) for one in sorted(catalog.services) if wild or one.lower() in services}
    return Space(ActionTable(tables, sorted(named)), catalog.resource_formats, catalog.multivalued, home=home)


def allowed(space: Space, statements: Iterable[Statement], variables: Variables) -> PermissionSet:
    """Return what allowing statements allow and denying ones do not deny."""
    listed = list(statements)
    sets = [(statement.effect, matched(space, statement, variables)) for statement in listed]
    granted = _union(space, (found for effect, found in sets if effect is Effect.ALLOW))
    return granted - _union(space, (found for effect, found in sets if effect is Effect.DENY))


def effective(
    space: Space,
    identity: Identity,
    policies: Mapping[str, PolicyDocument],
    variables: Variables,
    limits: Iterable[Iterable[str]] = (),
) -> EffectivePermissions:
    """Return what ``identity`` may do by the ``policies`` (by id) attached to it, within its boundary and the limits.

    ``limits``: ids of the policies set above the account, level by level; each level must allow. What a resource's own
    policy allows the identity counts as its own grant, within the boundary too. A document that was not read may
    grant or deny anything: then nothing is sure.
    """
    levels = [tuple(level) for level in limits]
    names = dict.fromkeys((*identity.policies, *(name for level in levels for name in level)))
    unread = tuple(name for name in identity.policies if name not in policies)
    found = tuple(
        MatchedStatement(policy, statement, matched(space, statement, variables))
        for policy in (policies[name] for name in names if name in policies)
        if policy.kind is not PolicyKind.TRUST
        for statement in policy.statements
    )
    granted = _union(space, (one.requests for one in found if _grants(one)))
    if any(policies[name].kind is PolicyKind.BOUNDARY for name in identity.policies if name in policies):
        granted &= _union(space, (one.requests for one in found if _bounds(one)))
    for level in levels:
        granted &= _allowed_by(space, level, policies, found)
    granted -= _union(space, (one.requests for one in found if one.statement.effect is Effect.DENY))
    if unread or not identity.complete:
        missing = unread or (f"a document of {identity.name}",)
        return EffectivePermissions(_anything(space, f"{', '.join(missing)} was not read"), granted, found, missing)
    return EffectivePermissions(granted, granted, found)


def _allowed_by(
    space: Space, level: tuple[str, ...], policies: Mapping[str, PolicyDocument], found: Iterable[MatchedStatement]
) -> PermissionSet:
    """Return what one level of limits allows; one of them that was not read may allow anything, and deny it."""
    allowing = (one for one in found if one.policy.id in level and one.statement.effect is Effect.ALLOW)
    together = _union(space, (one.requests for one in allowing))
    unread = ", ".join(name for name in level if name not in policies)
    return _anything(space, f"{unread} limits the account and was not read") if unread else together


def _bounds(one: MatchedStatement) -> bool:
    return one.policy.kind is PolicyKind.BOUNDARY and one.statement.effect is Effect.ALLOW


def _union(space: Space, sets: Iterable[PermissionSet]) -> PermissionSet:
    return PermissionSet.of(space, (box for found in sets for box in found.parts))


def _anything(space: Space, cause: str) -> PermissionSet:
    """Return a set that may be anything, but holds nothing for sure."""
    scope = EVERYWHERE.assuming(Assumption(cause, space.serial()))
    return PermissionSet(space, (Box(space.table.everything, scope),))
