"""What may the cluster's cloud identities do that Kubernetes does not need?

What each identity is granted is compared, exactly, with what the parts of the cluster that hold it need. Granted and
not needed is excess: a finding where it changes or reads something, advice where it only lists. Needed and not granted
is missing, which fails nothing. What can't be decided (a policy that was not read, a variable that nobody knows) leaves
the row `UNKNOWN`, never passed over. Who may become an identity, and what pods can take from the metadata service of
their host, is judged too. Static access keys and credentials of users are out of scope.
"""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.authorization.escalation import GrantedEscalation, granted_escalations
from cloudguard.authorization.excess import Excess
from cloudguard.authorization.replacement import change_of
from cloudguard.model.iam_catalog import Access, Impact
from cloudguard.model.identity import Effect, Identity, PolicyKind
from cloudguard.model.source import FactKind
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity
from cloudguard.results.wording import actions_text
from cloudguard.rows.context import Context
from cloudguard.rows.identity import instance_metadata, tag_laundering, trust_policies
from cloudguard.rows.identity.findings import ROW, FindingDraft, draft, holders, said
from cloudguard.rows.pending_finding import JudgedRow, PendingFinding, judged_row

AREA = "Kubernetes access to Cloud Provider API"
ADMINISTRATOR = Check(
    f"{ROW}/administrator",
    {Severity.CRITICAL: "an identity may do everything, or give itself the right to"},
    "An identity of the cluster is an administrator of the account, or can make itself one.",
)
ESCALATION = Check(
    f"{ROW}/escalation",
    {
        Severity.CRITICAL: "an identity may take the rights of another that is not the cluster's",
        Severity.LOW: "what an identity needs lets it take the rights of another",
    },
    "An identity may become another one, whose rights are not the cluster's.",
)
OUTSIDE = Check(
    f"{ROW}/outside",
    {Severity.HIGH: "an identity may change, or read the data of, what is not the cluster's"},
    "An identity may change, or read the data of, what is not the cluster's.",
)
INSIDE = Check(
    f"{ROW}/inside",
    {Severity.MEDIUM: "an identity may change more of the cluster's own than it needs"},
    "An identity may change more of the cluster's own resources than it needs.",
)
LISTING = Check(
    f"{ROW}/listing",
    {Severity.LOW: "an identity may list or describe more than it needs"},
    "An identity may list or describe more than it needs.",
)
IMPOSED = Check(
    f"{ROW}/imposed",
    {Severity.LOW: "a policy that the provider mandates grants more than is needed"},
    "A policy that the provider insists on grants more than is needed.",
)
MISSING = Check(
    f"{ROW}/missing",
    {Severity.LOW: "an identity lacks what it may need"},
    "An identity lacks what it needs.",
)
IDLE = Check(
    f"{ROW}/idle",
    {Severity.LOW: "a statement grants nothing"},
    "A statement can match no request: what it names does not exist.",
)
CHECKS = (
    ADMINISTRATOR,
    ESCALATION,
    OUTSIDE,
    INSIDE,
    LISTING,
    IMPOSED,
    MISSING,
    IDLE,
    *trust_policies.CHECKS,
    *tag_laundering.CHECKS,
    *instance_metadata.CHECKS,
)
_MOST_WAYS = 3
_MOST_ACTIONS = 4


def judge(context: Context) -> JudgedRow:
    """Judge the row."""
    facets = frozenset({FactKind.HOSTS, FactKind.POOLS, FactKind.IDENTITIES})
    unknown = context.missing(facets | ({FactKind.ENDPOINT} if context.cluster.managed else frozenset[FactKind]()))
    known = context.snapshot.identities
    if not context.cluster.hosts and not known.identities:
        unknown += ("no host and no identity was found; name the hosts with --control-plane-tag and --node-tag",)
    held = {one.identity for one in context.cluster.hosts} | {one.identity for one in context.cluster.pools}
    unread = held - {identity.id for identity in known.identities} - {""}
    unknown += tuple(f"the identity {name} was not read" for name in sorted(unread))
    drafts = list[PendingFinding]()
    for identity in known.identities:
        found, open_questions = _identity(context, identity)
        drafts += found
        unknown += open_questions
    for part in (trust_policies, instance_metadata):
        found, open_questions = part.judged(context)
        drafts += found
        unknown += open_questions
    return judged_row(ROW, AREA, tuple(drafts), unknown, _clean(context))


def _clean(context: Context) -> str:
    """Return why the row passes, and what it was compared by."""
    if context.comparer is None or not context.snapshot.identities.identities:
        return "the cluster's identities are granted nothing"
    held = context.snapshot.identities
    told = f"no identity is granted more than it needs, by {context.comparer.iam_catalog.catalog.version}"
    told += f"; limits of the account were not seen: {held.unread_limits}" if held.unread_limits else ""
    return told + (f"; not seen: {held.unread_grants}" if held.unread_grants else "")


def _identity(context: Context, identity: Identity) -> tuple[list[PendingFinding], tuple[str, ...]]:
    """Return what is wrong with one identity, and what can't be told of it."""
    policies = {policy.id: policy for policy in context.snapshot.identities.policies}
    own = [policies[name] for name in identity.policies if name in policies]
    unread = not identity.complete or len(own) < len(identity.policies)
    unknown = (f"some policy of {identity.name} could not be read",) if unread else ()
    if not any(p.kind in {PolicyKind.GRANT, PolicyKind.RESOURCE} and _allows(p.statements) for p in own):
        return [], unknown
    if context.comparer is None:
        provider = context.cluster.provider
        told = f"whether {said(identity)} is granted more than it needs: nothing is known of {provider}'s permissions"
        return [], (*unknown, f"{told}; judge it where the provider {provider} is installed")
    if not identity.roles:
        told = f"what {identity.name} needs is not told, as its hosts' role is unknown"
        return [], (*unknown, f"{told}; name the hosts with --control-plane-tag, --node-tag or --etcd-tag")
    excess = context.comparer.of(identity)
    found = _findings(context, excess)
    if any(one.finding.severity > Severity.LOW for one in found):
        return found, unknown
    doubts = (
        f"whether {said(identity)} is granted more than it needs hangs on {cause}" for cause in excess.assumptions
    )
    return found, (*unknown, *doubts)


def _allows(statements: tuple[object, ...]) -> bool:
    return any(getattr(statement, "effect", None) is Effect.ALLOW for statement in statements)


def _findings(context: Context, excess: Excess) -> list[PendingFinding]:
    """Return the findings of one identity; the worse ones say the milder ones too."""
    ways = granted_escalations(excess, excess.comparer.iam_catalog.escalation_paths)
    sure = [way for way in ways if way.unconditional and way.exceeds_need]
    told = list(_administrator(excess, sure))
    if not told:
        told = [*_escalation(excess, sure), *_beyond(excess, ways)]
    risky = any(one.severity > Severity.LOW for one in told)
    told += [*_needed_ways(excess, ways), *_imposed(excess), *_missing(excess), *_idle(excess)]
    change = change_of(excess) if risky or any(one.check == "listing" for one in told) else None
    mended = {"administrator", "escalation", "outside", "inside", "listing"}
    found = [draft(context, excess, one, change if one.check in mended else None) for one in told]
    return found + tag_laundering.drafts(context, excess)


def _administrator(excess: Excess, sure: list[GrantedEscalation]) -> Iterator[FindingDraft]:
    table = excess.allowed.space.table
    anything = table.unlisted("*:*") & excess.certain.actions
    ways = [way for way in sure if way.path.impact is Impact.ADMINISTRATOR]
    if not ways:
        return
    first = ways[0]
    if anything:
        statements = excess.responsible(first.witness)
        by = statements[0].policy.name if statements else "its policies"
        message = f"{said(excess.identity)} is an administrator: {by} allows it to do as good as everything"
    else:
        message = f"{said(excess.identity)} can make itself an administrator: it {first.path.why}"
    yield FindingDraft("administrator", Severity.CRITICAL, message, first.witness, ways=tuple(ways[:_MOST_WAYS]))


def _escalation(excess: Excess, sure: list[GrantedEscalation]) -> Iterator[FindingDraft]:
    ways = [way for way in sure if way.path.impact is Impact.ROLE]
    if ways:
        first, more = ways[0], len(ways) - 1
        message = f"{said(excess.identity)} can take the rights of others: it {first.path.why}"
        message += f" (and {more} more ways)" if more else ""
        yield FindingDraft("escalation", Severity.CRITICAL, message, first.witness, ways=tuple(ways[:_MOST_WAYS]))


def _beyond(excess: Excess, ways: tuple[GrantedEscalation, ...]) -> Iterator[FindingDraft]:
    """Yield what is granted beyond need, by where and by what it does."""
    identity = excess.identity
    risky = excess.part(Access.WRITE, Access.DATA)
    parts = [(excess.part(Access.LIST), "listing", Severity.LOW, "may use")]
    if risky:
        outside = (risky - excess.comparer.cluster_resources.upper).lower
        # What reaches outside reaches inside as well, and is said once.
        where = (outside, "outside", Severity.HIGH, "may use, on what is not the cluster's,")
        if not outside:
            inside = (risky & excess.comparer.cluster_resources).lower
            where = (inside, "inside", Severity.MEDIUM, "may use, on what is the cluster's own,")
        parts.insert(0, where)
    for part, check, severity, what in parts:
        if part and (witness := telling(part, ways)) is not None:
            message = f"{said(identity)} {what} {_actions(part)}, which it does not need"
            enabled = tuple(way for way in ways if way.exceeds_need)[:_MOST_WAYS] if check != "listing" else ()
            yield FindingDraft(check, severity, message, (witness,), ways=enabled, part=part)


def telling(part: PermissionSet, ways: tuple[GrantedEscalation, ...]) -> Request | None:
    """Return a witness of ``part``: of an action that opens a way up, if one is in it."""
    table = part.space.table
    for way in ways:
        for action in way.path.actions:
            bit = table.bit(action) or 0
            if bit & part.actions and (found := part.only(bit).witness()) is not None:
                return found
    listed = part.only(part.actions & table.listed)
    return listed.witness() or part.witness()


def _needed_ways(excess: Excess, ways: tuple[GrantedEscalation, ...]) -> Iterator[FindingDraft]:
    powers = {Impact.ADMINISTRATOR, Impact.ROLE}
    needed = [way for way in ways if way.unconditional and not way.exceeds_need and way.path.impact in powers]
    if needed:
        message = f"what {said(excess.identity)} needs lets it take the rights of others: it "
        message += needed[0].path.why
        yield FindingDraft("escalation", Severity.LOW, message, needed[0].witness, ways=tuple(needed[:_MOST_WAYS]))


def _actions(part: PermissionSet) -> str:
    return actions_text(part.space.table, part.actions, _MOST_ACTIONS)


def _imposed(excess: Excess) -> Iterator[FindingDraft]:
    part = excess.mandated
    witness = part.witness()
    if witness is not None:
        message = f"{said(excess.identity)} is granted {_actions(part)} beyond need by a "
        message += "policy that the provider insists on"
        yield FindingDraft("imposed", Severity.LOW, message, (witness,), part=part)


def _missing(excess: Excess) -> Iterator[FindingDraft]:
    part = excess.missing
    witness = part.witness()
    if witness is not None:
        message = f"{said(excess.identity)} lacks {_actions(part)}, which it may need"
        yield FindingDraft("missing", Severity.LOW, message, (witness,), part=part)


def _idle(excess: Excess) -> Iterator[FindingDraft]:
    idle = [one for one in excess.effective.idle if one.policy.managed_by != "provider"]
    if idle:
        names = ", ".join(f"{one.policy.name}/{one.statement.label}" for one in idle[:_MOST_WAYS])
        more = f" and {len(idle) - _MOST_WAYS} more" if len(idle) > _MOST_WAYS else ""
        message = f"{names}{more} of {said(excess.identity)} can match no request: what it names does not exist"
        yield FindingDraft("idle", Severity.LOW, message, (), statements=tuple(idle))


__all__ = ["AREA", "CHECKS", "ROW", "holders", "judge"]
