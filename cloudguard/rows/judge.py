"""The five rows, a file each."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.reachability.narrowing import plan
from cloudguard.reachability.paths import Reachability
from cloudguard.results.change import Change
from cloudguard.results.report import RowResult
from cloudguard.rows import api_server_access, cloud_api_access, etcd_access, etcd_encryption, node_access
from cloudguard.rows.context import Context
from cloudguard.rows.pending_finding import JudgedRow

ROWS: tuple[ModuleType, ...] = (api_server_access, node_access, cloud_api_access, etcd_access, etcd_encryption)
"""Modules with ``ROW``, ``AREA``, ``CHECKS`` (id to description) and ``judge``, in the table's order."""


def judge(
    snapshot: Snapshot, policy: Declarations, entitlements: IamCatalog | None = None
) -> tuple[tuple[RowResult, ...], tuple[Change, ...]]:
    """Return the five rows and the plan of changes that would mend their findings.

    ``entitlements`` None: nothing is known of the provider's permissions, and no identity is judged but by its plain
    words.
    """
    context = Context(snapshot, policy, Reachability(snapshot), entitlements)
    judged: list[JudgedRow] = [row.judge(context) for row in ROWS]
    pending = [one for _, found in judged for one in found]
    by_rule = plan(context.reach, context.ports, (edit for one in pending for edit in one.edits))
    own = [change for one in pending for change in one.changes]
    wanted: dict[str, tuple[str, ...]] = {}
    for one in pending:
        rules = [by_rule[edit.filter.id, edit.rule.id].id for edit in one.edits]
        wanted[one.finding.id] = tuple(dict.fromkeys([*rules, *(change.id for change in one.changes)]))
    rows = tuple(
        replace(result, findings=tuple(replace(found, changes=wanted[found.id]) for found in result.findings))
        for result, _ in judged
    )
    changes = {change.id: change for change in (*by_rule.values(), *own)}
    return rows, tuple(sorted(changes.values(), key=lambda change: (change.row, change.resource.id, change.id)))
