"""What may the cluster's cloud identities do that Kubernetes does not need?

An identity that is its cloud's administrator is beyond doubt, and a finding. Whether anything less goes beyond need
takes an exact comparison of what is granted with what is needed, which is not made yet: such identities are `UNKNOWN`,
never passed over. Static access keys and credentials of users are out of scope.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from cloudguard.checks.base import Evidence, Finding, Severity, Witness, finding_id
from cloudguard.checks.context import Answer, Context, answer
from cloudguard.checks.exposure import Draft
from cloudguard.engine.change import Change, Resource
from cloudguard.model.identity import Effect, Identity, Policy, PolicyKind, Statement
from cloudguard.model.source import Facet

ROW = "cloud-api-access"
AREA = "Kubernetes access to Cloud Provider API"
CHECKS = {
    "cloud-api-access/administrator": "An identity of the cluster may do everything, or give itself the right to "
    "(critical).",
}


def judge(context: Context) -> Answer:
    """Judge the row."""
    facets = frozenset({Facet.HOSTS, Facet.POOLS, Facet.IDENTITIES})
    unknown = context.missing(facets | ({Facet.ENDPOINT} if context.cluster.managed else frozenset[Facet]()))
    known = context.snapshot.identities
    if not context.cluster.hosts and not known.identities:
        unknown += ("no host and no identity was found; name the hosts with --control-plane-tag and --node-tag",)
    held = {one.identity for one in context.cluster.hosts} | {one.identity for one in context.cluster.pools}
    unread = held - {identity.id for identity in known.identities} - {""}
    unknown += tuple(f"the identity {name} was not read" for name in sorted(unread))
    drafts = list[Draft]()
    policies = {policy.id: policy for policy in known.policies}
    for identity in known.identities:
        own = [policies[name] for name in identity.policies if name in policies]
        grants = [policy for policy in own if policy.kind is PolicyKind.GRANT]
        limited = any(policy.kind is PolicyKind.BOUNDARY for policy in own) or any(_denies(grants))
        found = [] if limited else list(_administrators(grants, known.administrator_actions))
        if found:
            drafts.append(_draft(context, identity, found))
        elif any(_allows(policy) for policy in own):
            unknown += (f"whether {identity.name} ({_holders(identity)}) is granted more than it needs is not told",)
        if not identity.complete or len(own) < len(identity.policies):
            unknown += (f"some policy of {identity.name} could not be read",)
    return answer(ROW, AREA, tuple(drafts), unknown, "the cluster's identities are granted nothing")


def _holders(identity: Identity) -> str:
    return "/".join(identity.roles) or "role unknown"


def _allows(policy: Policy) -> bool:
    """Whether a document may let the identity do something: its own grant, or what a resource says of it."""
    counts = policy.kind in {PolicyKind.GRANT, PolicyKind.RESOURCE}
    return counts and any(statement.effect is Effect.ALLOW for statement in policy.statements)


def _denies(grants: list[Policy]) -> Iterator[bool]:
    return (statement.effect is Effect.DENY for policy in grants for statement in policy.statements)


def _administrators(grants: list[Policy], patterns: tuple[str, ...]) -> Iterator[tuple[Policy, Statement, str]]:
    """Yield statements that allow an administrator's action on everything, unconditioned, and that action."""
    for policy in grants:
        for statement in policy.statements:
            if statement.effect is not Effect.ALLOW or statement.conditions or "*" not in statement.resources:
                continue
            for pattern in patterns:
                if any(_covers(action, pattern) for action in statement.actions):
                    yield policy, statement, pattern
                    break


def _covers(action: str, pattern: str) -> bool:
    """Whether ``action`` (case-insensitive, with wildcards) takes in all of the action ``pattern``."""
    given, wanted = action.lower(), pattern.lower()
    return given in {wanted, "*"} or ("*" not in wanted and fnmatchcase(wanted, given.replace("[", "[[]")))


def _draft(context: Context, identity: Identity, found: list[tuple[Policy, Statement, str]]) -> Draft:
    check = f"{ROW}/administrator"
    resource = Resource("identity", identity.id, identity.name)
    policy, statement, action = found[0]
    message = f"{identity.name} ({_holders(identity)}) is an administrator: {policy.name} allows {action} on everything"
    finding = Finding(
        id=finding_id(context.cluster, check, identity.id),
        check=check,
        severity=Severity.CRITICAL,
        resource=resource,
        message=message,
        witness=Witness(f"{action} on * by {policy.name}, statement {statement.label}"),
        evidence=tuple(
            Evidence(resource, f"{one.name}/{part.label}", one.source.call, f"allows {what} on *")
            for one, part, what in found
        ),
        hosts=tuple(sorted(host.id for host in context.cluster.hosts if host.identity == identity.id)),
        changes=(),
    )
    changes = tuple(
        Change(
            id=f"permission.remove:{identity.id}:{one.name}:{part.label}",
            row=ROW,
            kind="permission.remove",
            resource=resource,
            before=(f"{one.name}/{part.label}: allow {', '.join(part.actions)} on *",),
            after=(),
            why=message,
        )
        for one, part, _ in found
    )
    return Draft(finding, changes=changes)
