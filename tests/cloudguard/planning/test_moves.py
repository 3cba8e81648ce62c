"""A stranger in the cluster's group: one move replaces the edits of every rule that names the group."""

from __future__ import annotations

import re
from dataclasses import replace

from builders import CONTROL_PLANE, NODE, group, host, interface, snapshot
from cloudguard import pipeline
from cloudguard.model.network import Interface
from cloudguard.needs.declarations import Declarations
from cloudguard.results.change import GroupEdit, MembershipEdit, RuleEdit
from cloudguard.results.plan import Plan

HOSTS = (host("cp1", CONTROL_PLANE, "masters"), host("n1", NODE, "nodes"))
RULES = (("tcp/6443", "masters"), ("tcp/2379-2380", "masters"), ("tcp/10250", "masters"))


def plan(stranger: Interface, *rules: tuple[str, str]) -> Plan:
    filters = [group("masters", *rules), group("nodes"), group("own")]
    facts = snapshot(HOSTS, filters, external_members=[stranger])
    return pipeline.plan(facts, Declarations(admin_cidrs=("198.51.100.0/24",))).plan


def test_one_move_replaces_the_edits_of_many_rules() -> None:
    made = plan(interface("eni-x", "private", "10.0.1.99", "masters", "own"), *RULES)
    (change,) = made.changes
    (edit,) = change.edits
    assert isinstance(edit, MembershipEdit)
    assert ([member.id for member in edit.members], edit.leaves) == (["eni-x"], ("masters",))
    assert made.mends == made.asked != ()


def test_a_stranger_without_another_group_is_not_moved() -> None:
    made = plan(interface("eni-x", "private", "10.0.1.99", "masters"), *RULES)
    assert not any(isinstance(edit, MembershipEdit) for change in made.changes for edit in change.edits)
    assert made.mends == made.asked != ()


def test_an_unneeded_rule_is_removed_instead_of_a_move() -> None:
    filters = [group("masters"), group("nodes", ("tcp/10250", "strange")), group("strange"), group("own")]
    stranger = interface("eni-x", "private", "10.0.1.99", "strange", "own")
    made = pipeline.plan(snapshot(HOSTS, filters, external_members=[stranger])).plan
    assert [type(edit) for change in made.changes for edit in change.edits] == [RuleEdit]


def test_a_new_group_has_a_unique_name_that_every_cloud_accepts() -> None:
    filters = [group("masters", *RULES), group("nodes"), replace(group("own"), name="prod-control-plane-etcd")]
    facts = snapshot(HOSTS, filters, external_members=[interface("eni-x", "private", "10.0.1.99", "masters")])
    named = set[str]()
    for cluster in ("prod", "prod.example.com", "1" * 70):
        plan = pipeline.plan(replace(facts, cluster=replace(facts.cluster, name=cluster))).plan
        named |= {edit.name for change in plan.changes for edit in change.edits if isinstance(edit, GroupEdit)}
    assert len(named) == 3
    assert "prod-control-plane-etcd" not in named
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", name) for name in named)
