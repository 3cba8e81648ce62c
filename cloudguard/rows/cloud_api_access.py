"""What may the cluster's cloud identities do that Kubernetes does not need?

The row compares each identity's effective permissions exactly with the permissions that its users in the cluster need.
Permissions that are granted and not needed are excess: a finding if they change resources or read data, advice if they
only list. Permissions that are needed and not granted are missing, which is advice. If something cannot be decided (a
policy was not read, a variable has an unknown value), the row is `UNKNOWN`. The identities of service accounts belong
to the cluster, too. If the use of such an identity is not known, its escalation paths are still found, and its other
permissions to change or read are unknown. The row also judges who may assume an identity, and what pods can get from
the metadata service of their host. Static access keys and credentials of users are out of scope.
"""

from __future__ import annotations

from dataclasses import replace

from cloudguard.model.cluster import Role
from cloudguard.model.identity import Effect, Identity, PolicyDocument, PolicyKind
from cloudguard.model.source import FactKind
from cloudguard.results.finding import Severity
from cloudguard.results.report import Assumed, Basis
from cloudguard.rows.context import NO_NODE, Context
from cloudguard.rows.declared import declared_check
from cloudguard.rows.identity import (
    excess_findings,
    instance_metadata,
    service_accounts,
    tag_laundering,
    trust_policies,
)
from cloudguard.rows.identity.findings import ROW, identity_text
from cloudguard.rows.pending_finding import JudgedRow, PendingFinding, judged_row

AREA = "Kubernetes access to Cloud Provider API"
DECLARED = declared_check(ROW)
CHECKS = (
    *(*excess_findings.CHECKS, *trust_policies.CHECKS, *tag_laundering.CHECKS, *instance_metadata.CHECKS),
    DECLARED,
)
USED_DECLARATIONS = ("addons", "need", "outsider")
_OF_NODES = frozenset({Role.NODE.value, "pods"})
Judged = tuple[list[PendingFinding], tuple[str, ...]]
"""Findings, and lines about facts that are unknown."""


def judge(context: Context) -> JudgedRow:
    """Judge the row."""
    kinds = frozenset({FactKind.HOSTS, FactKind.POOLS, FactKind.IDENTITIES})
    unknown = context.missing(kinds | context.endpoint_facts)
    identities = context.snapshot.identities.identities
    if not context.cluster.hosts and not identities:
        unknown += ("no host and no identity was found; name the hosts with --control-plane-tag and --node-tag",)
    elif not context.has_nodes and not any(_OF_NODES & {*identity.roles} for identity in identities):
        unknown += (NO_NODE,)
    used = {name for member in context.cluster.hosts_and_pools for name in member.identities}
    used |= {pods.identity for pods in context.snapshot.identities.service_accounts}
    unread = used - {identity.id for identity in identities} - {""}
    unknown += tuple(f"the identity {name} was not read" for name in sorted(unread))
    findings = list[PendingFinding]()
    parts = [_permissions(context, identity) for identity in identities]
    for judged, undecided in (*parts, trust_policies.judged(context), instance_metadata.judged(context)):
        findings += judged
        unknown += undecided
    pending, by_name_only = service_accounts.with_weak_evidence(context, findings)
    return judged_row((ROW, AREA), pending, unknown + by_name_only, _why_passed(context), _basis(context))


def _basis(context: Context) -> Basis:
    identities = tuple(identity.id for identity in context.snapshot.identities.identities)
    catalog = context.comparer.iam_catalog.catalog.version if context.comparer else ""
    return Basis(identities=identities, assumed=(Assumed("actions known", catalog),) if catalog else ())


def _why_passed(context: Context) -> str:
    """Return why the row passes, and which organization limits and grants were not read."""
    identities = context.snapshot.identities
    nothing = context.comparer is None or not identities.identities
    why = "the cluster's identities have no permissions" if nothing else "no identity is granted more than it needs"
    why += f"; organization limits were not read: {identities.unread_limits}" if identities.unread_limits else ""
    return why + (f"; unknown: {identities.unread_grants}" if identities.unread_grants else "")


def _permissions(context: Context, identity: Identity) -> Judged:
    """Return the findings about one identity's permissions, and lines about what is unknown about them."""
    read = {policy.id: policy for policy in context.snapshot.identities.policies}
    policies = [read[name] for name in identity.policies if name in read]
    unread = not identity.complete or len(policies) < len(identity.policies)
    unknown = (f"a policy of {identity.name} could not be read",) if unread else ()
    if not any(map(_grants, policies)):
        return [], unknown
    whether = f"whether {identity_text(identity)} is granted more than it needs"
    if context.comparer is None:
        provider = context.cluster.provider
        why = f"{provider}'s permissions are unknown; judge the snapshot where the provider {provider} is installed"
        return [], (*unknown, f"{whether}: {why}")
    if not identity.roles:
        why = "the roles of its hosts are unknown; name the hosts with --control-plane-tag, --node-tag or --etcd-tag"
        return [], (*unknown, f"the need of {identity.name} is unknown: {why}")
    excess = context.comparer.of(identity)
    pending, gains = excess_findings.judged(context, excess)
    pending += tag_laundering.judged(context, excess)
    undecided = tuple(f"{whether} is undecided: {cause}" for cause in excess.assumptions)
    undecided = undecided if excess.need_is_known else service_accounts.unknown_need(excess)
    undecided += gains
    if any(each.finding.severity > Severity.LOW for each in pending):
        return [replace(each, hides=undecided) for each in pending], unknown
    return pending, unknown + undecided


def _grants(policy: PolicyDocument) -> bool:
    allows = any(statement.effect is Effect.ALLOW for statement in policy.statements)
    return allows and policy.kind in {PolicyKind.GRANT, PolicyKind.RESOURCE}
