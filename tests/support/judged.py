"""Judge a snapshot, and return its rows by name and its changes."""

from __future__ import annotations

from collections.abc import Mapping

from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.ownership.changes import with_owners
from cloudguard.results.change import Change, RuleTraffic
from cloudguard.results.report import RowResult
from cloudguard.rows.judge import judge
from edits import after

ADMINS = Declarations(admin_cidrs=("198.51.100.0/24",))


def rows_of(
    snapshot: Snapshot, policy: Declarations | None = None, known: IamCatalog | None = None
) -> Mapping[str, RowResult]:
    """Return name → row, for all rows."""
    rows, _ = judge(snapshot, policy or Declarations(), known)
    return {row.row: row for row in rows}


def changes_of(
    snapshot: Snapshot, policy: Declarations | None = None, known: IamCatalog | None = None, *, row: str = ""
) -> tuple[Change, ...]:
    """Return the changes, in the order in which to make them. ``row``: only the changes of this row ("": all)."""
    _, changes = judge(snapshot, policy or Declarations(), known)
    return tuple(change for change in with_owners(snapshot, changes, {}) if row in {"", change.row})


def kept_by(snapshot: Snapshot, policy: Declarations = ADMINS) -> dict[str, tuple[RuleTraffic, ...]]:
    """Return rule id → traffic after the change, for each edited rule."""
    return {change.rule: after(change) for change in changes_of(snapshot, policy)}
