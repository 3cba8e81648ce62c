"""The plan for programs: the JSON contract ``cloudguard/plan/v1``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from cloudguard.formats.escaping import spelt_out
from cloudguard.formats.json_report import change_document, cluster_document
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.plan import Plan, Step


def render(plan: Plan) -> str:
    """Return ``plan`` as JSON in ASCII; equal plans give equal text."""
    document = json.loads(spelt_out(json.dumps(_plan(plan), ensure_ascii=False)))
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _plan(plan: Plan) -> dict[str, object]:
    report, counts = plan.report, plan.counts
    name, _, version = report.tool.partition(" ")
    messages = {finding.id: finding.message for finding in report.findings}
    calls = _calls(plan)
    return {
        "schema": plan.schema,
        "tool": {"name": name, "version": version},
        "started": report.started,
        "finished": report.finished,
        "declarations": {each.name: {"values": each.values, "from": each.origin} for each in report.declarations},
        "cluster": cluster_document(report.cluster),
        "complete": report.complete,
        "changes": [
            {**change_document(change, messages), "calls": calls.get(change.id, [])} for change in plan.changes
        ],
        "steps": [
            {"number": step.number, "phase": step.phase, "change": step.change, "edit": step.edit}
            for step in plan.steps
        ],
        "proof": [{"obligation": one.obligation, "examined": one.examined} for one in plan.proofs],
        "asked": plan.asked,
        "mends": plan.mends,
        "left": [asdict(one) for one in plan.left],
        "residual": plan.residual,
        "shut_out": plan.shut_out,
        "by_hand": plan.by_hand,
        "verdicts": dict(plan.verdicts),
        "edits": counts._asdict(),
    }


def _calls(plan: Plan) -> Mapping[str, list[dict[str, object]]]:
    """Return the calls of each change, by its id, each with the number of its step."""
    found: dict[str, list[dict[str, object]]] = {}
    for step in plan.steps:
        found.setdefault(step.change, []).extend(_call(step, planned) for planned in step.calls)
    return found


def _call(step: Step, planned: PlannedCall) -> dict[str, object]:
    inverse = [_api_call(call) for call in planned.inverse]
    return {"step": step.number, "edit": planned.edit, **_api_call(planned.call), "inverse": inverse}


def _api_call(call: ApiCall) -> dict[str, object]:
    return {
        "api": call.api,
        "operation": call.operation,
        "parameters": call.parameters,
        "answers": dict(call.answers),
    }
