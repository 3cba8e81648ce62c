"""The report: a verdict for each row, with its findings, the remediation plan and the gaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from cloudguard.model.cluster import Cluster
from cloudguard.model.source import Gap
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity

SCHEMA = "cloudguard/report/v1"


class Verdict(StrEnum):
    """The answer of a row."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    PROVIDER = "PROVIDER"


@dataclass(frozen=True, slots=True)
class RowResult:
    """The answer to one row: ``why`` in a line, ``unknown`` says what is missing and how to supply it."""

    row: str
    area: str
    verdict: Verdict
    why: str
    findings: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()


def verdict_of(findings: Iterable[Finding], unknown: Iterable[str]) -> Verdict:
    """Judge: a finding above ``LOW`` that is not waived fails; else anything unknown is UNKNOWN; else it passes."""
    if any(finding.severity > Severity.LOW and finding.waived is None for finding in findings):
        return Verdict.FAIL
    return Verdict.UNKNOWN if any(True for _ in unknown) else Verdict.PASS


@dataclass(frozen=True, slots=True)
class Report:
    """The five answers, the plan and the gaps. Times are ISO 8601 in UTC."""

    tool: str
    started: str
    finished: str
    cluster: Cluster
    rows: tuple[RowResult, ...]
    plan: tuple[Change, ...] = ()
    gaps: tuple[Gap, ...] = ()
    schema: str = field(default=SCHEMA)

    @property
    def complete(self) -> bool:
        """Whether nothing that a row rests on is missing."""
        return not any(row.unknown or row.verdict is Verdict.UNKNOWN for row in self.rows)

    def row(self, name: str) -> RowResult:
        """Return the row called ``name`` ("etcd-access"); raises KeyError when there is none."""
        for row in self.rows:
            if row.row == name:
                return row
        raise KeyError(name)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, the worst first, then by row and id."""
        found = (finding for row in self.rows for finding in row.findings)
        return tuple(sorted(found, key=lambda finding: (-finding.severity, finding.check, finding.id)))
