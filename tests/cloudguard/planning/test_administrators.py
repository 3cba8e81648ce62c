"""The plan lets declared administrators in to the API if nothing does yet, by one path, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    WORLD,
    balancer,
    group,
    host,
    managed_endpoint,
    rule,
    snapshot,
    to,
)
from cloudguard import pipeline
from cloudguard.model.filters import Filter, Rule
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.planning.planner import Planned
from cloudguard.results.change import Change, ListEdit, RuleEdit
from cloudguard.results.plan import Obligation
from edits import lets

OFFICE = "198.51.100.0/24"
MASTER = host("cp1", CONTROL_PLANE, "masters", where="public", public="203.0.113.12")
WORKER = host("n1", NODE, "nodes")


def planned(facts: Snapshot, *admins: str, rows: tuple[str, ...] = ()) -> Planned:
    return pipeline.plan(facts, Declarations(admin_cidrs=admins or (OFFICE,)), rows=rows)


def only_change(plan: Planned) -> Change:
    (change,) = plan.plan.changes
    return change


def rules(change: Change) -> list[RuleEdit]:
    return [*change.rule_edits]


def test_a_rule_is_added_to_the_group_of_the_control_plane() -> None:
    plan = planned(snapshot([MASTER, WORKER], [group("masters"), group("nodes")]))
    change = only_change(plan)
    assert change.resource.id == "masters"
    assert [edit.after for edit in rules(change)] == [lets("tcp/6443", OFFICE)]
    assert Obligation.ADMINISTRATORS_LET_IN in {proof.obligation for proof in plan.plan.proofs}
    assert plan.plan.shut_out == ()


def test_administrators_who_are_let_in_already_are_not_added() -> None:
    plan = planned(snapshot([MASTER, WORKER], [group("masters", ("tcp/6443", OFFICE)), group("nodes")]))
    assert plan.plan.changes == ()


def test_a_second_plan_adds_nothing() -> None:
    first = planned(snapshot([MASTER, WORKER], [group("masters"), group("nodes")]))
    assert planned(first.proposal.after).plan.changes == ()


def test_a_group_that_guards_nodes_too_comes_after_one_that_does_not() -> None:
    master = host("cp1", CONTROL_PLANE, "all", "masters", where="public", public="203.0.113.12")
    worker = host("n1", NODE, "all")
    plan = planned(snapshot([master, worker], [group("all"), group("masters")]))
    assert only_change(plan).resource.id == "masters"


def test_no_rule_is_added_that_makes_another_row_fail() -> None:
    """The only group also guards nodes with public addresses, whose port the rule would open too."""
    master = host("cp1", CONTROL_PLANE, "all", where="public", public="203.0.113.12")
    worker = host("n1", NODE, "all", where="public", public="203.0.113.13")
    plan = planned(snapshot([master, worker], [group("all")]))
    assert plan.plan.changes == ()
    assert plan.plan.shut_out == (OFFICE,)


def test_no_rule_is_added_for_hosts_without_a_path_from_outside() -> None:
    plan = planned(snapshot([host("cp1", CONTROL_PLANE, "masters"), WORKER], [group("masters"), group("nodes")]))
    assert plan.plan.changes == ()
    assert plan.plan.shut_out == (OFFICE,)


def test_administrators_inside_the_network_are_added() -> None:
    hosts = [host("cp1", CONTROL_PLANE, "masters"), WORKER]
    plan = planned(snapshot(hosts, [group("masters"), group("nodes")]), "10.0.0.64/26")
    assert [edit.after for edit in rules(only_change(plan))] == [lets("tcp/6443", "10.0.0.64/26")]


def test_the_balancer_and_its_targets_both_get_a_rule() -> None:
    front = balancer("api", "tcp/443", [to(MASTER, "tcp/6443")], "front")
    hosts = [
        replace(MASTER, interfaces=tuple(replace(interface, public=()) for interface in MASTER.interfaces)),
        WORKER,
    ]
    plan = planned(snapshot(hosts, [group("masters"), group("nodes"), group("front")], balancers=[front]))
    added = {change.resource.id: [edit.after for edit in rules(change)] for change in plan.plan.changes}
    assert added["front"] == [lets("tcp/443", OFFICE)]
    assert plan.plan.shut_out == ()


@pytest.mark.parametrize("rows", [("node-access",), ("etcd-access",)])
def test_a_plan_for_another_row_adds_no_administrators(rows: tuple[str, ...]) -> None:
    plan = planned(snapshot([MASTER, WORKER], [group("masters"), group("nodes")]), rows=rows)
    assert plan.plan.changes == ()


def test_administrators_are_added_to_a_public_endpoint_s_list() -> None:
    facts = snapshot(
        [WORKER], [group("nodes")], endpoints=[managed_endpoint("192.0.2.0/24", private=True)], managed=True
    )
    edits = [edit for edit in only_change(planned(facts, OFFICE, "192.0.2.0/24")).edits if isinstance(edit, ListEdit)]
    assert [[peer.value for peer in edit.after] for edit in edits] == [["192.0.2.0/24", OFFICE]]


def test_a_public_endpoint_is_not_switched_on_for_administrators() -> None:
    plan = planned(snapshot([WORKER], [group("nodes")], endpoints=[managed_endpoint(private=True)], managed=True))
    assert (plan.plan.changes, plan.plan.shut_out) == ((), (OFFICE,))


def in_series(name: str, *rules: Rule) -> Filter:
    """Return a filter with ordered rules, one of several that must all permit."""
    return replace(group(name, closed=True), rules=rules, ordered=True, in_chain=True, in_series=True)


def test_every_filter_in_series_gets_a_rule_before_the_denying_rule() -> None:
    everything_out = rule("out", "all", WORLD, out=True, order=900)
    denied = rule("closed", "tcp", WORLD, deny=True, order=500)
    guards = [in_series("subnet", denied, everything_out), in_series("nic", replace(denied, order=300), everything_out)]
    master = host("cp1", CONTROL_PLANE, "subnet", "nic", where="public", public="203.0.113.12")
    plan = planned(snapshot([master], guards))
    orders = {change.resource.id: [edit.order for edit in rules(change)] for change in plan.plan.changes}
    assert orders == {"subnet": [499], "nic": [299]}


def test_a_rule_in_a_network_wide_filter_is_only_for_the_control_plane() -> None:
    wide = replace(group("vpc"), ordered=True, in_chain=True)
    master = host("cp1", CONTROL_PLANE, "vpc", where="public", public="203.0.113.12")
    tagged = replace(
        master, interfaces=tuple(replace(interface, groups=("masters",)) for interface in master.interfaces)
    )
    worker = host("n1", NODE, "vpc", where="public", public="203.0.113.13")
    worker = replace(worker, interfaces=tuple(replace(interface, groups=("nodes",)) for interface in worker.interfaces))
    plan = planned(snapshot([tagged, worker], [wide]))
    assert [edit.targets for edit in rules(only_change(plan))] == [("masters",)]


def test_administrators_without_a_path_are_in_no_rule() -> None:
    plan = planned(snapshot([MASTER, WORKER], [group("masters"), group("nodes")]), OFFICE, "192.168.0.0/24")
    assert [edit.after for edit in rules(only_change(plan))] == [lets("tcp/6443", OFFICE)]
    assert plan.plan.shut_out == ("192.168.0.0/24",)
