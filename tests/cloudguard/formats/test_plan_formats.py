"""A plan as a diff and as JSON: the JSON fits its schema, and the last line counts edits and findings."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from builders import CONTROL_PLANE, NODE, RANGE, WORLD, group, host, snapshot
from cloudguard import pipeline
from cloudguard.formats import plan_diff
from cloudguard.formats.contract import plan_shapes
from cloudguard.needs.declarations import Declarations
from cloudguard.results.plan import Obligation, Phase, Plan
from drawn_accounts import ADMINISTRATORS, account

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "plan.v1.json"
JSONSCHEMA: Final[Any] = import_module("jsonschema")
ADMINS = Declarations(admin_cidrs=(ADMINISTRATORS,))
HOSTS = (host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes", where="public", public="203.0.113.9"))
FILTERS = (group("masters", ("tcp/2379-2380", RANGE), ("tcp/6443", WORLD)), group("nodes", ("tcp/22", WORLD)))


def plan(declared: Declarations = ADMINS, **choice: Any) -> Plan:  # noqa: ANN401 - as the caller's
    return pipeline.plan(snapshot(HOSTS, FILTERS), declared, **choice).plan


@pytest.mark.parametrize("seed", range(12))
def test_a_plan_s_json_fits_its_schema(seed: int) -> None:
    made = pipeline.plan(account(Random(seed)), ADMINS).plan
    JSONSCHEMA.validate(json.loads(plan_shapes.as_json(made)), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_schema_refuses_an_unknown_phase() -> None:
    document = json.loads(plan_shapes.as_json(plan()))
    document["steps"][0]["phase"] = "whenever"
    with pytest.raises(JSONSCHEMA.ValidationError):
        JSONSCHEMA.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_every_step_is_an_edit_of_a_proved_change() -> None:
    made = plan()
    assert [step.number for step in made.steps] == [*range(1, len(made.steps) + 1)]
    assert all(made.change(step.change).proved for step in made.steps)
    phases = [step.phase for step in made.steps]
    assert phases == sorted(phases, key=[*Phase].index)
    assert {proof.obligation for proof in made.proofs} == {*Obligation} - {Obligation.ADMINISTRATORS_LET_IN}


def test_a_change_that_leaves_its_finding_does_not_say_that_it_fixes_it() -> None:
    made = plan()
    (first, *_) = made.mends
    some = replace(made, mends=tuple(name for name in made.mends if name != first))
    number = made.report.numbers[first]
    assert (f"  fixes {number} " in plan_diff.render(made), f"  reduces {number} " in plan_diff.render(made)) == (
        True,
        False,
    )
    assert (f"  fixes {number} " in plan_diff.render(some), f"  reduces {number} " in plan_diff.render(some)) == (
        False,
        True,
    )


def test_the_last_line_counts_edits_and_findings() -> None:
    made = plan()
    last = plan_diff.render(made).splitlines()[-1]
    edits = made.counts.by_calls
    assert last.startswith(f"{edits} edits: {made.counts.in_place} in place, {made.counts.add} add, ")
    assert f"fixes {len(made.mends)} of {len(made.asked)} findings" in last


def test_without_declared_administrators_the_change_needs_input() -> None:
    filters = (FILTERS[0], group("nodes"))
    cp = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9")
    made = pipeline.plan(snapshot((cp, HOSTS[1]), filters), Declarations()).plan
    waiting = [change for change in made.changes if change.needs_input]
    assert [change.needs_input for change in waiting] == [("admin-cidr",)]
    assert not {step.change for step in made.steps} & {change.id for change in waiting}
    assert "first set --admin-cidr" in plan_diff.render(made)


def test_a_plan_is_only_for_the_chosen_findings_and_rows() -> None:
    made = plan(only=("1",))
    assert made.asked == (made.report.findings[0].id,)
    assert {name for change in made.changes for name in change.mends} == {*made.asked}
    assert plan(rows=("etcd-encryption",)).changes == ()


def test_ids_that_are_long_paths_are_shortened() -> None:
    path = "/subscriptions/a/resourcegroups/b/providers/c/groups"
    filters = (group("masters", ("tcp/6443", "masters")), replace(group(f"{path}/web", ("tcp/22", WORLD)), name="web"))
    hosts = (HOSTS[0], host("n", NODE, f"{path}/web", where="public", public="203.0.113.9"))
    text = plan_diff.render(pipeline.plan(snapshot(hosts, filters), ADMINS).plan)
    assert ("groups/web" in text, path in text) == (True, False)
