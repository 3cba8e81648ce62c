"""The plan as JSON, in the contract ``cloudguard/plan/v1``."""

from __future__ import annotations

from cloudguard.formats.contract.document import document, text
from cloudguard.formats.contract.plan_shapes import PLAN_SHAPES, PlanSubject
from cloudguard.results.plan import Plan


def render(plan: Plan) -> str:
    """Return ``plan`` as JSON in ASCII. Equal plans give equal text."""
    return text(document(plan, PlanSubject.of_plan(plan), PLAN_SHAPES))
