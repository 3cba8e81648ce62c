"""Callers that may assume one of the cluster's identities, according to its trust policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from cloudguard.authorization.trust import Admission, admissions
from cloudguard.authorization.trust_replacement import NoReplacement, without_outsiders
from cloudguard.model.iam_catalog import CallerKind
from cloudguard.model.identity import PolicyDocument, PolicyKind
from cloudguard.results.change import Change, Procedure, Resource
from cloudguard.results.check import Check
from cloudguard.results.document_edit import DocumentEdit
from cloudguard.results.finding import Evidence, Severity, Witness
from cloudguard.results.wording import FEW
from cloudguard.rows.context import Context
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.identity.findings import ROW, hosts_with
from cloudguard.rows.pending_finding import PendingFinding

TRUST = Check(
    f"{ROW}/trust",
    {
        Severity.CRITICAL: "anyone may assume an identity",
        Severity.HIGH: "a named outsider, any service account of the cluster, or anyone who knows an external id may "
        "assume it",
        Severity.MEDIUM: "a named outsider may assume it under a condition that only the outsider can meet; or another "
        "account of its organization may, or more service accounts than its own",
    },
    "Callers other than the intended ones may assume an identity of the cluster.",
)
CHECKS = (TRUST,)
_SEVERITIES = {
    CallerKind.ANYONE: (Severity.CRITICAL, Severity.HIGH),
    CallerKind.OUTSIDER: (Severity.HIGH, Severity.MEDIUM),
    CallerKind.PODS: (Severity.HIGH, Severity.MEDIUM),
    CallerKind.ORGANIZATION: (Severity.MEDIUM, Severity.MEDIUM),
}
"""The severities by kind of caller: without, and with, a condition that narrows the callers."""
_CONDITIONS = {
    CallerKind.ANYONE: (", without a condition on the caller", ", with the values that its conditions require"),
    CallerKind.OUTSIDER: (", without a condition that only it can meet", ", under a condition that only it can meet"),
}
_DECLARABLE = {CallerKind.OUTSIDER, CallerKind.ORGANIZATION}


def judged(context: Context) -> tuple[list[PendingFinding], tuple[str, ...]]:
    """Return the findings, and lines about callers for whom it is undecided whether a policy lets them in."""
    facts = context.iam_catalog
    findings, unknown = list[PendingFinding](), [*_unread_policies(context)]
    if facts is None or facts.principals is None:
        provider = context.cluster.provider
        why = f"{provider}'s principals are unknown; judge the snapshot where the provider {provider} is installed"
        names = dict.fromkeys(resource.name for resource, _ in _with_trust_policies(context))
        return [], (*unknown, *(f"whether outsiders may assume {name}: {why}" for name in names))
    for resource, policy in _with_trust_policies(context):
        admitted = sorted(
            admissions(facts, policy, _declared(context, resource)),
            key=lambda admission: (-_severity(admission), admission.caller.who),
        )
        certain = [admission for admission in admitted if not admission.assumptions]
        undecided = tuple(_undecided(resource, [admission for admission in admitted if admission.assumptions]))
        if certain:
            findings.append(replace(_finding(context, resource, policy, certain), hides=undecided))
        else:
            unknown += undecided
    return findings, tuple(unknown)


def _undecided(resource: Resource, admitted: Sequence[Admission]) -> Iterator[str]:
    """Yield a line about the first caller of undecided admissions, if there is one."""
    if admitted:
        causes = "; ".join(dict.fromkeys(cause for admission in admitted for cause in admission.assumptions))
        yield f"whether {admitted[0].caller.who} may assume {resource.name} is undecided: {causes}"


def _unread_policies(context: Context) -> Iterator[str]:
    """Yield a line for each identity of service accounts whose trust policy was not read."""
    read = {policy.id for policy in context.snapshot.identities.policies}
    for pods in context.snapshot.identities.service_accounts:
        if pods.trust and pods.trust not in read:
            yield f"a policy of {pods.name} could not be read"


def _with_trust_policies(context: Context) -> Iterator[tuple[Resource, PolicyDocument]]:
    """Yield every identity that has a trust policy, together with the policy."""
    identities = context.snapshot.identities
    trust_policies = {policy.id: policy for policy in identities.policies if policy.kind is PolicyKind.TRUST}
    attached = [
        (Resource("identity", identity.id, identity.name), name)
        for identity in identities.identities
        for name in identity.policies
    ]
    attached += [(Resource("identity", pod.identity, pod.name), pod.trust) for pod in identities.service_accounts]
    for resource, name in dict.fromkeys(attached):
        if name in trust_policies:
            yield resource, trust_policies[name]


def _declared(context: Context, resource: Resource) -> tuple[str, ...]:
    return tuple(
        outsider.principal
        for outsider in context.declarations.outsiders
        if fnmatchcase(resource.name, outsider.identity) or resource.id == outsider.identity
    )


def _severity(admission: Admission) -> Severity:
    unnarrowed, narrowed = _SEVERITIES[admission.caller.kind]
    return narrowed if admission.narrowed else unnarrowed


def _condition_text(admission: Admission) -> str:
    unnarrowed, narrowed = _CONDITIONS.get(admission.caller.kind, ("", ""))
    return narrowed if admission.narrowed else unnarrowed


def _finding(context: Context, resource: Resource, policy: PolicyDocument, admitted: list[Admission]) -> PendingFinding:
    worst, more = admitted[0], len(admitted) - 1
    caller = worst.caller.who
    message = f"{caller} may assume the identity {resource.name}{_condition_text(worst)}"
    message += f" (and {more} more)" if more else ""
    edit = _edit(context, resource, policy, admitted)
    change = Change(f"trust.narrow:{resource.id}", ROW, "trust.narrow", resource, (edit,))
    builder = FindingBuilder(
        check=TRUST,
        severity=_severity(worst),
        resource=resource,
        message=message,
        witness=Witness(f"{caller} requests the credentials of {resource.name}"),
        evidence=tuple(_evidence(resource, policy, admitted)),
        key=(resource.id,),
        hosts=hosts_with(context, resource.id),
        advice=_advice(admitted),
        width=sorted({line for admission in admitted for line in _width_lines(admission)}),
    )
    return PendingFinding(builder.build(context.cluster), changes=(change,))


def _edit(
    context: Context, resource: Resource, policy: PolicyDocument, admitted: list[Admission]
) -> DocumentEdit | Procedure:
    """Return the edit of a trust policy, or a procedure for a person if the right policy cannot be determined."""
    right: DocumentEdit | NoReplacement = NoReplacement("the provider's principals are unknown")
    if context.iam_catalog is not None:
        right = without_outsiders(context.iam_catalog, policy, admitted, _declared(context, resource))
    if isinstance(right, DocumentEdit):
        return right
    present = tuple(f"{policy.name}/{', '.join(_names(admission))}: {admission.caller.who}" for admission in admitted)
    step = f"allow only callers that need it, each under a condition that only it can meet: {right.why}"
    return Procedure(present, (step,))


def _width_lines(admission: Admission) -> Iterator[str]:
    """Yield the width lines of an admission. An admission without a condition includes the one with a condition."""
    caller = admission.caller.declared_as or admission.caller.who
    yield f"{caller} under a condition"
    if not admission.narrowed:
        yield caller


def _evidence(resource: Resource, policy: PolicyDocument, admitted: Iterable[Admission]) -> Iterator[Evidence]:
    for admission in admitted:
        for name in _names(admission):
            yield Evidence(resource, f"{policy.name}/{name}", policy.source.call, f"trusts {admission.caller.who}")


def _names(admission: Admission) -> tuple[str, ...]:
    return tuple(statement.name for statement in admission.statements)


def _advice(admitted: Iterable[Admission]) -> str:
    names = [
        admission.caller.declared_as
        for admission in admitted
        if admission.caller.kind in _DECLARABLE and admission.caller.declared_as
    ]
    listed = " or ".join(f'principal = "{name}"' for name in dict.fromkeys(names[:FEW]))
    return f"If it is intended, declare it in cloudguard.toml: [[outsider]], {listed}, and a reason" if listed else ""
