"""Reports of clusters over years, with findings that come and go, to fill a store.

Each night, one finding in a hundred is fixed and a new finding replaces it. One night in thirty a permission is denied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import process_time

from cloudguard.history.store import Store
from cloudguard.model.cluster import Cluster
from cloudguard.results.change import Resource
from cloudguard.results.finding import Evidence, Finding, Severity, Witness, finding_id
from cloudguard.results.report import Basis, NotAsked, Report, RowResult, Verdict

ROWS = ("api-server-access", "node-access", "cloud-api-access", "etcd-access", "etcd-encryption")
CHECKS = frozenset(f"{row}/check-{number}" for row in ROWS for number in range(6))
FIRST = datetime(2026, 1, 1, 2, 17, tzinfo=UTC)
WORDS = 150
"""The number of characters of a finding's message, about as in the scenes."""
FIXED, DENIED = 0.01, 30
"""The share of findings that are fixed in a night, and the number of nights between denied permissions."""


@dataclass(slots=True)
class Account:
    """A cluster with findings that come and go. ``made``: the number of findings that were made."""

    cluster: Cluster
    findings: list[Finding]
    made: int = 0

    def next_night(self, night: int, chance: Random) -> Report:
        """Return the report of the night number ``night``, after some findings are replaced."""
        for place in range(len(self.findings)):
            if chance.random() < FIXED:
                self.made += 1
                self.findings[place] = finding(self.cluster, self.made)
        unread = night % DENIED == DENIED - 1
        rows = [self._row(row, unread=unread and row == "node-access") for row in ROWS]
        time = (FIRST + timedelta(days=night)).isoformat()
        return Report("cloudguard 1.0", time, time, self.cluster, tuple(rows))

    def _row(self, row: str, *, unread: bool) -> RowResult:
        findings = () if unread else tuple(finding for finding in self.findings if finding.check.startswith(row))
        unknown = (f"filters: denied, request {self.made}",) if unread else ()
        basis = Basis(not_asked=tuple(NotAsked(f"way in {number}") for number in range(12)))
        return RowResult(row, row, Verdict.UNKNOWN if unread else Verdict.FAIL, "why", findings, unknown, basis)


def finding(cluster: Cluster, number: int) -> Finding:
    """Return a finding with a message and ids as long as real ones."""
    check = sorted(CHECKS)[number % len(CHECKS)]
    resource = Resource("filter", f"sg-{number:017x}", f"nodes-{number}.{cluster.name}.example.com")
    width = (f"tcp/{number % 65_000 + 1} from 0.0.0.0/0 to node",)
    return Finding(
        id=finding_id(cluster, check, resource.id),
        check=check,
        severity=Severity(number % 4 + 1),
        resource=resource,
        message=f"the internet can connect to {resource.name} ".ljust(WORDS, "x"),
        witness=Witness("one packet"),
        evidence=(Evidence(resource, "", "list", "a rule"),),
        width=width,
    )


def accounts(clusters: int, findings: int) -> list[Account]:
    """Return ``clusters`` clusters with ``findings`` findings each."""
    found: list[Account] = []
    for number in range(clusters):
        cluster = Cluster(
            f"prod-{number}", "cloud", "123456789012", ("eu-west-1",), "kops", "1.34", managed=False, scanned_by=""
        )
        found.append(Account(cluster, [finding(cluster, one) for one in range(findings)], findings))
    return found


def written(
    store: Store, of: list[Account], nights: range, clock: Callable[[], float] = process_time
) -> Iterator[float]:
    """Keep the reports of ``nights`` of each cluster in ``store``. Yield the seconds of each write, by ``clock``."""
    chance = Random(1)
    for night in nights:
        for account in of:
            report = account.next_night(night, chance)
            begun = clock()
            store.keep(report, CHECKS, shown=True)
            yield clock() - begun


def size(file: Path) -> int:
    """Return the size in bytes of a store's file and of SQLite's files next to it."""
    return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))
