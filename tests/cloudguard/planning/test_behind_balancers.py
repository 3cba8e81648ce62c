"""Hosts reach the API by a balancer's name: a plan must not cut off the path by the balancer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, PRIVATE, RANGE, balancer, group, host, snapshot, subnet, to
from cloudguard import pipeline
from cloudguard.model.filters import Direction
from cloudguard.model.load_balancers import Balancer
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.planning.planner import Planned

MASTER = host("cp1", CONTROL_PLANE, "masters")
NODES = host("n1", NODE, "nodes", where="others", address="10.0.3.4")
INNER = balancer("inner", "tcp/6443", [to(MASTER, "tcp/6443")], facing=False, where=("private",))


def planned(between: Balancer) -> Planned:
    """Return the plan for a cluster whose nodes reach the API directly by group, and by a balancer by address."""
    masters = group(
        "masters", ("tcp/6443", RANGE), ("tcp/6443", "nodes"), ("tcp/6443", "masters"), ("tcp/6443", "front")
    )
    subnets = (PRIVATE, subnet("others", ("10.0.3.0/24",)))
    filters = [masters, group("nodes", ("tcp/10250", "masters")), group("front", ("tcp/6443", RANGE))]
    facts = snapshot([MASTER, NODES], filters, subnets=subnets, balancers=[between])
    return pipeline.plan(facts, Declarations(admin_cidrs=("198.51.100.0/24",)), rows=("api-server-access",))


def test_a_group_does_not_replace_the_range_by_which_nodes_arrive_from_a_balancer() -> None:
    plan = planned(INNER)
    assert not plan.plan.steps
    assert [each.finding for each in plan.plan.left] == [*plan.plan.asked]


@pytest.mark.parametrize(
    "between",
    [
        replace(INNER, transparent=True),
        replace(INNER, internet_facing=True),
        replace(INNER, filters=("front",), groups=("front",)),
    ],
    ids=["the groups are seen", "hosts reach it by the internet", "it has a group"],
)
def test_a_group_is_enough_if_the_balancer_passes_it_on_or_is_not_used(between: Balancer) -> None:
    after = planned(between).proposal.after.topology.filters
    (masters,) = (guard for guard in after if guard.id == "masters")
    kept = [rule.peer.addresses for rule in masters.rules if rule.direction is Direction.INGRESS]
    assert AddressSet.parse(RANGE) not in kept
