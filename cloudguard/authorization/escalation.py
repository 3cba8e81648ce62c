"""Ways up: which combinations of granted actions give an identity more than its policies say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cloudguard.authorization.effective import allowed
from cloudguard.authorization.excess import Excess
from cloudguard.model.iam_catalog import EscalationPath, Impact
from cloudguard.model.identity import Effect, Statement
from cloudguard.permission_sets.boxes import Scope
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.resource_names import resource_format
from cloudguard.permission_sets.space import Request


@dataclass(frozen=True, slots=True)
class GrantedEscalation:
    """An escalation that an identity has.

    ``sure``: every action is granted without a condition, and where it must reach its own identity or any other.
    ``beyond_need``: at least one of the actions is not needed. ``witness``: one request an action, the telling one
    first.
    """

    escalation: EscalationPath
    sure: bool
    beyond_need: bool
    witness: tuple[Request, ...]


def granted_escalations(excess: Excess, escalations: Iterable[EscalationPath]) -> tuple[GrantedEscalation, ...]:
    """Return the escalations of which an identity surely may do every action, the sure ones first."""
    granted, beyond = excess.allowed.lower, excess.total.lower
    found = [way for one in escalations if (way := _way_up(excess, granted, beyond, one)) is not None]
    return tuple(sorted(found, key=lambda way: (not way.sure, not way.beyond_need, way.escalation.id)))


def _way_up(
    excess: Excess, granted: PermissionSet, beyond_need: PermissionSet, escalation: EscalationPath
) -> GrantedEscalation | None:
    table = excess.allowed.space.table
    parts: list[PermissionSet] = []
    for action in escalation.actions:
        bit = table.bit(action)
        part = granted.only(bit or 0)
        if part and action == escalation.passrole_action and escalation.passrole_conditions:
            part = (part & _passing(excess, escalation)).lower
        if not part:
            return None
        parts.append(part)
    beyond = [beyond_need.only(table.bit(action) or 0).witness() is not None for action in escalation.actions]
    telling = sorted(zip(beyond, parts, strict=True), key=lambda pair: not pair[0])
    requests = tuple(_told(excess, escalation, found) for _, part in telling if (found := part.witness()) is not None)
    sure = all(_free(part, action, escalation, excess) for part, action in zip(parts, escalation.actions, strict=True))
    return GrantedEscalation(escalation, sure, any(beyond), requests)


def _passing(excess: Excess, escalation: EscalationPath) -> PermissionSet:
    """Return the requests that hand over an identity as the way up does: to whom it is for."""
    said = Statement(
        escalation.id,
        Effect.ALLOW,
        (escalation.passrole_action,),
        resources=("*",),
        conditions=escalation.passrole_conditions,
    )
    return allowed(excess.comparer.space, (said,), excess.comparer.known.variables)


def _told(excess: Excess, escalation: EscalationPath, request: Request) -> Request:
    """Return the request on what is the holder's own, where the way up is by that."""
    own = targets(excess, request.action) if escalation.on_own_identity else ()
    return replace(request, name=own[0]) if own and not request.context else request


def _free(part: PermissionSet, action: str, escalation: EscalationPath, excess: Excess) -> bool:
    """Whether ``action`` is granted without a condition where the way up needs it.

    That is on the holder's own identity or a policy of its own; where another identity is to be had, on any; else
    anywhere. An action that hands over an identity may be bound to the service that gets it, and it is enough that it
    reaches another one of the cluster's.
    """
    handed = action == escalation.passrole_action
    scopes = [box.scope for box in part.boxes if handed or not box.scope.context]
    own = excess.identity
    if escalation.on_own_identity and action == escalation.actions[0]:
        return any(name in scope.names for scope in scopes for name in targets(excess, action))
    if escalation.impact is not Impact.ROLE:
        return bool(scopes)
    others = [one.id for one in excess.comparer.identities.identities if one.id != own.id]
    if handed and any(other in scope.names for scope in scopes for other in others):
        return True
    forms = excess.comparer.known.catalog.resource_formats(action)
    return any(_reaches_any(scope, forms, own.id) for scope in scopes)


def targets(excess: Excess, action: str) -> tuple[str, ...]:
    """Return what is an identity's own and ``action`` can be done on: itself, its policies."""
    own = excess.identity
    formats = [resource_format(text) for text in excess.comparer.known.catalog.resource_formats(action) or ()]
    return tuple(name for name in (own.id, *own.policies) if any(name in names for names in formats))


def _reaches_any(scope: Scope, forms: Iterable[str] | None, own: str) -> bool:
    """Whether a scope holds things of any name, of one of the ``forms``, where ``own`` is: made-up names stand for any.

    An action that takes no resource reaches whatever there is.
    """
    home = own.split(":")
    for form in forms or ():
        parts = form.split(":", 5)
        place = [(mine or "any") if part == "*" else part for part, mine in zip(parts[:-1], home, strict=False)]
        names_of_it = (parts[-1].replace("**", text).replace("*", text) for text in _MADE_UP)
        if all(":".join((*place, name)) in scope.names for name in names_of_it):
            return True
    return not forms


_MADE_UP = ("x", "some-administrator", "Zz9.y_z")
