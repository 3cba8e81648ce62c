"""The shapes of the types in ``cloudguard/plan/v1``."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Final, Literal, Self

from cloudguard.formats.contract.document import Member, Shape, Shapes, computed, document, text
from cloudguard.formats.contract.report_shapes import REPORT_SHAPES, Subject, Tool, declarations, tool
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change
from cloudguard.results.facts import Cluster
from cloudguard.results.plan import EditCounts, Plan, Proof, Step
from cloudguard.results.report import Declared
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Call(ApiCall):
    """A call that makes an edit: the step's number, the edit's index in its change, and the calls that undo it."""

    step: int = 0
    edit: int = 0
    inverse: tuple[ApiCall, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanSubject(Subject):
    """The subject of a plan's document: that of its report, and the calls of each change by the change's id."""

    calls: Mapping[str, tuple[Call, ...]]

    @classmethod
    def of_plan(cls, plan: Plan) -> Self:
        """Return the subject of the document of ``plan``."""
        subject, calls = Subject.of(plan.report), dict[str, tuple[Call, ...]]()
        for step in plan.steps:
            calls[step.change] = (*calls.get(step.change, ()), *(_call(step, planned) for planned in step.calls))
        return cls(subject.numbers, subject.messages, calls)


def _call(step: Step, planned: PlannedCall) -> Call:
    call = planned.call
    return Call(call.api, call.operation, call.parameters, call.answers, step.number, planned.edit, planned.inverse)


PLAN_SHAPES: Final[Shapes] = {
    **REPORT_SHAPES,
    Plan: Shape(
        left_out=frozenset({"report", "proofs", "plan_again"}),
        added=frozenset({"plan_again"}),
        members={
            "schema": computed(Literal["cloudguard/plan/v1"], attrgetter("schema")),
            "tool": computed(Tool, lambda plan: tool(plan.report)),
            "started": computed(str, attrgetter("report.started")),
            "finished": computed(str, attrgetter("report.finished")),
            "declarations": computed(dict[str, Declared], lambda plan: declarations(plan.report)),
            "cluster": computed(Cluster, attrgetter("report.cluster")),
            "complete": computed(bool, attrgetter("report.complete")),
            "proof": computed(tuple[Proof, ...], attrgetter("proofs")),
            "verdicts": computed(dict[str, str], lambda plan: dict(plan.verdicts)),
            "edits": computed(EditCounts, attrgetter("counts")),
            "plan_again": computed(bool, attrgetter("plan_again")),
        },
        first=("schema", "tool", "started", "finished", "declarations", "cluster", "complete", "changes", "steps"),
    ),
    Step: Shape(left_out=frozenset({"calls"})),
    Change: Shape(
        members={
            **REPORT_SHAPES[Change].members,
            "calls": Member(tuple[Call, ...], lambda change, subject: subject.calls.get(change.id, ())),
        }
    ),
}


def as_json(plan: Plan) -> str:
    """Return ``plan`` as JSON in ASCII. Equal plans give equal text."""
    return text(document(plan, PlanSubject.of_plan(plan), PLAN_SHAPES))
