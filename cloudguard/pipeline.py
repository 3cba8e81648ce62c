"""From a provider's name to a report: collect, then evaluate. Prints nothing, holds no state."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from itertools import chain, count
from typing import TYPE_CHECKING

from cloudguard.errors import ClusterNotFoundError, SettingsError, UsageError
from cloudguard.known import Known, known_of, sdk_of
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.in_force import in_force
from cloudguard.needs.setting_values import nearest
from cloudguard.provider.change_forms import MakesPlans
from cloudguard.provider.ownership.changes import with_owners
from cloudguard.provider.ownership.facts import KnowsOwners, OwnerFacts
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, installed, load, silent
from cloudguard.results.report import Declared, Report

if TYPE_CHECKING:
    from cloudguard.planning.planner import Planned
    from cloudguard.provider.ownership.terraform_state import TerraformState
    from cloudguard.results.change import Change
    from cloudguard.results.comparison import AccessChanges
    from cloudguard.results.report import RowResult
    from cloudguard.waivers.matching import Waivers

DISTRIBUTION = "cloudguard-k8s"


def version() -> str:
    """Return the version of cloudguard, "unknown" where it is not installed."""
    try:
        return version_of(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def collect(  # noqa: PLR0913 - one keyword per thing a caller may say
    provider: str,
    *,
    cluster: str = "",
    options: Mapping[str, str | Sequence[str]] | None = None,
    role_tags: Mapping[Role, Sequence[str]] | None = None,
    extra_hosts: Mapping[str, Sequence[Role]] | None = None,
    session: object | None = None,
    progress: Progress = silent,
    assume_empty: Sequence[str] = (),
) -> Snapshot:
    """Read one cluster through the installed ``provider``; a refused call is a Gap in the snapshot.

    ``cluster`` may be left out where the account shows only one.

    ``options`` are the provider's own flags without dashes: ``{"region": "eu-west-1"}``. ``role_tags`` are
    ``KEY=VALUE`` tags by the role that they show. ``extra_hosts`` are roles of machines by id. ``session`` is the
    provider SDK's session to use instead of the ambient one. ``progress`` is called from any thread.
    ``assume_empty`` names calls that are not made and taken as answered with nothing, which the report shows: for tests
    against an imitation of the cloud that lacks them.

    Raises UsageError (no such provider, option or cluster; its SDK is not installed) and AccessError.
    """
    given = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in (options or {}).items()}
    request = CollectRequest(
        cluster, given, role_tags or {}, extra_hosts or {}, client=session, assume_empty=tuple(assume_empty)
    )
    return collect_requested(provider, request, progress)


def collect_requested(provider: str, request: CollectRequest, progress: Progress = silent) -> Snapshot:
    """Read one cluster as ``request`` says; raises as ``collect``."""
    adapter = load(provider)
    options = {option.name for option in adapter.options}
    given = (name for name in request.options if name not in options)
    faults = [f"{provider} has no option {name!r}{nearest(name, options)}" for name in given]
    named = dict.fromkeys(map(str, (*request.role_tags, *chain(*request.extra_hosts.values()))))
    faults += [f"there is no role {role!r}{nearest(role, map(str, Role))}" for role in named if role not in {*Role}]
    if faults:
        raise SettingsError(faults)
    with sdk_of(provider):
        if not request.cluster:
            request = replace(request, cluster=_only_cluster(provider, adapter.discover(request, progress)))
        return adapter.collect(request, Preparing(progress))


def _only_cluster(provider: str, found: Sequence[ClusterSummary]) -> str:
    """Return the name of the only cluster; raises ClusterNotFoundError if there is none, or more than one."""
    if len(found) == 1:
        return found[0].name
    names = ", ".join(f"{one.name} ({one.region})" for one in found) or "none was seen"
    message = f"no cluster is named, and there is not just one: {names}"
    raise ClusterNotFoundError(message, hint=f"Give --cluster NAME; see: cloudguard discover {provider}")


def discover(provider: str, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
    """Return the clusters that the account shows; raises as ``collect``."""
    with sdk_of(provider):
        return load(provider).discover(request, progress)


class Preparing:
    """Progress that imports the rows in the background, while answers are waited for."""

    FIRST_CALLS = 16
    """So many calls go out before: to import meanwhile would hold them up, and with them all that follow."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._steps = count(1)

    def __call__(self, step: str) -> None:
        """Hand ``step`` on."""
        if next(self._steps) == self.FIRST_CALLS:
            threading.Thread(target=import_module, args=("cloudguard.rows.judge",), daemon=True).start()
        self._progress(step)


def evaluate(snapshot: Snapshot, declarations: Declarations | None = None) -> Report:
    """Judge ``snapshot`` by what is declared; times are the snapshot's: the same facts give the same report.

    Raises SettingsError where an add-on or a network plugin is declared that nothing is known of.
    """
    declared = declarations or Declarations()
    known = known_of(snapshot, declared)
    from cloudguard.rows.judge import judge  # noqa: PLC0415 - loaded while the cloud is asked, or now

    waivers = _waivers(snapshot, declared)
    rows, changes = judge(snapshot, declared, known.iam_catalog, known.ways_in, waive=waivers)
    return _report(snapshot, declared, known, rows, with_owners(snapshot, changes, known.owners), waivers=waivers)


def _waivers(snapshot: Snapshot, declared: Declarations) -> Waivers | None:
    """Return the waivers that are about a cluster; None without any. Raises SettingsError for one about no check."""
    if not declared.waivers:
        return None
    from cloudguard.rows.judge import ROWS  # noqa: PLC0415 - as in ``evaluate``
    from cloudguard.waivers.matching import Waivers, unknown_checks  # noqa: PLC0415 - only where anything is waived

    if faults := tuple(unknown_checks(declared.waivers, [check.id for row in ROWS for check in row.CHECKS])):
        raise SettingsError(faults)
    return Waivers.of(declared.waivers, snapshot.cluster.name, snapshot.finished)


def _report(  # noqa: PLR0913 - what a report is made of
    snapshot: Snapshot,
    declared: Declarations,
    known: Known,
    rows: tuple[RowResult, ...],
    changes: tuple[Change, ...],
    *,
    waivers: Waivers | None,
) -> Report:
    from cloudguard.rows.references import with_references  # noqa: PLC0415 - as ``judge``

    return Report(
        tool=f"cloudguard {version()}",
        started=snapshot.started,
        finished=snapshot.finished,
        cluster=snapshot.cluster,
        rows=with_references(rows, known.references, managed=snapshot.cluster.managed),
        plan=changes,
        gaps=snapshot.gaps,
        declarations=tuple(Declared(*each) for each in in_force(declared)),
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
    """Plan the changes that mend what is found, and prove them on the model; nothing is written to the cloud.

    ``rows`` and ``only`` (numbers or ids of findings) narrow what is planned for; ``with_advice``: also low findings.
    ``most_rules`` take the place of one at most. ``terraform``: a state, which names the blocks of what it has.
    Raises SettingsError as ``evaluate``, and UsageError where ``only`` names no finding.
    """
    from cloudguard.planning.case import Case, Choice  # noqa: PLC0415 - only plans need it
    from cloudguard.planning.plain_forms import PlainForms  # noqa: PLC0415 - likewise
    from cloudguard.planning.planner import make_plan  # noqa: PLC0415 - likewise

    declared = declarations or Declarations()
    known = known_of(snapshot, declared)
    change_forms = known.adapter.change_forms(snapshot) if isinstance(known.adapter, MakesPlans) else PlainForms()
    waivers = _waivers(snapshot, declared)
    case = Case(snapshot, declared, change_forms, known.iam_catalog, known.ways_in, waivers)
    rows_found, changes = case.judged(with_advice=with_advice)
    changes = with_owners(snapshot, changes, known.owners)
    report = _report(snapshot, declared, known, rows_found, changes, waivers=waivers)
    choice = Choice(tuple(rows), tuple(_finding_id(report, name) for name in only), with_advice, most_rules)
    planned = make_plan(case, report, choice)
    changes = with_owners(snapshot, planned.plan.changes, known.owners)
    if terraform:
        from cloudguard.provider.ownership.terraform_state import with_terraform  # noqa: PLC0415 - only with a state

        changes = with_terraform(changes, terraform)
    return replace(planned, plan=replace(planned.plan, changes=changes))


def export(planned: Planned, format_name: str) -> str:
    """Return a plan in a format that its provider or the proof gives; raises UsageError where there is none."""
    from cloudguard.planning import exports  # noqa: PLC0415 - only plans need it

    if format_name != "source":
        return exports.export(planned, format_name)
    from cloudguard.provider.ownership.patches import source  # noqa: PLC0415 - only this format needs it

    provider = planned.case.snapshot.cluster.provider
    adapter = load(provider) if provider in installed() else None
    owners = adapter.owners() if isinstance(adapter, KnowsOwners) else dict[str, OwnerFacts]()
    return source(planned.case.snapshot, exports.made(planned), owners)


def _finding_id(report: Report, name: str) -> str:
    try:
        return report.finding(name).id
    except KeyError:
        message = f"the report on {report.cluster.name!r} has no finding {name!r}"
        raise UsageError(message, hint="Its findings' numbers are on the first screen of: cloudguard check") from None


def access_changes(old: Snapshot, new: Snapshot) -> AccessChanges:
    """Return what opened and what closed between two snapshots of one cluster: packets, and requests of identities.

    Raises UsageError if they are of two clusters.
    """
    from cloudguard.comparison import access  # noqa: PLC0415 - only where two are compared

    names = [(one.cluster.provider, one.cluster.account, one.cluster.name) for one in (old, new)]
    if names[0] != names[1]:
        message = f"they are of two clusters: {' '.join(names[0])} and {' '.join(names[1])}"
        raise UsageError(message)
    provider = new.cluster.provider
    with sdk_of(provider):
        adapter = load(provider) if provider in installed() else None
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
    """Read one cluster and judge it by what is declared: ``collect``, then ``evaluate``, whose errors it raises.

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
