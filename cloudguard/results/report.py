"""The report: a verdict for each row, with its findings, the remediation plan and the gaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from enum import StrEnum

from cloudguard.model.cluster import Cluster
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import Gap
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity, WaiverUse
from cloudguard.results.network.exposure import HostExposure
from cloudguard.results.since import Since
from cloudguard.values import dataclass

SCHEMA = "cloudguard/report/v1"
SEVERAL_SCHEMA = "cloudguard/fleet/v1"
"""The schema of a document with the reports of several clusters."""


class Verdict(StrEnum):
    """The verdict of a row."""

    PASS = "PASS"  # noqa: S105 - a verdict, no password
    FAIL = "FAIL"
    WAIVED = "WAIVED"
    """A waiver covers every finding above ``LOW``. This is neither a pass nor a failure."""
    UNKNOWN = "UNKNOWN"
    PROVIDER = "PROVIDER"


@dataclass(frozen=True, slots=True)
class Assumed:
    """An assumed fact ("etcd: tcp/2379-2380"), and its source."""

    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration in force: its key, its values, and its origin: the flag, variable or file ("": the caller)."""

    name: str
    values: tuple[str, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A way in that was not asked for. ``would_help``: the permission or flag that would allow it ("": none)."""

    what: str
    would_help: str = ""


@dataclass(frozen=True, slots=True)
class Basis:
    """The basis of a row's verdict: what was examined, assumed and declared, and what was not asked for.

    ``paths`` is the number of examined paths. ``hosts`` is the number of hosts by roles ("control-plane+etcd").
    ``disks`` and ``identities`` are ids, ``keys`` are the ids of the disks' keys. ``declared`` are the keys of
    declarations. ``settings`` are the user's settings of a provider-run control plane, with their values:
    ("encryption at host", "on"). ``exposure``: who outside the cluster can connect to the row's hosts or endpoints.
    """

    paths: int = 0
    hosts: tuple[tuple[str, int], ...] = ()
    disks: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()
    assumed: tuple[Assumed, ...] = ()
    not_asked: tuple[NotAsked, ...] = ()
    keys: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    exposure: tuple[HostExposure, ...] = ()


@dataclass(frozen=True, slots=True)
class Undecided:
    """An undecided question of a row. ``what`` is its line in ``unknown``.

    ``gaps`` are the failed API calls that might have answered it. ``would_help`` are the missing permissions ("": none
    is known). For a connection, ``sender``, ``service`` and ``target`` are set, and ``why`` says why it is undecided.
    """

    what: str
    sender: str = ""
    service: str = ""
    target: str = ""
    why: str = ""
    gaps: tuple[str, ...] = ()
    would_help: str = ""


@dataclass(frozen=True, slots=True)
class RowResult:
    """The result of one row. ``why`` is the reason for the verdict, in one line.

    ``unknown`` has lines that say what is missing and how to supply it. ``undecided`` has a value for each of these
    lines. ``recommendation`` is a quote of the recommendation in the Kubernetes documentation.
    """

    row: str
    area: str
    verdict: Verdict
    why: str
    findings: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()
    basis: Basis = field(default_factory=Basis)
    undecided: tuple[Undecided, ...] = ()
    recommendation: str = ""

    @property
    def questions(self) -> tuple[str, ...]:
        """The reasons why the row is not completely known; empty if it is."""
        return self.unknown or ((self.why,) if self.verdict is Verdict.UNKNOWN else ())


def gap_text(gap: Gap) -> str:
    """Return a gap as a line of a row's ``unknown``: the API call, its resource, and why it failed."""
    grant = f"; grant {gap.permission}" if gap.permission else ""
    return f"{gap.call} on {gap.resource}: {gap.message}{grant}"


def verdict_of(findings: Iterable[Finding], unknown: Iterable[str]) -> Verdict:
    """Return the verdict of a row.

    FAIL if a finding counts. Otherwise UNKNOWN if anything is unknown, otherwise WAIVED if a finding above ``LOW`` is
    waived, otherwise PASS.
    """
    worse = [finding for finding in findings if finding.severity > Severity.LOW]
    if any(finding.counts for finding in worse):
        return Verdict.FAIL
    if any(True for _ in unknown):
        return Verdict.UNKNOWN
    return Verdict.WAIVED if worse else Verdict.PASS


@dataclass(frozen=True, slots=True)
class Report:
    """The results of the five rows, the plan and the gaps. Times are ISO 8601 in UTC.

    ``since``: the differences from an earlier run (None: it was not compared with a run). ``last_complete``: the time
    of the last complete run before this one, from a store ("": not known). ``snapshot`` is the judged snapshot. In a
    report that was read from a file it is None, and only its ``digest`` is known.
    """

    tool: str
    started: str
    finished: str
    cluster: Cluster
    rows: tuple[RowResult, ...]
    plan: tuple[Change, ...] = ()
    gaps: tuple[Gap, ...] = ()
    declarations: tuple[Declared, ...] = ()
    since: Since | None = None
    waivers: tuple[WaiverUse, ...] = ()
    schema: str = field(default=SCHEMA)
    snapshot: Snapshot | None = field(default=None, repr=False, compare=False)
    digest: str = ""
    last_complete: str = ""

    @property
    def snapshot_sha256(self) -> str:
        """The SHA-256, in hex digits, of the judged snapshot as a file that ``collect`` writes ("": unknown)."""
        if self.snapshot is None:
            return self.digest
        from cloudguard.model.files.snapshot_file import digest  # noqa: PLC0415 - only few formats show it

        return digest(self.snapshot)

    @property
    def complete(self) -> bool:
        """Whether no row has unknown facts."""
        return not any(row.questions for row in self.rows)

    @property
    def version(self) -> str:
        """The version of the program that made the report."""
        return self.tool.partition(" ")[2]

    def row(self, name: str) -> RowResult:
        """Return the row with the id ``name`` ("etcd-access"). Raises KeyError if there is none."""
        for row in self.rows:
            if row.row == name:
                return row
        raise KeyError(name)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, the worst first, then by row and id. A finding's number is its place here, from 1."""
        findings = (finding for row in self.rows for finding in row.findings)
        return tuple(sorted(findings, key=lambda finding: (-finding.severity, finding.check, finding.id)))

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each finding, by its id."""
        return {finding.id: number for number, finding in enumerate(self.findings, 1)}

    def finding(self, name: str) -> Finding:
        """Return the finding with the id or the number ``name``. Raises KeyError if there is none."""
        for number, finding in enumerate(self.findings, 1):
            if name in {finding.id, str(number)}:
                return finding
        raise KeyError(name)
