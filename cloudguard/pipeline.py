"""The steps from a snapshot to a report, a plan or a comparison. They print nothing and keep no state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cloudguard.collection import collect
from cloudguard.errors import SettingsError, UsageError
from cloudguard.known import Known, adapter_of, known_of, owners_of
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.in_force import in_force
from cloudguard.provider.change_forms import MakesPlans
from cloudguard.provider.ownership.changes import with_owners
from cloudguard.provider.port import Progress, sdk_of, silent
from cloudguard.results.report import Declared, Report, RowResult
from cloudguard.rows.judge import ROWS, judge
from cloudguard.rows.references import with_references
from cloudguard.version import version

if TYPE_CHECKING:
    from cloudguard.planning.planner import Planned
    from cloudguard.provider.ownership.terraform_state import TerraformState
    from cloudguard.results.change import Change
    from cloudguard.results.comparison import AccessChanges
    from cloudguard.results.finding import Finding
    from cloudguard.waivers.matching import Waivers


def evaluate(snapshot: Snapshot, declarations: Declarations | None = None) -> Report:
    """Return the report on ``snapshot`` under ``declarations``.

    The report's times are those of the snapshot, so that the same facts give the same report.

    Raises SettingsError if a declared add-on or network plugin is unknown.
    """
    declared = declarations or Declarations()
    known = known_of(snapshot, declared)
    waivers = _waivers(snapshot, declared)
    rows, changes = judge(snapshot, declared, known.iam_catalog, known.ways_in, waive=waivers)
    return _report(snapshot, declared, known, rows, with_owners(snapshot, changes, known.owners), waivers=waivers)


def _waivers(snapshot: Snapshot, declared: Declarations) -> Waivers | None:
    """Return the waivers for the snapshot's cluster, None if none is declared.

    Raises SettingsError if a waiver names an unknown check.
    """
    if not declared.waivers:
        return None
    from cloudguard.waivers.matching import Waivers, unknown_checks  # noqa: PLC0415 - loaded only for waivers

    if faults := tuple(unknown_checks(declared.waivers, [check.id for row in ROWS for check in row.CHECKS])):
        raise SettingsError(faults)
    return Waivers.of(declared.waivers, snapshot.cluster.name, snapshot.finished)


def _report(  # noqa: PLR0913 - one parameter per part of a report
    snapshot: Snapshot,
    declared: Declarations,
    known: Known,
    rows: tuple[RowResult, ...],
    changes: tuple[Change, ...],
    *,
    waivers: Waivers | None,
) -> Report:
    return Report(
        tool=f"cloudguard {version()}",
        started=snapshot.started,
        finished=snapshot.finished,
        cluster=snapshot.cluster,
        rows=with_references(rows, known.references, managed=snapshot.cluster.managed),
        plan=changes,
        gaps=snapshot.gaps,
        declarations=tuple(Declared(*declaration) for declaration in in_force(declared)),
        snapshot=snapshot,
        waivers=waivers.uses(rows) if waivers else (),
    )


def plan(  # noqa: PLR0913 - one keyword per choice of the user
    snapshot: Snapshot,
    declarations: Declarations | None = None,
    *,
    rows: Sequence[str] = (),
    only: Sequence[str] = (),
    with_advice: bool = False,
    most_rules: int = 4,
    terraform: TerraformState | None = None,
) -> Planned:
    """Plan the changes that resolve the findings, and prove them on the model. Nothing is written to the cloud.

    ``rows`` (names of rows) and ``only`` (numbers or ids of findings) restrict the plan to their findings.
    ``with_advice`` includes low findings. ``most_rules`` is the largest number of rules that may replace one rule.
    ``terraform`` is a Terraform state; the changes name its blocks.

    Raises SettingsError as ``evaluate`` does, and UsageError if a name in ``only`` matches no finding.
    """
    from cloudguard.planning.case import Case, Choice  # noqa: PLC0415 - only plans need it
    from cloudguard.planning.plain_forms import PlainForms  # noqa: PLC0415 - only plans need it
    from cloudguard.planning.planner import make_plan  # noqa: PLC0415 - only plans need it

    declared = declarations or Declarations()
    known = known_of(snapshot, declared)
    change_forms = known.adapter.change_forms(snapshot) if isinstance(known.adapter, MakesPlans) else PlainForms()
    waivers = _waivers(snapshot, declared)
    case = Case(snapshot, declared, change_forms, known.iam_catalog, known.ways_in, waivers)
    rows_found, changes = case.judged(with_advice=with_advice)
    changes = with_owners(snapshot, changes, known.owners)
    report = _report(snapshot, declared, known, rows_found, changes, waivers=waivers)
    hint = "Its findings' numbers are in the output of: cloudguard check"
    ids = tuple(finding_of(report, name, hint).id for name in only)
    choice = Choice(tuple(rows), ids, with_advice, most_rules)
    planned = make_plan(case, report, choice)
    changes = with_owners(snapshot, planned.plan.changes, known.owners)
    if terraform:
        from cloudguard.provider.ownership.terraform_state import with_terraform  # noqa: PLC0415 - needs a state

        changes = with_terraform(changes, terraform)
    return replace(planned, plan=replace(planned.plan, changes=changes))


def export(planned: Planned, format_name: str) -> str:
    """Return a plan in a format of its provider, its proof, or patches of source files ("source").

    Raises UsageError if the plan does not have this format.
    """
    from cloudguard.planning import exports  # noqa: PLC0415 - only plans need it

    if format_name != "source":
        return exports.export(planned, format_name)
    from cloudguard.provider.ownership.patches import source  # noqa: PLC0415 - only this format needs it

    snapshot = planned.case.snapshot
    return source(snapshot, exports.changes_with_steps(planned), owners_of(snapshot.cluster.provider))


def finding_of(report: Report, name: str, hint: str) -> Finding:
    """Return the finding with the number or id ``name``. Raises UsageError with ``hint`` if there is none."""
    try:
        return report.finding(name)
    except KeyError:
        message = f"the report on {report.cluster.name!r} has no finding {name!r}"
        raise UsageError(message, hint=hint) from None


def access_changes(old: Snapshot, new: Snapshot) -> AccessChanges:
    """Return the access that opened and closed between two snapshots of a cluster: packets and identities' requests.

    Raises UsageError if the snapshots are of two clusters.
    """
    from cloudguard.comparison import access  # noqa: PLC0415 - only comparisons need it

    names = [(snapshot.cluster.provider, snapshot.cluster.account, snapshot.cluster.name) for snapshot in (old, new)]
    if names[0] != names[1]:
        message = f"the snapshots are of two different clusters: {' '.join(names[0])} and {' '.join(names[1])}"
        raise UsageError(message)
    provider = new.cluster.provider
    with sdk_of(provider):
        adapter = adapter_of(provider)
        catalogs = (adapter.iam_catalog(old), adapter.iam_catalog(new)) if adapter else None
    return access.access_changes(old, new, catalogs)


def check(  # noqa: PLR0913 - as ``collect``
    provider: str,
    *,
    declarations: Declarations | None = None,
    cluster: str = "",
    options: Mapping[str, str | Sequence[str]] | None = None,
    role_tags: Mapping[Role, Sequence[str]] | None = None,
    extra_hosts: Mapping[str, Sequence[Role]] | None = None,
    session: object | None = None,
    progress: Progress = silent,
    assume_empty: Sequence[str] = (),
) -> Report:
    """Read one cluster with ``collect`` and return its report by ``evaluate``; raises the errors of both.

    Safe to call from several threads.
    """
    snapshot = collect(
        provider,
        cluster=cluster,
        options=options,
        role_tags=role_tags,
        extra_hosts=extra_hosts,
        session=session,
        progress=progress,
        assume_empty=assume_empty,
    )
    return evaluate(snapshot, declarations)
