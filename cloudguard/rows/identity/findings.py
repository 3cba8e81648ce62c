"""Findings about an identity's permissions: their witnesses, evidence and advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloudguard.authorization import grant_lines
from cloudguard.authorization.effective import MatchedStatement
from cloudguard.authorization.escalations.granted import GrantedEscalation
from cloudguard.authorization.excess import Excess
from cloudguard.model.identity import Identity
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request
from cloudguard.results.change import Change, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Severity, Witness
from cloudguard.results.hop import Hop, HopKind
from cloudguard.results.wording import FEW, action_text, actions_text, request_text, statement_text
from cloudguard.rows.context import Context
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.pending_finding import PendingFinding
from cloudguard.values import dataclass

ROW = "cloud-api-access"


@dataclass(frozen=True, slots=True)
class FindingDraft:
    """A finding about one identity's permissions, before its evidence is gathered."""

    check: Check
    severity: Severity
    message: str
    witness: tuple[Request, ...]
    escalations: tuple[GrantedEscalation, ...] = ()
    requests: PermissionSet | None = None
    """The permissions that the finding is about."""
    statements: tuple[MatchedStatement, ...] = ()
    """The responsible statements. Empty: the statements that grant the witness."""
    id_parts: tuple[str, ...] = ()
    covers: PermissionSet | None = None
    """All permissions that this finding covers, so that they are not reported again. None: only ``requests``."""


def identity_text(identity: Identity) -> str:
    """Return an identity's name with the roles of its users, such as "masters (control-plane)"."""
    return f"{identity.name} ({'/'.join(identity.roles) or 'role unknown'})"


def hosts_with(context: Context, identity: str) -> tuple[str, ...]:
    """Return the ids of the hosts that use an identity."""
    return tuple(sorted(host.id for host in context.cluster.hosts if identity in host.identities))


def statement_evidence(resource: Resource, statements: Iterable[MatchedStatement]) -> tuple[Evidence, ...]:
    """Return the evidence that ``resource`` has these statements."""
    return tuple(
        Evidence(resource, statement.name, statement.policy.source.call, statement_text(statement.statement, None))
        for statement in statements
    )


def pending(context: Context, excess: Excess, draft: FindingDraft, change: Change | None) -> PendingFinding:
    """Return the finding of a draft, with ``change`` as its remedy."""
    identity = excess.identity
    statements = draft.statements or excess.responsible(draft.witness)
    resource = Resource("identity", identity.id, identity.name)
    summary = " and ".join(map(request_text, draft.witness)) or draft.message
    builder = FindingBuilder(
        check=draft.check,
        severity=draft.severity,
        resource=resource,
        message=draft.message,
        witness=Witness(summary, tuple(map(_hop, statements[:FEW])), tuple(_facts(excess, draft))),
        evidence=statement_evidence(resource, statements) or (_compared(excess, resource),),
        key=(identity.id, *draft.id_parts),
        hosts=hosts_with(context, identity.id),
        advice=_advice(excess, draft),
        width=_width(excess, draft),
    )
    return PendingFinding(builder.build(context.cluster), changes=(change,) if change else ())


def _width(excess: Excess, draft: FindingDraft) -> tuple[str, ...]:
    """Return the lines of the statements that grant the draft's permissions. Empty if nothing of them is granted."""
    table = excess.allowed.space.table
    granted = table.mask(action for escalation in draft.escalations for action in escalation.path.actions)
    for requests in (draft.requests, draft.covers):
        granted |= requests.actions if requests is not None else 0
    granted &= excess.allowed.actions
    return grant_lines.lines(excess.effective, granted, excess.comparer.identities.organization_limits)


def _hop(statement: MatchedStatement) -> Hop:
    policy, lets = statement.policy, statement_text(statement.statement)
    return Hop(HopKind.STATEMENT, policy.id, policy.name, rule=statement.statement.name, lets=lets, attributed=True)


def _compared(excess: Excess, resource: Resource) -> Evidence:
    """Return the evidence for permissions that no statement grants: the needs that the identity was compared with."""
    needs = ", ".join(choice.need.id for choice in excess.choices) or "none"
    return Evidence(resource, "", excess.identity.source.call, f"compared with these needs: {needs}")


def _facts(excess: Excess, draft: FindingDraft) -> Iterator[tuple[str, str]]:
    for request in draft.witness[:1]:
        yield "action", action_text(request.action)
        yield "resource", request.name
        yield from ((f"context {key}", ", ".join(values)) for key, values in request.context if values)
    for granted in draft.escalations[:FEW]:
        yield f"escalation path {granted.path.id}", f"{granted.path.why} ({granted.path.source})"
    if draft.requests is not None:
        table = draft.requests.space.table
        yield "actions", actions_text(table, draft.requests.actions, None)
        if draft.requests.actions & ~table.listed:
            yield "later", "and actions that the provider adds later"
    for choice in excess.choices:
        yield f"needed by {choice.need.id}", f"{choice.why}; {choice.need.source_and_release}"
    yield "catalog", excess.comparer.iam_catalog.catalog.version
    if excess.comparer.identities.unread_limits:
        yield "organization limits", f"not read: {excess.comparer.identities.unread_limits}"


def _advice(excess: Excess, draft: FindingDraft) -> str:
    if draft.severity is Severity.LOW or draft.requests is None:
        return ""
    names = excess.comparer.possible_addons(excess)
    if not names:
        return ""
    listed = ", ".join(f'"{name}"' for name in names[:FEW])
    more = f" ({len(names) - FEW} more in docs/configuration.md)" if len(names) > FEW else ""
    return f"If one of these add-ons runs with this identity, declare it: addons = [{listed}]{more}"
