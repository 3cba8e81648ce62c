"""Carry out a plan in a made-up cloud: check, make the plan's calls, check again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from cloudguard import pipeline
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import Procedure
from cloudguard.results.finding import Severity
from cloudguard.results.plan import Plan
from cloudguard.results.report import Report, Verdict
from marked_scenes import Scene
from probes import Pair, compared

Account = TypeVar("Account")


@dataclass(frozen=True, slots=True)
class Cloud:
    """A made-up cloud: functions that read, change and probe it, and the administrators' range (``office``)."""

    collected: Callable[[], Snapshot]
    make: Callable[[ApiCall], None]
    office: str
    open_pairs: Callable[[], set[Pair]]


@dataclass(frozen=True, slots=True)
class Applied:
    """A plan, the number of its calls, and the report after them.

    ``opened`` are connections that nobody could open before; ``lost`` those that every cluster needs, which are gone.
    """

    plan: Plan
    calls: int
    after: Report
    opened: str
    lost: str

    @property
    def verdicts(self) -> Mapping[str, tuple[Verdict, Verdict]]:
        """Row → verdicts before and after the plan, for each row that failed before."""
        after = {row.row: row.verdict for row in self.after.rows}
        return {row.row: (row.verdict, after[row.row]) for row in self.plan.report.rows if row.verdict is Verdict.FAIL}

    def reasons(self, row: str) -> Iterator[str]:
        """Yield the reasons why a row still fails.

        These are: findings that the plan leaves, changes that no call makes, new findings, and unknown facts.
        """
        left = {finding.finding: finding.why for finding in self.plan.left}
        before = {
            finding.id: finding for finding in self.plan.report.row(row).findings if finding.severity > Severity.LOW
        }
        yield from (f"{finding.check}: {left[name]}" for name, finding in before.items() if name in left)
        by_call = {step.change for step in self.plan.steps if step.calls}
        for change in self.plan.changes:
            if change.id not in by_call and not {*change.mends}.isdisjoint(before):
                steps = [step for edit in change.edits if isinstance(edit, Procedure) for step in edit.steps]
                how = f"a person must {steps[0]}" if steps else "no call makes it"
                yield f"{change.kind}: {how}{f'; {change.owner}' if change.owner else ''}"
        for finding in self.after.row(row).findings:
            if finding.severity > Severity.LOW and finding.id not in before:
                yield f"{finding.check}: what stays is found"
        yield from self.after.row(row).unknown


def apply(cloud: Cloud, scene: Scene[Account]) -> Applied:
    """Check a cluster, make the calls of its plan, and check it again; the administrators are declared.

    So is that hosts reach the API inside their network, where the plan asks for that.
    """
    if not scene.policy.admin_cidrs:
        scene = replace(scene, policy=replace(scene.policy, admin_cidrs=(cloud.office,)))
    plan = pipeline.plan(cloud.collected(), scene.policy).plan
    if any("api-inside" in change.needs_input for change in plan.changes):
        scene = replace(scene, policy=replace(scene.policy, api_inside=True))
        plan = pipeline.plan(cloud.collected(), scene.policy).plan
    before = cloud.open_pairs()
    calls = [planned.call for step in plan.steps for planned in step.calls]
    for call in calls:
        cloud.make(call)
    seen = compared(plan.report.snapshot, before, cloud.open_pairs()) if plan.report.snapshot else ("", "")
    return Applied(plan, len(calls), scene.evaluate(cloud.collected()), *seen)
