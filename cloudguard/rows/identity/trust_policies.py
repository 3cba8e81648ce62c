"""Who may become one of the cluster's identities, by its trust policy."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.model.iam_catalog import Principals, Trusted
from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.results.change import Change, Procedure, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Finding, Severity, Witness, finding_id
from cloudguard.rows.context import Context
from cloudguard.rows.pending_finding import PendingFinding

ROW = "cloud-api-access"
TRUST = Check(
    f"{ROW}/trust",
    {
        Severity.CRITICAL: "anyone may become an identity",
        Severity.HIGH: "another account, or whoever an identity provider vouches for, may become an identity",
        Severity.MEDIUM: "more service accounts than its own may become an identity",
    },
    "Others than its holders may become an identity of the cluster.",
)
CHECKS = (TRUST,)


def judged(context: Context) -> tuple[list[PendingFinding], tuple[str, ...]]:
    """Return the findings, and what can't be told: nothing, as a trust policy that was not read is a gap."""
    if context.iam_catalog is None or context.iam_catalog.principals is None:
        return [], ()
    known, drafts, principals = context.snapshot.identities, list[PendingFinding](), context.iam_catalog.principals
    policies = {policy.id: policy for policy in known.policies if policy.kind is PolicyKind.TRUST}
    whose = [(one.id, one.name, tuple(name for name in one.policies if name in policies)) for one in known.identities]
    whose += [(one.identity, one.name, (one.trust,) if one.trust in policies else ()) for one in known.service_accounts]
    for identity, name, trusts in whose:
        for trust in trusts:
            found = sorted(_opened(policies[trust], principals, context.cluster.account), key=_worst)
            if found:
                drafts.append(_draft(context, Resource("identity", identity, name), policies[trust], found))
    return drafts, ()


Opened = tuple[Severity, Statement, str]


def _worst(opened: Opened) -> tuple[int, str]:
    return -opened[0], opened[2]


def _opened(policy: PolicyDocument, principals: Principals, account: str) -> Iterator[Opened]:
    for statement in policy.statements:
        if statement.effect is not Effect.ALLOW:
            continue
        if statement.not_principals:
            yield Severity.CRITICAL, statement, "anyone but those it names"
        for text in statement.principals:
            found = _severity(principals.trusted(text, statement, account))
            if found is not None:
                yield found[0], statement, found[1]


def _severity(trusted: Trusted) -> tuple[Severity, str] | None:
    """Return how bad it is that a principal is trusted, and who that is; None where it is as it should be."""
    match trusted.kind:
        case "anyone":
            if trusted.narrowed:
                return None
            return Severity.CRITICAL, "anyone, of whichever account"
        case "account":
            return None if trusted.narrowed else (Severity.HIGH, f"account {trusted.who}, without a condition")
        case "federated":
            if trusted.subjects is None:
                return Severity.HIGH, f"whoever {trusted.who} vouches for"
            wide = [subject for subject in trusted.subjects if "*" in subject or "?" in subject]
            return (Severity.MEDIUM, f"any of {', '.join(wide)} by {trusted.who}") if wide else None
        case _:
            return None


def _draft(context: Context, resource: Resource, policy: PolicyDocument, found: list[Opened]) -> PendingFinding:
    severity, _, who = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    message = f"{who} may become {resource.name}{more}"
    trusts = tuple(f"{policy.name}/{statement.label}: {text}" for _, statement, text in found)
    steps = Procedure(trusts, ("those who need it, under a condition that names them",))
    change = Change(f"trust.narrow:{resource.id}", ROW, "trust.narrow", resource, (steps,))
    evidence = [
        Evidence(resource, f"{policy.name}/{statement.label}", policy.source.call, f"trusts {text}")
        for _, statement, text in found
    ]
    finding = Finding(
        id=finding_id(context.cluster, f"{ROW}/trust", resource.id),
        check=f"{ROW}/trust",
        severity=severity,
        resource=resource,
        message=message,
        witness=Witness(f"{who} asks for the credentials of {resource.name}"),
        evidence=tuple(evidence),
        hosts=tuple(sorted(host.id for host in context.cluster.hosts if host.identity == resource.id)),
    )
    return PendingFinding(finding, changes=(change,))
