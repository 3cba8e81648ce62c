"""Identities that are not the cluster's, and whose permissions an identity of the cluster gains or may gain.

An identity is gained by an escalation path on it: it is assumed, or it is passed to a service that runs code. Its trust
policy must admit the identity, or the service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final, TypeAlias

from cloudguard.authorization.effective import MatchedStatement
from cloudguard.authorization.escalations.granted import GrantedEscalation, granted_escalations, passrole_requests
from cloudguard.authorization.excess import Excess
from cloudguard.authorization.ordinary import is_ordinary
from cloudguard.authorization.trust import let_in
from cloudguard.model.iam_catalog import EscalationPath, Impact
from cloudguard.model.identity import Identity, PolicyKind
from cloudguard.permission_sets.condition_operators import KnownContext
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.resource_names import resource_format
from cloudguard.permission_sets.space import Request
from cloudguard.values import dataclass

_POWERFUL: Final = frozenset({Impact.ADMINISTRATOR, Impact.ROLE, Impact.CLUSTER})
"""The impacts of paths that lead beyond the permissions of one identity."""
_Step: TypeAlias = "tuple[EscalationPath, tuple[Request, ...], tuple[str, ...]]"
"""A path by which an identity is gained, a request for each of its actions, and why it is undecided (empty: it is not).
"""


@dataclass(frozen=True, slots=True)
class GainedIdentity:
    """An identity that is gained by ``path``, and the escalation ``beyond`` that it has itself.

    ``witness``: a request for each action of ``path``. ``statements``: those that grant ``beyond`` to the identity.
    ``exceeds_need``: at least one of the actions is neither needed nor granted by a provider-mandated policy, or it is
    assumed: the need to assume an identity does not cover what that identity may do.
    ``undecided``: why it is not known whether it is gained (empty: it certainly is).
    """

    identity: Identity
    path: EscalationPath
    witness: tuple[Request, ...]
    beyond: EscalationPath
    statements: tuple[MatchedStatement, ...]
    exceeds_need: bool = True
    undecided: tuple[str, ...] = ()

    @property
    def granted(self) -> GrantedEscalation:
        """The path by which it is gained."""
        return GrantedEscalation(self.path, unconditional=True, exceeds_need=self.exceeds_need, witness=self.witness)


def gained_identities(excess: Excess, paths: Iterable[EscalationPath]) -> tuple[GainedIdentity, ...]:
    """Return the powerful identities that an identity gains, and then those that it may gain, also through others."""
    listed = [path for path in paths if path.impact in {Impact.ROLE, Impact.HOSTS} or path.by_trust]
    gained, seen = list[GainedIdentity](), {excess.identity.id}
    for certain in (True, False):
        holders: list[tuple[Excess, _Step | None]] = [(excess, None)]
        reached = {*seen} if certain else {excess.identity.id}
        for holder, first in holders:
            for target in excess.comparer.identities.others:
                if target.id not in reached and (step := _step(holder, listed, target, certain=certain)):
                    reached.add(target.id)
                    holders.append((excess.comparer.of(target), first or step))
                    if target.id not in seen:
                        gained += _gained(excess, target, first or step, step)
                    seen.add(target.id)
    return tuple(gained)


def _gained(excess: Excess, target: Identity, first: _Step, last: _Step) -> Iterator[GainedIdentity]:
    of_target = excess.comparer.of(target)
    if beyond := _beyond(of_target):
        path, witness, causes = first
        exceeding = (excess.certain - excess.documented).lower
        yield GainedIdentity(
            identity=target,
            path=path,
            witness=witness,
            beyond=beyond.path,
            statements=of_target.responsible(beyond.witness),
            exceeds_need=path.by_trust or any(exceeding.has(request) for request in witness),
            undecided=tuple(dict.fromkeys((*causes, *last[2]))),
        )


def _beyond(excess: Excess) -> GrantedEscalation | None:
    """Return an escalation by which an identity gains more than its own permissions; None if it has none."""
    escalations = granted_escalations(excess, excess.comparer.iam_catalog.escalation_paths)
    powerful = [each for each in escalations if each.unconditional and each.path.impact in _POWERFUL]
    return min(powerful, key=lambda each: each.path.impact is not Impact.ADMINISTRATOR, default=None)


def _step(excess: Excess, paths: Iterable[EscalationPath], target: Identity, *, certain: bool) -> _Step | None:
    """Return the first path by which an identity gains ``target``, certainly or possibly."""
    for path in paths:
        steps = (_requests(excess, path, action, target, certain=certain) for action in path.actions)
        found = [*takewhile(lambda step: step is not None, steps)]
        witness = tuple(step[0] for step in found if step)
        if len(witness) == len(path.actions) and any(request.name == target.id for request in witness):
            return path, witness, tuple(dict.fromkeys(cause for step in found if step for cause in step[1]))
    return None


def _requests(
    excess: Excess, path: EscalationPath, action: str, target: Identity, *, certain: bool
) -> tuple[Request, tuple[str, ...]] | None:
    """Return a request for an action of a path, on ``target`` if the action applies to it, and why it is undecided.

    ``certain``: only one that ordinary requests may use and that rests on no assumption.
    """
    table, catalog = excess.allowed.space.table, excess.comparer.iam_catalog
    passes = action == path.passrole_action
    on_target = any(target.id in resource_format(text) for text in catalog.catalog.resource_formats(action) or ())
    requests = excess.allowed.only(table.bit(action) or 0)
    if passes and path.passrole_conditions:
        requests &= passrole_requests(excess, path)
        admitted = _services_let_in(excess, path, target) if on_target else requests
        certainly = any(is_ordinary(box.scope, catalog.ordinary_context) for box in admitted.lower.boxes)
        if on_target and not certainly:
            return None if certain or not admitted else _undecided(requests, target, admitted=admitted)
    if on_target and path.by_trust:
        own = {**catalog.known_context(excess.identity), **_context_of(excess, excess.identity.id)}
        requests &= _let_in(excess, target, own)
    if not certain:
        return _undecided(requests, target if on_target else None)
    boxes = [
        box
        for box in requests.lower.boxes
        if (passes or is_ordinary(box.scope, catalog.ordinary_context))
        and (not on_target or target.id in box.scope.names)
    ]
    witness = PermissionSet(requests.space, tuple(boxes)).witness()
    if witness is None:
        return None
    return (Request(witness.action, target.id, witness.context) if on_target else witness), ()


def _undecided(
    requests: PermissionSet, target: Identity | None, admitted: PermissionSet | None = None
) -> tuple[Request, tuple[str, ...]] | None:
    """Return a possible request (on ``target``), and why it and ``admitted`` are undecided. None: there is none."""
    boxes = [box for box in requests.boxes if target is None or target.id in box.scope.names]
    possible = PermissionSet(requests.space, tuple(boxes))
    witness = possible.upper.witness()
    if witness is None:
        return None
    undecided = [possible, *([admitted] if admitted else [])]
    keys = sorted({key for each in undecided for box in each.boxes for key in box.scope.context})
    causes = tuple(cause for each in undecided for cause in each.assumptions)
    return (
        Request(witness.action, target.id, witness.context) if target else witness,
        causes or tuple(f"it depends on {key}" for key in keys),
    )


def _services_let_in(excess: Excess, path: EscalationPath, target: Identity) -> PermissionSet:
    """Return the requests by which one of the services that a path passes ``target`` to becomes that identity."""
    services = (value for condition in path.passrole_conditions for value in condition.values)
    let_in = (_let_in(excess, target, _context_of(excess, service)) for service in services)
    return PermissionSet.union(excess.allowed.space, let_in)


def _let_in(excess: Excess, target: Identity, known: KnownContext) -> PermissionSet:
    policies = (excess.comparer.policies.get(name) for name in target.policies)
    trusts = [policy for policy in policies if policy is not None and policy.kind is PolicyKind.TRUST]
    return let_in(excess.comparer.iam_catalog, excess.allowed.space, trusts, known)


def _context_of(excess: Excess, principal: str) -> KnownContext:
    principals = excess.comparer.iam_catalog.principals
    return {} if principals is None else {**principals.known_context, **principals.context_of(principal)}
