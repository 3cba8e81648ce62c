"""Findings about permissions that one identity is granted beyond its need, and about needed ones that it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cloudguard.authorization.escalations.gained import GainedIdentity, gained_identities
from cloudguard.authorization.escalations.granted import GrantedEscalation, granted_escalations
from cloudguard.authorization.excess import Excess
from cloudguard.authorization.replacement import change_of
from cloudguard.model.iam_catalog import Access, Impact
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.results.wording import FEW, action_text, actions_text, few
from cloudguard.rows.context import Context
from cloudguard.rows.identity.findings import ROW, FindingDraft, identity_text, pending
from cloudguard.rows.pending_finding import PendingFinding

ADMINISTRATOR = Check(
    f"{ROW}/administrator",
    {Severity.CRITICAL: "an identity has all permissions, or can give them to itself"},
    "An identity of the cluster is an administrator of the account, or can make itself one.",
)
ESCALATION = Check(
    f"{ROW}/escalation",
    {
        Severity.CRITICAL: "an identity can gain the permissions of another identity that is not the cluster's, or an "
        "identity of pods can gain all permissions in the Kubernetes cluster",
        Severity.LOW: "an identity can gain the permissions of another identity with permissions that it needs",
    },
    "An identity can gain the permissions of another identity, by an escalation path.",
)
OUTSIDE = Check(
    f"{ROW}/outside",
    {Severity.HIGH: "an identity may change resources outside the cluster, or read their data"},
    "An identity may change resources outside the cluster, or read their data, and does not need to.",
)
NARROWABLE = Check(
    f"{ROW}/narrowable",
    {
        Severity.MEDIUM: "an identity may change resources outside the cluster, because a need is granted as its "
        "source documents it",
        Severity.LOW: "a policy of the provider lets an identity change resources outside the cluster",
    },
    "A need is granted on resources outside the cluster, as its source documents it, although it can be bound to the "
    "cluster's own resources.",
)
INSIDE = Check(
    f"{ROW}/inside",
    {Severity.MEDIUM: "an identity may change more of the cluster's own resources than it needs"},
    "An identity may change more of the cluster's own resources than it needs.",
)
LISTING = Check(
    f"{ROW}/listing",
    {Severity.LOW: "an identity may list or describe more than it needs"},
    "An identity may list or describe more than it needs.",
)
MANDATED = Check(
    f"{ROW}/imposed",
    {Severity.LOW: "a provider-mandated policy grants more than is needed"},
    "A policy that the provider requires grants more than is needed.",
)
MISSING = Check(
    f"{ROW}/missing",
    {Severity.LOW: "an identity lacks permissions that it may need"},
    "No statement grants an action that is documented as a need.",
)
IDLE = Check(
    f"{ROW}/idle",
    {Severity.LOW: "a statement grants nothing"},
    "A statement matches no request: no action applies to a resource that it names, or its condition never holds.",
)
CHECKS = (ADMINISTRATOR, ESCALATION, OUTSIDE, NARROWABLE, INSIDE, LISTING, MANDATED, MISSING, IDLE)
_MAX_ACTIONS = 4


def judged(context: Context, excess: Excess) -> tuple[list[PendingFinding], tuple[str, ...]]:
    """Return the findings about one identity's permissions, and lines about identities that it may gain."""
    every = gained_identities(excess, excess.comparer.iam_catalog.escalation_paths)
    undecided = tuple(_undecided(excess, each) for each in every if each.undecided and each.exceeds_need)
    return _findings(context, excess, [each for each in every if not each.undecided]), undecided


def _findings(context: Context, excess: Excess, gained: Sequence[GainedIdentity]) -> list[PendingFinding]:
    """Return the findings. For an administrator, less severe excess is left out."""
    escalations = granted_escalations(excess, excess.comparer.iam_catalog.escalation_paths)
    exceeding = [escalation for escalation in escalations if escalation.unconditional and escalation.exceeds_need]
    worst = [*_administrator(excess, exceeding)] or [*_escalation(excess, exceeding, gained)]
    if not excess.need_is_known:
        return [pending(context, excess, draft, None) for draft in worst]
    administrator = any(draft.check is ADMINISTRATOR for draft in worst)
    drafts = worst if administrator else [*worst, *_other_excess(excess, escalations)]
    replaced = any(draft.severity > Severity.LOW or draft.check is LISTING for draft in drafts)
    change = change_of(excess) if replaced else None
    drafts += _needed_escalation(excess, escalations, [each for each in gained if not each.exceeds_need])
    drafts += [*_mandated(excess), *_missing(excess), *_idle(excess)]
    return [pending(context, excess, draft, change if _is_fixed_by_replacement(draft) else None) for draft in drafts]


def _is_fixed_by_replacement(draft: FindingDraft) -> bool:
    """Whether the replacement policy fixes a finding. It does not remove an escalation path that is needed."""
    needed_escalation = draft.check is ESCALATION and draft.severity is Severity.LOW
    return draft.check in {ADMINISTRATOR, ESCALATION, OUTSIDE, NARROWABLE, INSIDE, LISTING} and not needed_escalation


def _administrator(excess: Excess, exceeding: list[GrantedEscalation]) -> Iterator[FindingDraft]:
    escalations = tuple(escalation for escalation in exceeding if escalation.path.impact is Impact.ADMINISTRATOR)
    if escalations:
        holder, first = identity_text(excess.identity), escalations[0]
        message = f"{holder} can make itself an administrator: it {first.path.why}"
        if excess.allowed.space.table.unlisted("*:*") & excess.certain.actions:
            policy = next((statement.policy.name for statement in excess.responsible(first.witness)), "its policies")
            message = f"{holder} is an administrator: almost every action is allowed, by {policy}"
        message += _boundary_text(excess)
        yield FindingDraft(ADMINISTRATOR, Severity.CRITICAL, message, first.witness, escalations, covers=excess.certain)


def _boundary_text(excess: Excess) -> str:
    request = excess.effective.changes_boundary
    return f"; its boundary has no effect, because it may use {action_text(request.action)} on it" if request else ""


def _undecided(excess: Excess, gained: GainedIdentity) -> str:
    who, causes = identity_text(excess.identity), "; ".join(gained.undecided)
    return f"whether {who} can gain the permissions of {gained.identity.name} is undecided: {causes}"


def _escalation(
    excess: Excess, exceeding: list[GrantedEscalation], gained: Sequence[GainedIdentity]
) -> Iterator[FindingDraft]:
    holder = identity_text(excess.identity)
    exceeding_need = [each for each in gained if each.exceeds_need]
    escalations = tuple(escalation for escalation in exceeding if escalation.path.impact is Impact.ROLE)
    of_cluster = tuple(escalation for escalation in exceeding if escalation.path.impact is Impact.CLUSTER)
    if escalations:
        first, more = escalations[0], len(escalations) - 1
        message = f"{holder} can gain the permissions of other identities: it {first.path.why}"
        message += (f" (and {more} more escalation paths)" if more else "") + _boundary_text(excess)
        yield FindingDraft(ESCALATION, Severity.CRITICAL, message, first.witness, escalations)
    elif exceeding_need:
        worst, more = exceeding_need[0], len(exceeding_need) - 1
        message = f"{holder} can gain the permissions of {worst.identity.name}: that identity {worst.beyond.why}"
        message += f" (and of {more} more identities)" if more else ""
        statements = (*excess.responsible(worst.witness), *worst.statements)
        escalations = (worst.granted,)
        yield FindingDraft(ESCALATION, Severity.CRITICAL, message, worst.witness, escalations, statements=statements)
    elif of_cluster and not excess.need_is_known:  # else it is excess like any other
        message = f"{holder} can gain all permissions in the Kubernetes cluster: it {of_cluster[0].path.why}"
        message += _boundary_text(excess)
        yield FindingDraft(ESCALATION, Severity.CRITICAL, message, of_cluster[0].witness, of_cluster)


def _needed_escalation(
    excess: Excess, escalations: tuple[GrantedEscalation, ...], gained: Sequence[GainedIdentity]
) -> Iterator[FindingDraft]:
    holder = identity_text(excess.identity)
    impacts = {Impact.ADMINISTRATOR, Impact.ROLE}
    unconditional = (
        escalation for escalation in escalations if escalation.unconditional and not escalation.exceeds_need
    )
    reaching = tuple(escalation for escalation in unconditional if escalation.path.impact in impacts)
    if reaching:
        first, needed = reaching[0], "with permissions that it needs"
        message = f"{holder} can gain the permissions of other identities {needed}: it {first.path.why}"
        yield FindingDraft(ESCALATION, Severity.LOW, message, first.witness, reaching, id_parts=("needed",))
    elif gained:
        other = gained[0]
        message = f"{holder} can gain the permissions of {other.identity.name} with permissions that it needs: "
        message += f"that identity {other.beyond.why}"
        yield FindingDraft(ESCALATION, Severity.LOW, message, other.witness, (other.granted,), id_parts=("needed",))


def _other_excess(excess: Excess, escalations: tuple[GrantedEscalation, ...]) -> Iterator[FindingDraft]:
    """Yield drafts for excess that changes resources or reads data, and for excess that lists."""
    if risky := excess.with_access(Access.WRITE, Access.DATA):
        yield from _risky(excess, risky, escalations)
    yield from _excess_draft(LISTING, excess, excess.with_access(Access.LIST), "", escalations)


def _risky(excess: Excess, risky: PermissionSet, escalations: tuple[GrantedEscalation, ...]) -> Iterator[FindingDraft]:
    of_cluster = excess.comparer.cluster_resources
    undocumented = (risky - excess.documented).lower
    # Excess on resources outside the cluster usually covers the cluster's own too: it is reported once.
    if outside := (undocumented - of_cluster.upper).lower:
        for draft in _excess_draft(OUTSIDE, excess, outside, " on resources outside the cluster", escalations):
            yield replace(draft, covers=undocumented)
    elif inside := (undocumented & of_cluster).lower:
        yield from _excess_draft(INSIDE, excess, inside, " on the cluster's own resources", escalations)
    if narrowable := ((risky & excess.documented) - of_cluster.upper).lower:
        yield from _narrowable(excess, narrowable)


def _narrowable(excess: Excess, requests: PermissionSet) -> Iterator[FindingDraft]:
    """Yield a draft for needs that are granted, as documented, on more than the cluster's own resources."""
    changeable = (requests - excess.by_provider).lower
    severity, reported = (Severity.MEDIUM, changeable) if changeable else (Severity.LOW, requests)
    if reported and (witness := reported.witness()) is not None:
        holder = identity_text(excess.identity)
        message = f"{holder} may use {_actions(reported)} on resources outside the cluster; "
        message += "its need can be bound to the cluster's own resources"
        yield FindingDraft(NARROWABLE, severity, message, (witness,), requests=reported)


def _excess_draft(
    check: Check, excess: Excess, requests: PermissionSet, where: str, escalations: tuple[GrantedEscalation, ...]
) -> Iterator[FindingDraft]:
    if requests and (witness := notable_witness(requests, escalations)) is not None:
        message = f"{identity_text(excess.identity)} may use {_actions(requests)}{where}, and does not need to"
        exceeding = (
            () if check is LISTING else tuple(escalation for escalation in escalations if escalation.exceeds_need)[:FEW]
        )
        yield FindingDraft(check, max(check.severities), message, (witness,), exceeding, requests)


def notable_witness(requests: PermissionSet, escalations: tuple[GrantedEscalation, ...]) -> Request | None:
    """Return a witness of ``requests``, with an action of an escalation path if there is one."""
    table = requests.space.table
    for escalation in escalations:
        for action in escalation.path.actions:
            bit = table.bit(action) or 0
            if bit & requests.actions and (request := requests.only(bit).witness()) is not None:
                return request
    listed = requests.only(requests.actions & table.listed)
    return listed.witness() or requests.witness()


def _mandated(excess: Excess) -> Iterator[FindingDraft]:
    mandated = excess.mandated
    if (witness := mandated.witness()) is not None:
        holder = identity_text(excess.identity)
        message = f"{holder} is granted {_actions(mandated)} beyond its need, by a policy that the provider requires"
        yield FindingDraft(MANDATED, Severity.LOW, message, (witness,), requests=mandated)


def _missing(excess: Excess) -> Iterator[FindingDraft]:
    missing = excess.missing
    if (witness := missing.witness()) is not None:
        message = f"{identity_text(excess.identity)} lacks {_actions(missing)}, which it may need"
        yield FindingDraft(MISSING, Severity.LOW, message, (witness,), requests=missing)


def _idle(excess: Excess) -> Iterator[FindingDraft]:
    idle = tuple(each for each in excess.effective.idle if each.policy.managed_by != "provider")
    if idle:
        message = f"{few([each.name for each in idle])} of {identity_text(excess.identity)} cannot match any request: "
        message += "no action applies to a named resource, or a condition never holds"
        yield FindingDraft(IDLE, Severity.LOW, message, (), statements=idle)


def _actions(requests: PermissionSet) -> str:
    return actions_text(requests.space.table, requests.actions, _MAX_ACTIONS)
