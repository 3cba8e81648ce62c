"""Who may assume one of the cluster's identities, by its trust policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloudguard.model.iam_catalog import Principals, Trusted
from cloudguard.model.identity import Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.results.change import Change, Procedure, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Severity, Witness
from cloudguard.rows.context import Context
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.identity.findings import ROW, hosts_with
from cloudguard.rows.pending_finding import PendingFinding

TRUST = Check(
    f"{ROW}/trust",
    {
        Severity.CRITICAL: "anyone may assume an identity",
        Severity.HIGH: "another account, or any subject of an identity provider, may assume an identity",
        Severity.MEDIUM: "more service accounts than its own may assume an identity",
    },
    "An identity of the cluster may be assumed by others than those that it is for.",
)
CHECKS = (TRUST,)


@dataclass(frozen=True, slots=True)
class _Opening:
    """A statement that lets ``who`` assume the identity, which should not be."""

    severity: Severity
    statement: Statement
    who: str


def judged(context: Context) -> tuple[list[PendingFinding], tuple[str, ...]]:
    """Return the findings; nothing is unknown, because a trust policy that was not read is a gap."""
    if context.iam_catalog is None or context.iam_catalog.principals is None:
        return [], ()
    identities, principals = context.snapshot.identities, context.iam_catalog.principals
    trust_policies = {policy.id: policy for policy in identities.policies if policy.kind is PolicyKind.TRUST}
    attached = [(Resource("identity", each.id, each.name), each.policies) for each in identities.identities]
    attached += [(Resource("identity", pod.identity, pod.name), (pod.trust,)) for pod in identities.service_accounts]
    findings = list[PendingFinding]()
    for resource, policies in attached:
        for policy in (trust_policies[name] for name in policies if name in trust_policies):
            openings = list(_openings(policy, principals, context.cluster.account))
            if openings:
                openings.sort(key=lambda opening: (-opening.severity, opening.who))
                findings.append(_finding(context, resource, policy, openings))
    return findings, ()


def _openings(policy: PolicyDocument, principals: Principals, account: str) -> Iterator[_Opening]:
    for statement in policy.statements:
        if statement.effect is not Effect.ALLOW:
            continue
        if statement.not_principals:
            yield _Opening(Severity.CRITICAL, statement, "anyone but the principals that it excepts")
        for text in statement.principals:
            found = _severity(principals.trusted(text, statement, account))
            if found is not None:
                yield _Opening(found[0], statement, found[1])


def _severity(trusted: Trusted) -> tuple[Severity, str] | None:
    """Return how bad it is that a principal is trusted, and who it is; None if it is as it should be."""
    match trusted.kind:
        case "anyone" if not trusted.narrowed:
            return Severity.CRITICAL, "anyone in any account"
        case "account" if not trusted.narrowed:
            return Severity.HIGH, f"any identity of account {trusted.who}"
        case "federated" if trusted.subjects is None:
            return Severity.HIGH, f"any subject of {trusted.who}"
        case "federated":
            wide = [subject for subject in trusted.subjects or () if "*" in subject or "?" in subject]
            return (Severity.MEDIUM, f"any subject like {', '.join(wide)} of {trusted.who}") if wide else None
        case _:
            return None


def _finding(context: Context, resource: Resource, policy: PolicyDocument, openings: list[_Opening]) -> PendingFinding:
    worst, more = openings[0], len(openings) - 1
    message = f"{worst.who} may assume the identity {resource.name}" + (f" (and {more} more)" if more else "")
    present = tuple(f"{policy.name}/{each.statement.name}: {each.who}" for each in openings)
    steps = Procedure(present, ("those who need it, under a condition that names them",))
    change = Change(f"trust.narrow:{resource.id}", ROW, "trust.narrow", resource, (steps,))
    builder = FindingBuilder(
        check=TRUST,
        severity=worst.severity,
        resource=resource,
        message=message,
        witness=Witness(f"{worst.who} requests the credentials of {resource.name}"),
        evidence=(
            Evidence(resource, f"{policy.name}/{each.statement.name}", policy.source.call, f"trusts {each.who}")
            for each in openings
        ),
        key=(resource.id,),
        hosts=hosts_with(context, resource.id),
    )
    return PendingFinding(builder.build(context.cluster), changes=(change,))
