"""What a check says: verdicts, findings with evidence and witness, and the report they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from hashlib import sha256

from cloudguard.model.cluster import Cluster
from cloudguard.model.source import Gap
from cloudguard.results.change import Change, Resource

SCHEMA = "cloudguard/report/v1"


class Verdict(StrEnum):
    """The answer of a row."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"
    PROVIDER = "PROVIDER"


class Severity(IntEnum):
    """How bad; a ``LOW`` finding is advice and leaves the row ``PASS``."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact that a finding rests on: the resource, the rule ("" if none), the call it was read by.

    ``fact`` says it in words.
    """

    resource: Resource
    rule: str
    call: str
    fact: str


@dataclass(frozen=True, slots=True)
class Witness:
    """One concrete case: ``summary`` in a line, ``path`` gate by gate, ``facts`` for programs."""

    summary: str
    path: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Waiver:
    """Who accepted a finding, why and until when (ISO date)."""

    owner: str
    reason: str
    expires: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, however many hosts have it. Refuses to exist without evidence and a witness."""

    id: str
    check: str
    severity: Severity
    resource: Resource
    message: str
    witness: Witness
    evidence: tuple[Evidence, ...]
    hosts: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    advice: str = ""
    waived: Waiver | None = None

    def __post_init__(self) -> None:
        if not self.evidence or not self.witness.summary:
            message = f"a finding of {self.check} lacks its evidence or its witness"
            raise ValueError(message)


def finding_id(cluster: Cluster, check: str, *parts: str) -> str:
    """Return the id that a problem keeps from run to run: 12 hex digits over what makes it this problem.

    ``parts`` name resources, rules and property values; never times, message texts, host lists or list positions.
    """
    text = "\0".join((cluster.provider, cluster.account, ",".join(cluster.regions), cluster.name, check, *parts))
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:12]


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
