"""Snapshots of one cluster on several nights: the sample, read at 02:17 of a day, with changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import sample
from cloudguard.comparison.findings import since
from cloudguard.comparison.listed import listed
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.pipeline import evaluate
from cloudguard.results.comparison import Fate
from cloudguard.rows.judge import ROWS

CHECKS = frozenset(check.id for row in ROWS for check in row.CHECKS)
DENIED = Gap("memory:Read", "filters", Reason.DENIED, "denied", (FactKind.FILTERS,), "memory:Read")
STORE = "sqlite:///h.db"


def night(day: int, snapshot: Snapshot | None = None) -> str:
    """Write ``snapshot`` (None: the sample) as read on a ``day`` of January 2026. Return the name of the file."""
    time = f"2026-01-{day:02}T02:17:00+00:00"
    name = f"night-{day}.json"
    facts = replace(snapshot or sample.snapshot(), started=time, finished=time)
    Path(name).write_text(snapshot_file.dump(facts), encoding="utf-8")
    return name


def without(*rules: str, snapshot: Snapshot | None = None) -> Snapshot:
    """Return the sample without these rules of its control plane's filter: "r-etcd", "r-api"."""
    base = snapshot or sample.snapshot()
    masters, *others = base.topology.filters
    guard = replace(masters, rules=tuple(rule for rule in masters.rules if rule.id not in rules))
    return replace(base, topology=replace(base.topology, filters=(guard, *others)))


def denied(snapshot: Snapshot) -> Snapshot:
    """Return ``snapshot`` as read without the permission to list filters."""
    return replace(snapshot, topology=replace(snapshot.topology, filters=()), gaps=(DENIED,))


def assert_unconfirmed(before: Snapshot, after: Snapshot, *checks: str) -> None:
    """Assert that a night that was denied something shows no finding as fixed, and those of ``checks`` unconfirmed."""
    old, new = (listed(evaluate(snapshot), CHECKS) for snapshot in (before, after))
    found = since(old, new)
    assert after.gaps
    assert found.fixed == ()
    assert {*checks} <= {change.check for change in found.with_fate(Fate.UNCONFIRMED)}
    back = {finding.check: finding.fate for finding in since(old, old).findings}
    assert {back[check] for check in checks} == {Fate.UNCHANGED}
