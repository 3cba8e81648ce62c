"""Findings about what an identity is granted: their words, witnesses and evidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloudguard.authorization.effective import MatchedStatement
from cloudguard.authorization.escalation import GrantedEscalation
from cloudguard.authorization.excess import Excess
from cloudguard.model.identity import Identity
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request
from cloudguard.results.change import Change, Resource
from cloudguard.results.finding import Evidence, Finding, Severity, Witness, finding_id
from cloudguard.results.hop import Hop, HopKind
from cloudguard.results.wording import FEW, actions_text, request_text, statement_text
from cloudguard.rows.context import Context
from cloudguard.rows.pending_finding import PendingFinding

ROW = "cloud-api-access"


@dataclass(frozen=True, slots=True)
class FindingDraft:
    """A finding before it has its id: ``witness`` holds requests, ``ways`` what they open, ``part`` all of them."""

    check: str
    severity: Severity
    message: str
    witness: tuple[Request, ...]
    ways: tuple[GrantedEscalation, ...] = ()
    part: PermissionSet | None = None
    statements: tuple[MatchedStatement, ...] = ()


def holders(identity: Identity) -> str:
    """Return what holds an identity."""
    return "/".join(identity.roles) or "role unknown"


def said(identity: Identity) -> str:
    """Return an identity's name with what holds it."""
    return f"{identity.name} ({holders(identity)})"


def draft(context: Context, excess: Excess, told: FindingDraft, change: Change | None) -> PendingFinding:
    """Return the finding, with its evidence, and the change that mends it."""
    identity, check = excess.identity, f"{ROW}/{told.check}"
    needed = told.severity is Severity.LOW and told.check == "escalation"
    statements = told.statements or excess.responsible(told.witness)
    resource = Resource("identity", identity.id, identity.name)
    summary = " and ".join(request_text(request) for request in told.witness) or told.message
    finding = Finding(
        id=finding_id(context.cluster, check, identity.id, *(("needed",) if needed else ())),
        check=check,
        severity=told.severity,
        resource=resource,
        message=told.message,
        witness=Witness(summary, tuple(_path(statements)), tuple(_facts(excess, told))),
        evidence=tuple(_evidence(resource, statements)) or (_by_need(excess, resource),),
        hosts=tuple(sorted(host.id for host in context.cluster.hosts if host.identity == identity.id)),
        advice=_advice(excess, told),
    )
    return PendingFinding(finding, changes=(change,) if change else ())


def _path(statements: tuple[MatchedStatement, ...]) -> Iterator[Hop]:
    for one in statements[:FEW]:
        policy, lets = one.policy, statement_text(one.statement)
        yield Hop(HopKind.STATEMENT, policy.id, policy.name, rule=one.statement.label, lets=lets, attributed=True)


def _evidence(resource: Resource, statements: tuple[MatchedStatement, ...]) -> Iterator[Evidence]:
    for one in statements:
        rule = f"{one.policy.name}/{one.statement.label}"
        yield Evidence(resource, rule, one.policy.source.call, statement_text(one.statement))


def _by_need(excess: Excess, resource: Resource) -> Evidence:
    """Return the evidence of what is lacking: nothing grants it."""
    names = ", ".join(choice.need.id for choice in excess.choices) or "nothing"
    return Evidence(resource, "", excess.identity.source.call, f"compared with what {names} needs")


def _facts(excess: Excess, told: FindingDraft) -> Iterator[tuple[str, str]]:
    for request in told.witness[:1]:
        yield "action", request.action
        yield "resource", request.name
        yield from ((f"context {key}", ", ".join(values)) for key, values in request.context if values)
    for way in told.ways:
        yield f"way up {way.path.id}", f"{way.path.why} ({way.path.source})"
    if told.part is not None:
        yield "actions", actions_text(told.part.space.table, told.part.actions, 200)
        if told.part.actions & ~told.part.space.table.listed:
            yield "later", "and actions that are added later"
    for choice in excess.choices:
        yield f"needed by {choice.need.id}", f"{choice.why}; {choice.need.source_and_release}"
    yield "catalog", excess.comparer.iam_catalog.catalog.version
    if excess.comparer.identities.unread_limits:
        yield "limits of the account", f"not seen: {excess.comparer.identities.unread_limits}"


def _advice(excess: Excess, told: FindingDraft) -> str:
    if told.severity is Severity.LOW or told.part is None:
        return ""
    names = excess.comparer.possible_addons(excess)
    if not names:
        return ""
    listed = ", ".join(f'"{name}"' for name in names[:FEW])
    return f"Where one of these runs with this identity, declare it: addons = [{listed}]" + (
        f" ({len(names) - FEW} more in docs/configuration.md)" if len(names) > FEW else ""
    )
