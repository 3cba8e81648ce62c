"""No peer of a plan is a host's own public address: it goes with the host. If hosts need theirs, the finding stays."""

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
    snapshot,
    to,
)
from cloudguard import pipeline
from cloudguard.model.cluster import EvidenceKind, Host, Role, RoleEvidence, Strength
from cloudguard.model.network import Endpoint
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.planning.planner import Planned
from cloudguard.results.change import AttributeEdit, ListEdit, PeerOf, RuleEdit

OFFICE, GATEWAY, OWN = "198.51.100.0/24", "192.0.2.7/32", "203.0.113.21/32"
MASTER = host("cp1", CONTROL_PLANE, "masters", where="public", public="203.0.113.12")
FILTERS = [group("nodes"), group("api", ("tcp/443", "nodes"))]
WORKER = host("n1", NODE, "nodes", where="public", public="203.0.113.21")


def planned(facts: Snapshot, *administrators: str, inside: bool = False) -> Planned:
    declared = Declarations(admin_cidrs=(OFFICE, *administrators), api_inside=inside)
    return pipeline.plan(facts, declared, rows=("api-server-access",))


def peers(plan: Planned) -> set[str]:
    """Return each range that the plan's edits name."""
    found = set[str]()
    for change in plan.plan.changes:
        for edit in change.edits:
            named = [edit.after.peer] if isinstance(edit, RuleEdit) and edit.after else []
            named += edit.after if isinstance(edit, ListEdit) else []
            found |= {part for peer in named if peer.kind is PeerOf.RANGE for part in peer.value.split(",")}
    return found


def by_balancer(master: Host, *outbound: str, guarded: bool = False) -> Snapshot:
    """Return a cluster whose API is behind a public balancer. ``guarded``: nodes reach the API only through it."""
    own = [("tcp/6443", "front")] if guarded else [("tcp/6443", WORLD), ("tcp/6443", "nodes")]
    filters = [group("masters", *own), group("nodes", ("tcp", "masters")), group("front", ("tcp/6443", WORLD))]
    guards = ("front",) if guarded else ()
    front = balancer("api", "tcp/6443", [to(master, "tcp/6443")], *guards)
    return snapshot([master, WORKER], filters, balancers=[front], outbound=outbound)


def test_hosts_that_reach_the_api_inside_the_network_are_not_in_the_rule() -> None:
    filters = [group("masters", ("tcp/6443", WORLD)), group("nodes", ("tcp", "masters"))]
    plan = planned(snapshot([MASTER, WORKER], filters, outbound=(OWN, "203.0.113.12/32", GATEWAY)))
    assert plan.plan.mends == plan.plan.asked != ()
    assert peers(plan) == {OFFICE, GATEWAY}


PRIVATE = replace(MASTER, interfaces=tuple(replace(interface, public=()) for interface in MASTER.interfaces))


def test_a_rule_for_hosts_with_their_own_addresses_needs_a_declaration() -> None:
    plan = planned(by_balancer(PRIVATE, OWN))
    assert plan.plan.steps == ()
    (change,), (left,) = plan.plan.changes, plan.plan.left
    assert (change.needs_input, change.way_out) == (("api-inside",), ("n1.prod (203.0.113.21)",))
    assert left.why == (
        "the change needs --api-inside; if n1.prod (203.0.113.21) must reach the API at its public "
        "address, give their addresses in --admin-cidr instead of --api-inside"
    )


def test_hosts_declared_to_reach_the_api_inside_lose_the_public_path() -> None:
    plan = planned(by_balancer(PRIVATE, OWN), inside=True)
    assert plan.plan.mends == plan.plan.asked != ()
    assert peers(plan) == {OFFICE, "10.0.0.0/24"}


def test_a_host_s_own_address_that_is_declared_is_kept() -> None:
    plan = planned(by_balancer(PRIVATE, OWN), OWN)
    assert plan.plan.mends == plan.plan.asked != ()
    assert peers(plan) == {OFFICE, OWN, "10.0.0.0/24"}


@pytest.mark.parametrize("inside", [False, True])
def test_a_rule_that_only_own_addresses_use_stays(inside: bool) -> None:  # noqa: FBT001 - a case
    plan = planned(by_balancer(PRIVATE, OWN, guarded=True), inside=inside)
    assert plan.plan.changes == ()
    assert [left.why.partition(":")[0] for left in plan.plan.left] == [
        "the outgoing addresses of the cluster's hosts are unknown, or change with a host"
    ]


@pytest.mark.parametrize(("strength", "needed"), [(Strength.STRONG, ()), (Strength.WEAK, ("api-inside",))])
def test_only_a_known_bastion_keeps_no_public_path_to_the_api(strength: Strength, needed: tuple[str, ...]) -> None:
    evidence = (RoleEvidence(EvidenceKind.NAME, "named bastion", strength),)
    snapshot = by_balancer(PRIVATE, OWN)
    bastion = replace(WORKER, roles=(Role.BASTION,), role_evidence=evidence)
    hosts = tuple(bastion if host.id == WORKER.id else host for host in snapshot.cluster.hosts)
    plan = planned(replace(snapshot, cluster=replace(snapshot.cluster, hosts=hosts))).plan
    assert [change.needs_input for change in plan.changes] == [needed]
    assert bool(plan.mends) is not bool(needed)


def test_a_rule_for_hosts_behind_a_gateway_is_narrowed_to_the_gateway() -> None:
    facts = by_balancer(PRIVATE, GATEWAY)
    hosts = [
        replace(host, interfaces=tuple(replace(nic, public=()) for nic in host.interfaces))
        for host in facts.cluster.hosts
    ]
    plan = planned(replace(facts, cluster=replace(facts.cluster, hosts=tuple(hosts))))
    assert plan.plan.mends == plan.plan.asked != ()
    assert peers(plan) == {OFFICE, GATEWAY, "10.0.0.0/24"}  # the gateway and the balancer's own range


def endpoint(*, private: bool) -> Endpoint:
    return managed_endpoint(WORLD, private=private, filters=("api",), groups=("api",))


def test_the_private_endpoint_is_switched_on_before_the_public_list_is_narrowed() -> None:
    facts = snapshot([WORKER], FILTERS, endpoints=[endpoint(private=False)], managed=True, outbound=(OWN,))
    plan = planned(facts)
    assert peers(plan) == {OFFICE}
    assert [type(edit) for change in plan.plan.changes for edit in change.edits] == [AttributeEdit, ListEdit]


def test_with_a_private_endpoint_the_public_list_is_narrowed_at_once() -> None:
    facts = snapshot([WORKER], FILTERS, endpoints=[endpoint(private=True)], managed=True, outbound=(OWN,))
    plan = planned(facts)
    assert peers(plan) == {OFFICE}
    assert [type(edit) for change in plan.plan.changes for edit in change.edits] == [ListEdit]
