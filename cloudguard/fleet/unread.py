"""The report on a cluster that was not read: each row is UNKNOWN, so that every format shows the cluster."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudguard.errors import CloudguardError
from cloudguard.fleet.target import Collected
from cloudguard.model.cluster import Cluster
from cloudguard.provider.port import load
from cloudguard.results.report import Report, RowResult, Verdict
from cloudguard.rows.judge import ROWS
from cloudguard.version import version


def unread_report(collected: Collected, error: CloudguardError) -> Report:
    """Return a report whose rows are all UNKNOWN, because ``error`` stopped the reading of the cluster."""
    target = collected.target
    names = [option.name for option in load(target.provider).options if option.target_key == "account"]
    account = next((value for name in names for value in target.options.get(name, ())), target.account)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    why = f"the cluster was not read: {error}"
    return Report(
        tool=f"cloudguard {version()}",
        started=now,
        finished=now,
        cluster=Cluster(collected.name, target.provider, account, (), "", "", managed=False, scanned_by=""),
        rows=tuple(RowResult(row.ROW, row.AREA, Verdict.UNKNOWN, why, unknown=(why,)) for row in ROWS),
    )
