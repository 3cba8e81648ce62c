"""Tag-condition bypass: an identity that may set any tag bypasses the tag conditions of its other statements."""

from __future__ import annotations

from cloudguard.authorization import grant_lines
from cloudguard.authorization.effective import MatchedStatement
from cloudguard.authorization.excess import Excess
from cloudguard.authorization.ordinary import is_ordinary
from cloudguard.model.identity import PolicyKind
from cloudguard.permission_sets.boxes import Box, Scope
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Severity, Witness
from cloudguard.results.wording import request_text
from cloudguard.rows.context import Context
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.identity.findings import ROW, hosts_with, identity_text, statement_evidence
from cloudguard.rows.pending_finding import PendingFinding

LAUNDERING = Check(
    f"{ROW}/laundering",
    {
        Severity.MEDIUM: "an identity may set any tag, so conditions on tags do not restrict it",
        Severity.LOW: "an identity needs the permission to set any tag, so conditions on tags do not restrict it",
    },
    "An identity may tag any resource, and can therefore set the tag that conditions of its other statements require.",
)
CHECKS = (LAUNDERING,)


def judged(context: Context, excess: Excess) -> list[PendingFinding]:
    """Return the finding about one identity, if there is one."""
    tagging = unconditional_tagging(excess)
    for statement in excess.effective.statements:
        if (
            _depends_on_tags(excess, statement)
            and (request := _tagging_request(excess, tagging, statement)) is not None
        ):
            return [_finding(context, excess, tagging, statement, request)]
    return []


def _finding(
    context: Context, excess: Excess, tagging: PermissionSet, guarded: MatchedStatement, request: Request
) -> PendingFinding:
    needed = not (tagging - excess.needed - excess.by_mandated).lower
    identity = excess.identity
    resource = Resource("identity", identity.id, identity.name)
    holder = identity_text(identity)
    message = f"{holder} may set any tag ({request.action}), so conditions on tags do not restrict it: "
    builder = FindingBuilder(
        check=LAUNDERING,
        severity=Severity.LOW if needed else Severity.MEDIUM,
        resource=resource,
        message=f"{message}{guarded.name} allows its actions also on resources that the identity has tagged",
        witness=Witness(request_text(request)),
        evidence=statement_evidence(resource, (*excess.responsible((request,)), guarded)),
        key=(identity.id,),
        hosts=hosts_with(context, identity.id),
        width=grant_lines.lines(excess.effective, tagging.actions, excess.comparer.identities.organization_limits),
    )
    return PendingFinding(builder.build(context.cluster))


def unconditional_tagging(excess: Excess) -> PermissionSet:
    """Return the tagging requests that are certainly allowed, with conditions that every ordinary request meets."""
    table = excess.allowed.space.table
    ordinary = {key: values for key, values in excess.comparer.iam_catalog.ordinary_context.items() if values}
    tagging = excess.allowed.lower.only(table.mask(excess.comparer.iam_catalog.tag_actions))
    return PermissionSet(tagging.space, tuple(box for box in tagging.boxes if is_ordinary(box.scope, ordinary)))


def _depends_on_tags(excess: Excess, statement: MatchedStatement) -> bool:
    """Whether the statement grants permissions of the identity with a condition on the tags of the resource."""
    keys = excess.comparer.iam_catalog.tag_keys
    is_own = statement.allows and statement.policy.kind is PolicyKind.GRANT
    return is_own and any(condition.key.lower().startswith(keys) for condition in statement.statement.conditions)


def _tagging_request(excess: Excess, tagging: PermissionSet, guarded: MatchedStatement) -> Request | None:
    """Return a tagging request on a resource where ``guarded`` allows an action of the same service, or None."""
    space = excess.allowed.space
    for service in space.table.services:
        mask = space.table.service_mask(service)
        for tags in tagging.only(mask).boxes:
            for box in guarded.requests.only(mask).boxes:
                names = tags.scope.names & box.scope.names
                if names and space.applicable(box.actions, names) and space.applicable(tags.actions, names):
                    return PermissionSet.of(space, (Box(tags.actions, Scope(names)),)).witness()
    return None
