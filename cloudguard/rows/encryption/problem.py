"""Problems with encryption, and the findings made from them: one finding for all resources with the same fault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from cloudguard.model.cluster import Cluster
from cloudguard.model.source import Source
from cloudguard.results.change import Change, Edit, Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Severity, Witness
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.pending_finding import PendingFinding
from cloudguard.values import dataclass

ROW = "etcd-encryption"


@dataclass(frozen=True)
class EncryptionProblem:
    """A resource with a fault, and the change that mends it: one edit of the resource, and the change's kind.

    ``shared_fault`` is a fault that several resources may share ("not encrypted"). These resources are one finding.
    """

    check: Check
    severity: Severity
    resource: Resource
    message: str
    fact: str
    source: Source
    kind: str
    edit: Edit
    hosts: tuple[str, ...] = ()
    shared_fault: str = ""
    width: tuple[str, ...] = ()
    """The width of the problem in lines, if it can get wider and remain the same problem."""

    @property
    def key(self) -> str:
        """The key that identifies the problem among the problems of its check."""
        return self.shared_fault or self.resource.id

    @property
    def change(self) -> Change:
        """The change that mends the problem."""
        return Change(f"{self.kind}:{self.resource.id}", ROW, self.kind, self.resource, (self.edit,))


def pending_findings(cluster: Cluster, problems: Iterable[EncryptionProblem]) -> tuple[PendingFinding, ...]:
    """Return one finding for each shared fault, and one for each other resource, such as a key of many disks."""
    together = defaultdict[tuple[str, str], list[EncryptionProblem]](list)
    for problem in problems:
        together[problem.check.id, problem.key].append(problem)
    return tuple(_finding(cluster, same) for same in together.values())


def _width(problem: EncryptionProblem) -> tuple[str, ...]:
    """Return the width of a problem. For a shared fault it is the line of the problem's resource."""
    shared = (f"{problem.resource.kind} {problem.resource.id}",) if problem.shared_fault else ()
    return problem.width or shared


def _finding(cluster: Cluster, problems: list[EncryptionProblem]) -> PendingFinding:
    """Return the finding of problems with one fault. Its resource is the first one by id."""
    first, *more = ordered = sorted(problems, key=lambda problem: (problem.resource.id, problem.message))
    by_resource = {problem.resource.id: problem for problem in ordered}
    builder = FindingBuilder(
        check=first.check,
        severity=first.severity,
        resource=first.resource,
        message=first.message + (f" (and {len(more)} more)" if more else ""),
        witness=Witness(first.message, facts=(("resource", first.resource.id),)),
        evidence=(Evidence(each.resource, "", each.source.call, each.fact) for each in by_resource.values()),
        key=(first.key,),
        hosts={host for problem in ordered for host in problem.hosts},
        width=sorted({line for problem in ordered for line in _width(problem)}),
    )
    changes = {problem.change.id: problem.change for problem in ordered}
    return PendingFinding(builder.build(cluster), changes=tuple(changes.values()))
