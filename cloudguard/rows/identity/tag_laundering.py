"""Tag laundering: who may tag anything may make it look like the cluster's, and every condition on that tag is void."""

from __future__ import annotations

from cloudguard.authorization.effective import MatchedStatement
from cloudguard.authorization.excess import Excess
from cloudguard.model.identity import Effect, PolicyKind
from cloudguard.permission_sets.boxes import Box, Scope
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Finding, Severity, Witness, finding_id
from cloudguard.results.wording import request_text, statement_text
from cloudguard.rows.context import Context
from cloudguard.rows.identity.findings import ROW, said
from cloudguard.rows.pending_finding import PendingFinding

LAUNDERING = Check(
    f"{ROW}/laundering",
    {
        Severity.MEDIUM: "an identity may tag anything, so that conditions on tags bind nothing",
        Severity.LOW: "an identity needs to tag anything, so that conditions on tags bind nothing",
    },
    "An identity may tag anything, and so make its own the resources that other statements protect by a tag.",
)
CHECKS = (LAUNDERING,)


def drafts(context: Context, excess: Excess) -> list[PendingFinding]:
    """Return the finding about one identity, if there is one."""
    tagging = unbound(excess)
    guarded = [one for one in excess.effective.statements if _by_tag(excess, one)]
    for one in guarded:
        request = _request(excess, tagging, one)
        if request is None:
            continue
        needed = not (tagging - excess.needed).lower
        identity = excess.identity
        resource = Resource("identity", identity.id, identity.name)
        granting = excess.responsible((request,))
        message = f"{said(identity)} may tag anything ({request.action}), so that conditions on tags, as of "
        message += f"{one.policy.name}/{one.statement.label}, hold for anything"
        finding = Finding(
            id=finding_id(context.cluster, f"{ROW}/laundering", identity.id),
            check=f"{ROW}/laundering",
            severity=Severity.LOW if needed else Severity.MEDIUM,
            resource=resource,
            message=message,
            witness=Witness(request_text(request)),
            evidence=tuple(
                Evidence(
                    resource,
                    f"{each.policy.name}/{each.statement.label}",
                    each.policy.source.call,
                    statement_text(each.statement),
                )
                for each in (*granting, one)
            ),
            hosts=tuple(sorted(host.id for host in context.cluster.hosts if host.identity == identity.id)),
        )
        return [PendingFinding(finding)]
    return []


def unbound(excess: Excess) -> PermissionSet:
    """Return the tagging that is surely granted and that no condition binds."""
    table = excess.allowed.space.table
    tagging = excess.allowed.lower.only(table.mask(excess.comparer.iam_catalog.tag_actions))
    return PermissionSet(tagging.space, tuple(box for box in tagging.boxes if not box.scope.context))


def _by_tag(excess: Excess, one: MatchedStatement) -> bool:
    """Whether a statement allows something by the tags of the resource."""
    keys = excess.comparer.iam_catalog.tag_keys
    granting = one.policy.kind is PolicyKind.GRANT and one.statement.effect is Effect.ALLOW
    return granting and any(c.key.lower().startswith(keys) for c in one.statement.conditions)


def _request(excess: Excess, tagging: PermissionSet, guarded: MatchedStatement) -> Request | None:
    """Return a tagging request on something that ``guarded`` allows an action on, in the same service."""
    space = excess.allowed.space
    for service in space.table.services:
        mask = space.table.service_mask(service)
        for mine in tagging.only(mask).boxes:
            for box in guarded.requests.only(mask).boxes:
                names = mine.scope.names & box.scope.names
                if names and space.applicable(box.actions, names) and space.applicable(mine.actions, names):
                    return PermissionSet.of(space, (Box(mine.actions, Scope(names)),)).witness()
    return None
