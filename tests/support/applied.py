"""Makes a plan come true in a made-up cloud: check, the plan's own calls, check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.change_forms import MakesPlans
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import Change, RuleEdit, RuleOp
from cloudguard.results.finding import Severity
from cloudguard.results.report import Report, Verdict
from marked_scenes import Scene

Account = TypeVar("Account")


@dataclass(frozen=True, slots=True)
class Cloud:
    """A made-up cloud: its adapter, what reads it and makes a call in it, and the administrators' range."""

    adapter: MakesPlans
    collected: Callable[[], Snapshot]
    make: Callable[[ApiCall], None]
    office: str


@dataclass(frozen=True, slots=True)
class Applied:
    """The reports before and after a plan, the calls between, and the changes that no call makes."""

    before: Report
    after: Report
    calls: int
    left: tuple[Change, ...]

    @property
    def verdicts(self) -> Mapping[str, tuple[Verdict, Verdict]]:
        """The verdicts before and after, of each row that failed."""
        after = {row.row: row.verdict for row in self.after.rows}
        return {row.row: (row.verdict, after[row.row]) for row in self.before.rows if row.verdict is Verdict.FAIL}


def apply(cloud: Cloud, scene: Scene[Account]) -> Applied:
    """Check a cluster, make the calls of its plan, and check it again; the administrators are declared."""
    if not scene.policy.admin_cidrs:
        scene = replace(scene, policy=replace(scene.policy, admin_cidrs=(cloud.office,)))
    snapshot = cloud.collected()
    before = scene.evaluate(snapshot)
    change_forms, made, left, count = cloud.adapter.change_forms(snapshot), list[Change](), list[Change](), 0
    for change in worth(before):
        calls = 0
        for alone in _in_order(change):
            for planned in change_forms.calls(alone, made):
                cloud.make(planned.call)
                calls += 1
            made.append(alone)
        left += [] if calls else [change]
        count += calls
    return Applied(before, scene.evaluate(cloud.collected()), count, tuple(left))


def _in_order(change: Change) -> list[Change]:
    """Return a change's edits, each alone: what is added, before what is narrowed or goes."""
    edits = sorted(change.edits, key=lambda edit: not (isinstance(edit, RuleEdit) and edit.op is RuleOp.ADD))
    return [replace(change, edits=(edit,)) for edit in edits]


def worth(report: Report) -> list[Change]:
    """Return the changes that mend more than advice."""
    low = {one.id for row in report.rows for one in row.findings if one.severity is Severity.LOW}
    return [change for change in report.plan if not low.issuperset(change.mends)]
