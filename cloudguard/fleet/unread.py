"""A cluster that could not be read at all, as a report: each row is UNKNOWN, so that every format shows it."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudguard.errors import CloudguardError
from cloudguard.fleet.target import Collected
from cloudguard.model.cluster import Cluster
from cloudguard.pipeline import version
from cloudguard.provider.port import load
from cloudguard.results.report import Report, RowResult, Verdict
from cloudguard.rows.judge import ROWS


def unread_report(one: Collected, error: CloudguardError) -> Report:
    """Return the report on a cluster that ``error`` kept from being read."""
    target = one.target
    names = [option.name for option in load(target.provider).options if option.target_key == "account"]
    account = next((value for name in names for value in target.options.get(name, ())), target.account)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    why = f"the cluster was not read: {error}"
    return Report(
        tool=f"cloudguard {version()}",
        started=now,
        finished=now,
        cluster=Cluster(one.name, target.provider, account, (), "", "", managed=False, scanned_by=""),
        rows=tuple(RowResult(row.ROW, row.AREA, Verdict.UNKNOWN, why, unknown=(why,)) for row in ROWS),
    )
