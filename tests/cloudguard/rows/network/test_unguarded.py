"""A balancer without a filter has no rule to narrow, so its change is a procedure."""

from __future__ import annotations

from dataclasses import replace

from builders import CONTROL_PLANE, balancer, group, host, snapshot, to
from cloudguard.model.cluster import Role
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.change import Procedure
from judged import changes_of

ADMINS = Declarations(admin_cidrs=("198.51.100.0/24",))


def behind_balancer(*filters: str) -> Snapshot:
    """Return a cluster whose control plane is behind a balancer with ``filters``."""
    master = host("cp", CONTROL_PLANE, "cp")
    guards = [group("cp", ("tcp/6443", "10.0.0.0/16")), group("front", ("tcp/443", "0.0.0.0/0"))]
    api = balancer("api", "tcp/443", [to(master, "tcp/6443")], *filters, seen=ClientAddress.REPLACED)
    return snapshot([master], guards, balancers=[api])


def test_the_procedure_lists_the_peers_to_let_in_and_their_ports() -> None:
    (change,) = [change for change in changes_of(behind_balancer(), ADMINS) if change.kind == "balancer.guard"]
    (edit,) = change.edits
    assert isinstance(edit, Procedure)
    assert change.resource.id == "api"
    assert edit.steps[0].endswith("lets in 198.51.100.0/24 on tcp/443")  # health checks do not pass this filter


def test_the_procedure_lists_the_hosts_that_may_need_the_balancer() -> None:
    found = behind_balancer()
    node = host("node", (Role.NODE,), "cp", where="public", public="203.0.113.7")
    found = replace(found, cluster=replace(found.cluster, hosts=(*found.cluster.hosts, node)))
    (change,) = [change for change in changes_of(found, ADMINS) if change.kind == "balancer.guard"]
    (edit,) = change.edits
    assert isinstance(edit, Procedure)
    assert "lets in 198.51.100.0/24, the public addresses of node" in edit.steps[0]


def test_a_rule_of_a_guarded_balancer_is_narrowed_instead() -> None:
    assert [
        change.kind for change in changes_of(behind_balancer("front"), ADMINS) if change.resource.id in {"api", "front"}
    ] == ["rule.narrow"]
