"""Carry out a plan in an account that moto imitates: check, plan, make the calls, check again, and probe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import boto3
from botocore import xform_name
from moto import mock_aws

import moto_writes
from aws_probe import Reading, named, read
from aws_shell import account_on_loopback
from cloudguard import pipeline
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.api_call import ANSWER, ApiCall
from cloudguard.results.plan import Plan
from cloudguard.results.report import Report, Verdict
from cloudguard_aws.changes.change_forms import Forms
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.scene import Scene, collect
from refused_calls import Reusing

ADMINISTRATORS = "198.51.100.0/24"
"""The administrators' range that is declared if a plan needs one and the scene declares none."""


@dataclass(frozen=True)
class Applied:
    """The result of carrying out a scene's plan: the reports before and after, the calls, and the probe's differences.

    ``opened``: connections that were not possible before. ``lost``: connections that every cluster needs, and that are
    no longer possible.
    """

    planned: Plan
    calls: tuple[ApiCall, ...]
    later: Report
    opened: str
    lost: str

    @property
    def failing(self) -> tuple[str, ...]:
        """The rows that failed before."""
        return _failing(self.planned.report)

    @property
    def left(self) -> tuple[str, ...]:
        """The rows that still fail."""
        return _failing(self.later)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons why rows still fail: the plan's reason for each finding that it leaves."""
        of_left = {finding.id for row in self.planned.report.rows if row.row in self.left for finding in row.findings}
        return tuple(dict.fromkeys(finding.why for finding in self.planned.left if finding.finding in of_left))


def _failing(report: Report) -> tuple[str, ...]:
    return tuple(row.row for row in report.rows if row.verdict is Verdict.FAIL)


def apply(scene: Scene, *, by_shell: bool = False) -> Applied:
    """Build ``scene``, plan, carry out the plan with boto3 (``by_shell``: with ``aws`` itself), and check again."""
    moto_writes.patch_moto()
    with mock_aws():
        session = Reusing(region_name=REGION)
        scene.build(Account(session))
        snapshot, probed = collect(scene, session), read(session)
        declared = declarations(scene, snapshot)
        plan = pipeline.plan(snapshot, declared).plan
        calls = tuple(planned.call for step in plan.steps for planned in step.calls)
        if by_shell and calls:
            change_forms = Forms(snapshot)
            with account_on_loopback() as run:
                run([change_forms.shell(call) for call in calls])
        else:
            by_boto3(session, calls)
        again, after = collect(scene, session), read(session)
        later = pipeline.evaluate(again, declared)
    return Applied(plan, calls, later, *compare(snapshot, probed, after))


def declarations(scene: Scene, snapshot: Snapshot) -> Declarations:
    """Return the declarations of a scene, and those that its plan asks for: administrators and ``api_inside``."""
    declared = scene.DECLARED.policy
    plan = pipeline.evaluate(snapshot, declared).plan
    asked = {name for change in plan for name in change.needs_input}
    if declared.admin_cidrs is None and "admin-cidr" in asked:
        declared = replace(declared, admin_cidrs=(ADMINISTRATORS,))
    return replace(declared, api_inside=True) if "api-inside" in asked else declared


def compare(snapshot: Snapshot, before: Reading, after: Reading) -> tuple[str, str]:
    """Return the opened connections and the lost flows that every cluster needs, as text ("" for none)."""
    pairs, later = before.open_pairs(), after.open_pairs()
    opened = later - pairs
    lost = {pair for pair in pairs - later if _needed(snapshot, pair)}
    return named(opened) if opened else "", named(lost) if lost else ""


def _needed(snapshot: Snapshot, pair: tuple[str, str, tuple[str, int]]) -> bool:
    sender, target, (protocol, port) = pair
    roles = {
        nic.id: frozenset(host.roles) for host in snapshot.cluster.hosts for nic in host.interfaces if not nic.secondary
    }
    pools = {pool.id: frozenset(pool.roles) for pool in snapshot.cluster.pools}
    own_roles, other = (_roles(name, roles, pools) for name in (sender, target))
    if protocol != "6" or not own_roles or not other:
        return False
    if port == 10250:
        return Role.CONTROL_PLANE in own_roles
    if port in {443, 6443}:
        return Role.CONTROL_PLANE in other and port == 6443
    return port in {2379, 2380} and Role.CONTROL_PLANE in own_roles and Role.ETCD in other


def _roles(name: str, roles: Mapping[str, frozenset[Role]], pools: Mapping[str, frozenset[Role]]) -> frozenset[Role]:
    pool = name.removeprefix("next of ").partition(" ")[0]
    return roles.get(name.removeprefix("replaces "), frozenset()) | pools.get(pool, frozenset())


def by_boto3(session: boto3.Session, calls: Iterable[ApiCall]) -> None:
    """Make ``calls`` with boto3, in order."""
    answers = dict[str, str]()
    for call in calls:
        client: Any = cast("Any", session).client(call.api)
        answer = getattr(client, xform_name(call.operation))(**filled(call.parameters, answers))
        for name, path in call.answers.items():
            answers[name] = str(value_at(answer, path))


def filled(value: Any, answers: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON
    """Return ``value`` with references to earlier answers replaced by their values (``answers``)."""
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value)
        if [*items] == [ANSWER]:
            return answers[items[ANSWER]]
        return {key: filled(item, answers) for key, item in items.items()}
    if isinstance(value, (list, tuple)):
        return [filled(item, answers) for item in cast("Sequence[Any]", value)]
    return value


def value_at(answer: Any, path: str) -> object:  # noqa: ANN401 - JSON
    """Return the value at ``path`` ("Group.Id") in an answer."""
    for key in path.split("."):
        answer = answer[key]
    return answer
