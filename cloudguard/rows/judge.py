"""Judging of the five rows, and the changes that fix their findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import ModuleType

from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.ways_in import WayIn
from cloudguard.needs.declarations import Declarations
from cloudguard.reachability.narrowing.changes import plan
from cloudguard.reachability.paths import Reachability
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding
from cloudguard.results.report import RowResult, Verdict
from cloudguard.rows import api_server_access, cloud_api_access, etcd_access, etcd_encryption, node_access
from cloudguard.rows.context import Context
from cloudguard.rows.declared import with_declarations
from cloudguard.rows.network.exposure import of_endpoints, of_hosts
from cloudguard.rows.pending_finding import JudgedRow, PendingFinding, Waive, with_undecided, with_unknown, with_waivers
from cloudguard.rows.references import check_references
from cloudguard.rows.role_assignments import assignments, undecided

ROWS: tuple[ModuleType, ...] = (api_server_access, node_access, cloud_api_access, etcd_access, etcd_encryption)
"""The modules of the rows, in the order of the report's table.

Each has ``ROW``, ``AREA``, ``CHECKS`` (a tuple of ``Check``), ``judge`` and ``USED_DECLARATIONS`` (keys of the
declarations that the row uses)."""


def judge(  # noqa: PLR0913 - one keyword per thing a caller may say
    snapshot: Snapshot,
    policy: Declarations,
    iam_catalog: IamCatalog | None = None,
    ways_in: tuple[WayIn, ...] = (),
    rows: Sequence[ModuleType] = ROWS,
    *,
    with_advice: bool = False,
    waive: Waive | None = None,
) -> tuple[tuple[RowResult, ...], tuple[Change, ...]]:
    """Return the results of ``rows``, and the changes that fix their findings, in the order to make them.

    ``iam_catalog`` is None if the provider's permissions are unknown: permissions of identities are then not compared
    with needs. ``ways_in`` is the provider's table. A way in that the snapshot does not name was not asked for.
    ``with_advice``: also edit rules for findings of severity low. ``waive`` says which findings are waived; no change
    is planned for a waived finding.
    """
    context = Context(snapshot, policy, Reachability(snapshot), iam_catalog, ways_in)
    by_roles = _by_every_role(context, {row: with_waivers(row.judge(context), waive) for row in rows}, waive)
    judged = [with_waivers(with_declarations(context, row, each), waive) for row, each in by_roles.items()]
    pending = [each for _, findings in judged for each in findings if each.finding.waived is None]
    excesses = (excess for finding in pending for excess in finding.excesses)
    excesses = (replace(excess, worth_an_edit=excess.worth_an_edit or with_advice) for excess in excesses)
    by_rule = plan(context.reach, context.ports, excesses)
    changes = {finding.finding.id: tuple(_changes(finding, by_rule)) for finding in pending}
    results = tuple(_completed(context, row, result, changes) for row, (result, _) in zip(rows, judged, strict=True))
    return results, _ordered([finding for row in results for finding in row.findings], changes)


def _by_every_role(
    context: Context, judged: Mapping[ModuleType, JudgedRow], waive: Waive | None
) -> dict[ModuleType, JudgedRow]:
    """Return the judged rows after a look at all roles that hosts may have.

    A row that does not fail becomes unknown if it would fail with another possible assignment of roles.
    """
    unknown = defaultdict[ModuleType, tuple[str, ...]](tuple)
    for assignment in assignments(context.snapshot, context.reach.classes):
        other = replace(context, snapshot=assignment.snapshot, reach=Reachability(assignment.snapshot))
        for row, (base, _) in judged.items():
            if base.verdict is not Verdict.FAIL and (row is etcd_access or not assignment.one_server):
                result, _ = with_waivers(row.judge(other), waive, roles_known=False)
                unknown[row] += undecided(base, assignment, result)
    return {row: (with_unknown(base, unknown[row]), findings) for row, (base, findings) in judged.items()}


def _completed(
    context: Context, row: ModuleType, result: RowResult, changes: Mapping[str, Iterable[Change]]
) -> RowResult:
    """Return a judged row with the parts added last.

    They are exposure, the ids of ``changes`` (by finding), permissions that would help, and the recommendation.
    """
    exposed = {node_access: of_hosts, api_server_access: of_endpoints}.get(row)
    basis = replace(result.basis, exposure=exposed(context)) if exposed else result.basis
    recommended = check_references(result.row)
    findings = tuple(
        replace(finding, changes=tuple(change.id for change in changes.get(finding.id, ())))
        for finding in result.findings
    )
    title = recommended[0].title if recommended else ""
    result = replace(result, findings=findings, basis=basis, recommendation=title)
    return with_undecided(result, context.snapshot.gaps)


def _changes(pending: PendingFinding, by_rule: Mapping[tuple[str, str], Change]) -> Iterable[Change]:
    changes = (*(by_rule.get((excess.filter.id, excess.rule.id)) for excess in pending.excesses), *pending.changes)
    return {change.id: change for change in changes if change is not None}.values()


def _ordered(findings: Sequence[Finding], changes: Mapping[str, Iterable[Change]]) -> tuple[Change, ...]:
    """Return every change once, with the findings that it fixes. Changes for the worst findings come first."""
    known, mended = dict[str, Change](), defaultdict[str, list[Finding]](list)
    for finding in findings:
        for change in changes.get(finding.id, ()):
            known[change.id] = change
            mended[change.id].append(finding)

    def rank(change: Change) -> tuple[int, str, str, str]:
        return -max(finding.severity for finding in mended[change.id]), change.row, change.resource.id, change.id

    ordered = enumerate(sorted(known.values(), key=rank), 1)
    return tuple(
        replace(change, order=order, mends=tuple(finding.id for finding in mended[change.id]))
        for order, change in ordered
    )
