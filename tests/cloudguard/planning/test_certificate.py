"""The independent checker accepts a plan's certificate, and refuses it when a step is spoilt."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import Any

import pytest

import sample
from builders import CONTROL_PLANE, NODE, RANGE, balancer, group, host, managed_endpoint, snapshot, to
from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.planning.certificates.certificate import certificate
from cloudguard.planning.planner import Planned
from tools.check_certificate import Certificate, Rule

EVERYTHING = {"addresses": [[0, 1 << 32]], "services": [[0, 1 << 18]]}


@pytest.fixture(scope="module")
def planned() -> Planned:
    return pipeline.plan(sample.snapshot())


@pytest.fixture
def document(planned: Planned) -> dict[str, Any]:
    return dict(json.loads(certificate(planned)))


def faults(document: dict[str, Any]) -> list[str]:
    """Return the faults that the checker finds."""
    return [*Certificate(document).faults()]


def test_the_certificate_holds_and_contains_every_edit_of_a_rule(planned: Planned, document: dict[str, Any]) -> None:
    assert faults(document) == []
    assert {step["change"] for step in document["steps"]} == {step.change for step in planned.plan.steps}
    assert document["needs"]


def test_one_plan_always_gives_the_same_certificate(planned: Planned) -> None:
    assert certificate(planned) == certificate(planned)


def test_a_step_that_lets_in_everything_is_refused(document: dict[str, Any]) -> None:
    for number, step in enumerate(document["steps"]):
        more = {**step, "rules": [*step["rules"], {"id": "more", **EVERYTHING}]}
        spoilt = {**document, "steps": [*document["steps"][:number], more]}
        assert any("opens" in fault for fault in faults(spoilt)), step


def test_a_step_that_removes_all_rules_of_a_filter_is_refused(document: dict[str, Any]) -> None:
    guards = {name for need in document["needs"] for name in need["guard"]}
    for filter_ in (filter_ for filter_ in document["filters"] if filter_["id"] in guards):
        names = [rule["id"] for rule in filter_["rules"]]
        step = {"change": "all", "filter": filter_["id"], "drop": names, "rules": []}
        assert any("loses" in fault for fault in faults({**document, "steps": [step]})), filter_["id"]


def test_the_certificate_s_rules_are_those_of_the_snapshot(document: dict[str, Any]) -> None:
    read = Certificate(document)
    filters = {guard.id: guard for guard in sample.snapshot().topology.filters}
    for name, guard in read.filters.items():
        assert {rule.id for rule in guard.rules.values()} == {rule.id for rule in filters[name].rules}
        assert all(isinstance(rule, Rule) for rule in guard.rules.values())


def test_a_step_that_takes_administrators_from_the_api_is_refused() -> None:
    office = "198.51.100.0/24"
    filters = [group("masters", ("tcp", office)), group("nodes", ("tcp", "masters"))]
    master = host("cp1", CONTROL_PLANE, "masters", where="public", public="203.0.113.12")
    plan = pipeline.plan(snapshot([master, host("n1", NODE, "nodes")], filters), Declarations(admin_cidrs=(office,)))
    document: dict[str, Any] = json.loads(certificate(plan))
    (step,) = document["steps"]
    assert faults(document) == []
    taken: list[dict[str, Any]] = [{**step, "rules": []}]
    found = faults({**document, "steps": taken})
    assert [fault.partition(" from ")[0] for fault in found] == [f"step 1 ({step['change']}) loses tcp/6443"]


@pytest.mark.parametrize("lost", ["198.51.100.0 (the administrators", "192.0.2.7 (1 node host"])
def test_a_step_that_takes_an_address_from_a_public_endpoint_is_refused(lost: str) -> None:
    endpoint, node = managed_endpoint("0.0.0.0/0"), host("n1", NODE, "nodes")
    facts = snapshot([node], [group("nodes")], endpoints=[endpoint], outbound=("192.0.2.7/32",), managed=True)
    document: dict[str, Any] = json.loads(
        certificate(pipeline.plan(facts, Declarations(admin_cidrs=("198.51.100.0/24",))))
    )
    (step,) = document["steps"]
    assert faults(document) == []
    (listed,) = step["rules"]
    left = [span for span in listed["addresses"] if not lost.startswith(str(IPv4Address(span[0])))]
    spoilt: list[dict[str, Any]] = [{**step, "rules": [{**listed, "addresses": left}]}]
    assert any(f"loses tcp/443 from {lost}" in fault for fault in faults({**document, "steps": spoilt}))


def test_a_step_that_cuts_off_clients_behind_a_balancer_is_refused() -> None:
    office, control_plane = "198.51.100.0/24", host("cp1", CONTROL_PLANE, "masters")
    front = group("front", ("tcp/443", office), ("tcp/443", "0.0.0.0/0"))
    filters = [front, group("masters", ("tcp/6443", "front"), ("tcp/6443", RANGE))]
    made = balancer("api", "tcp/443", [to(control_plane, "tcp/6443")], "front")
    plan = pipeline.plan(snapshot([control_plane], filters, balancers=[made]), Declarations(admin_cidrs=(office,)))
    document: dict[str, Any] = json.loads(certificate(plan))
    assert faults(document) == []
    for name, lost in (("front", "tcp/443 from 198.51.100.0"), ("masters", "tcp/6443 from 198.51.100.0")):
        taken = {"change": "all", "filter": name, "drop": [f"{name}-0", f"{name}-1"], "rules": []}
        assert any(f"loses {lost}" in fault for fault in faults({**document, "steps": [taken]})), name
