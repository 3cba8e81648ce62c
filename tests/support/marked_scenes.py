"""A cluster in a made-up cloud, with its expected verdicts and findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cloudguard import pipeline
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report, Verdict
from contract import assert_contract

API, NODES, IDENTITY = "api-server-access", "node-access", "cloud-api-access"
ETCD, DISKS = "etcd-access", "etcd-encryption"
ALL_PASS: dict[str, Verdict] = dict.fromkeys((API, NODES, ETCD, DISKS, IDENTITY), Verdict.PASS)
MANAGED: dict[str, Verdict] = ALL_PASS | {ETCD: Verdict.PROVIDER, DISKS: Verdict.PROVIDER}
"""The verdicts for a secure cluster whose control plane the provider runs."""
Found = tuple[str, str]
"""A finding's check and severity: ("node-access/internet", "critical")."""
Account = TypeVar("Account")


@dataclass(frozen=True)
class Scene(Generic[Account]):
    """A cluster called "prod". ``verdicts``: row → verdict. ``findings``: all expected findings above low."""

    build: Callable[[], Account]
    verdicts: Mapping[str, Verdict]
    findings: Sequence[Found] = ()
    beside: Callable[[], tuple[Account, ...]] = tuple
    policy: Declarations = field(default_factory=Declarations)
    gaps: Sequence[str] = ()
    """The calls for which gaps are expected."""

    def evaluate(self, snapshot: Snapshot) -> Report:
        """Return the report on a snapshot of the scene."""
        return pipeline.evaluate(snapshot, self.policy)

    def check(self, snapshot: Snapshot) -> Report:
        """Return the report on a snapshot of the scene.

        Assert that gaps, findings and verdicts are as expected, and that the snapshot's file and the report's contract
        are kept.
        """
        assert [gap.call for gap in snapshot.gaps] == [*self.gaps]
        report = self.evaluate(snapshot)
        found = sorted(
            (finding.check, str(finding.severity.name).lower())
            for row in report.rows
            for finding in row.findings
            if finding.severity > Severity.LOW
        )
        assert found == sorted(self.findings)
        assert {row.row: row.verdict for row in report.rows} == self.verdicts
        assert snapshot_file.load(snapshot_file.dump(snapshot), "it") == snapshot
        assert_contract(report)
        return report
