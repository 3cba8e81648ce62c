"""The builder of findings. Every row uses it, so that each finding has a stable id and a severity of its check."""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.model.cluster import Cluster
from cloudguard.results.change import Resource
from cloudguard.results.check import Check
from cloudguard.results.finding import Evidence, Finding, Latent, Severity, Witness, finding_id
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class FindingBuilder:
    """The content of a finding.

    ``key`` identifies the finding among the findings of its check: ids of resources and rules, values of properties.
    """

    check: Check
    severity: Severity
    resource: Resource
    message: str
    witness: Witness
    evidence: Iterable[Evidence]
    key: tuple[str, ...] = ()
    hosts: Iterable[str] = ()
    advice: str = ""
    width: Iterable[str] = ()
    latent: Latent | None = None

    def build(self, cluster: Cluster) -> Finding:
        """Return the finding.

        Raises ValueError if evidence or witness is empty, or if the check does not declare the severity.
        """
        if self.severity not in self.check.severities:
            message = f"{self.check.id} declares no finding of severity {self.severity}"
            raise ValueError(message)
        return Finding(
            id=finding_id(cluster, self.check.id, *self.key),
            check=self.check.id,
            severity=self.severity,
            resource=self.resource,
            message=self.message,
            witness=self.witness,
            evidence=tuple(self.evidence),
            hosts=tuple(sorted(self.hosts)),
            advice=self.advice,
            width=tuple(self.width),
            latent=self.latent,
        )
