"""Escalation paths: combinations of granted actions that give an identity more permissions than its policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from cloudguard.authorization.boundary import own_targets
from cloudguard.authorization.effective import allowed
from cloudguard.authorization.excess import Excess
from cloudguard.authorization.ordinary import is_ordinary
from cloudguard.model.iam_catalog import EscalationPath, Impact
from cloudguard.model.identity import Effect, PolicyKind, Statement
from cloudguard.permission_sets.boxes import Scope
from cloudguard.permission_sets.globs import SEGMENTS, SEPARATOR
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.resource_names import resource_format
from cloudguard.permission_sets.space import Request
from cloudguard.values import dataclass

_SYNTHETIC_NAMES: Final = ("x", "some-administrator", "Zz9.y_z")


@dataclass(frozen=True, slots=True)
class GrantedEscalation:
    """An escalation path whose actions are all certainly allowed to an identity.

    ``unconditional``: ordinary requests may use each action on the resources that the path needs.
    ``exceeds_need``: at least one of the actions is neither needed (on any resources that the need's source documents)
    nor granted by a provider-mandated policy.
    ``witness``: one request for each action. Requests that exceed the need come first.
    """

    path: EscalationPath
    unconditional: bool
    exceeds_need: bool
    witness: tuple[Request, ...]


def granted_escalations(excess: Excess, paths: Iterable[EscalationPath]) -> tuple[GrantedEscalation, ...]:
    """Return the escalation paths that an identity is granted, the unconditional ones first."""
    granted, confined = excess.allowed.lower, _is_confined(excess)
    certain = (excess.certain - excess.documented).lower
    open_paths = (path for path in paths if not (confined and path.on_own_identity))
    granted_paths = [each for path in open_paths if (each := _granted(excess, granted, certain, path)) is not None]
    return tuple(sorted(granted_paths, key=lambda item: (not item.unconditional, not item.exceeds_need, item.path.id)))


def _is_confined(excess: Excess) -> bool:
    """Whether a boundary that does not allow everything limits the identity, whatever it grants itself."""
    bounds = [statement for statement in excess.effective.statements if statement.policy.kind is PolicyKind.BOUNDARY]
    others = excess.allowed.space.table.unlisted("*:*")
    return bool(bounds) and not any(bound.allows and bound.requests.actions & others for bound in bounds)


def _granted(
    excess: Excess, granted: PermissionSet, certain: PermissionSet, path: EscalationPath
) -> GrantedEscalation | None:
    """Return the path if each of its actions is in ``granted``, otherwise None.

    ``certain`` is the excess over the need, the documented need and the provider-mandated policies.
    """
    table = excess.allowed.space.table
    by_action: list[PermissionSet] = []
    for action in path.actions:
        requests = granted.only(table.bit(action) or 0)
        if requests and action == path.passrole_action and path.passrole_conditions:
            requests = (requests & passrole_requests(excess, path)).lower
        if not requests:
            return None
        by_action.append(requests)
    exceeding = [certain.only(table.bit(action) or 0).witness() is not None for action in path.actions]
    ordered = sorted(zip(exceeding, by_action, strict=True), key=lambda pair: not pair[0])
    witness = tuple(
        _on_own(excess, path, request) for _, requests in ordered if (request := requests.witness()) is not None
    )
    unconditional = all(
        _unconditional(requests, action, path, excess) for requests, action in zip(by_action, path.actions, strict=True)
    )
    return GrantedEscalation(path, unconditional, any(exceeding), witness)


def passrole_requests(excess: Excess, path: EscalationPath) -> PermissionSet:
    """Return the requests that pass a role to the service that this path uses."""
    statement = Statement(
        path.id, Effect.ALLOW, (path.passrole_action,), resources=("*",), conditions=path.passrole_conditions
    )
    known = excess.comparer.iam_catalog.known_context(excess.identity)
    return allowed(excess.comparer.space, (statement,), known)


def _on_own(excess: Excess, path: EscalationPath, request: Request) -> Request:
    """Return the request on the identity's own resource, if the path needs that and the request has no condition."""
    targets = _own_targets(excess, request.action) if path.on_own_identity else ()
    return replace(request, name=targets[0]) if targets and not request.context else request


def _unconditional(requests: PermissionSet, action: str, path: EscalationPath, excess: Excess) -> bool:
    """Whether ordinary requests may use ``action`` on the resources that the path needs.

    For a path on its own identity they are the identity itself or its policies. For a path that is account-wide or
    leads to another role they are resources of any name. Otherwise one resource is enough. The pass-role action may
    have conditions on the receiver of the role, and one other identity of the cluster is enough for it.
    """
    passes = action == path.passrole_action
    ordinary = excess.comparer.iam_catalog.ordinary_context
    scopes = [box.scope for box in requests.boxes if passes or is_ordinary(box.scope, ordinary)]
    holder = excess.identity.id
    if path.on_own_identity and action == path.actions[0]:
        return any(name in scope.names for scope in scopes for name in _own_targets(excess, action))
    if path.impact is not Impact.ROLE and not path.account_wide:
        return bool(scopes)
    formats = excess.comparer.iam_catalog.catalog.resource_formats(action)
    passed = [resource_format(text) for text in formats or ()]
    others = [identity.id for identity in excess.comparer.identities.identities if identity.id != holder]
    others = [other for other in others if not passed or any(other in names for names in passed)]
    if passes and any(other in scope.names for scope in scopes for other in others):
        return True
    return any(_covers_any_name(scope, formats, holder) for scope in scopes)


def _own_targets(excess: Excess, action: str) -> tuple[str, ...]:
    """Return the ids of the identity itself and of its policies to which ``action`` applies."""
    formats = excess.comparer.iam_catalog.catalog.resource_formats(action)
    return own_targets(excess.identity, excess.comparer.policies, formats)


def _covers_any_name(scope: Scope, formats: Iterable[str] | None, holder: str) -> bool:
    """Whether the scope covers arbitrary resource names in the account of ``holder``, tested with synthetic names.

    Also true for an action that takes no resource, or unknown resources.
    """
    own_segments = holder.split(SEPARATOR)
    for text in formats or ():
        *head, last = text.split(SEPARATOR, SEGMENTS - 1)
        filled = [
            (segment or "any") if word == "*" else word for word, segment in zip(head, own_segments, strict=False)
        ]
        names = (last.replace("**", name).replace("*", name) for name in _SYNTHETIC_NAMES)
        if all(SEPARATOR.join((*filled, name)) in scope.names for name in names):
            return True
    return not formats
