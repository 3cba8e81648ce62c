"""Procedures for balancers without a filter, which not every cloud can add, and for published services."""

from __future__ import annotations

from cloudguard.reachability.explanation import PUBLISHED_SERVICE
from cloudguard.results.change import Change, KeptTraffic, PeerOf, Procedure, RulePeer
from cloudguard.results.finding import Severity
from cloudguard.rows.network.behind_balancers import HEALTH
from cloudguard.rows.network.problem import Assessment, Problem

BALANCER = "balancer"
KIND = "balancer.guard"
SERVICE = "service.restrict"
_RESTRICT = Procedure(
    ("it offers the balancer to other networks",),
    (
        "require that you accept each endpoint, and name only the accounts that need the service",
        "reject or delete the endpoints of all others",
        "delete the service if nobody needs it",
    ),
)


def guard_procedure(row: str, problem: Problem, assessment: Assessment) -> tuple[Change, ...]:
    """Return the procedure that guards a published service, or a balancer. Empty for advice."""
    if problem.resource.kind == PUBLISHED_SERVICE and assessment.severity > Severity.LOW:
        return (Change(f"{SERVICE}:{problem.resource.id}", row, SERVICE, problem.resource, (_RESTRICT,)),)
    balancers = {path.balancer.id: path.balancer for path in problem.paths if path.balancer is not None}
    balancer = balancers.get(problem.resource.id)
    if problem.resource.kind != BALANCER or balancer is None or balancer.filters or assessment.severity <= Severity.LOW:
        return ()
    steps = (
        f"if the cloud can do so, give it a filter that lets in {_kept_text(assessment.keep)} on {_services(problem)}",
        "otherwise create a balancer with that filter and the same targets",
        "allow the new balancer and its clients in the filters of the targets",
        "point the DNS name that clients use to the new balancer, and wait until no client uses the old one",
        f"then delete {balancer.name or balancer.id}",
    )
    procedure = Procedure((f"{balancer.name or balancer.id} has no filter",), steps)
    return (Change(f"{KIND}:{problem.resource.id}", row, KIND, problem.resource, (procedure,)),)


def _kept_text(keep: tuple[KeptTraffic, ...]) -> str:
    """Return the senders to let in. Health checks are not among them: they go from a balancer to its targets."""
    peers = [_peer_text(kept_traffic.peer) for kept_traffic in keep if kept_traffic.why != HEALTH]
    return ", ".join(dict.fromkeys(peers)) or "the senders that need it"


def _peer_text(peer: RulePeer) -> str:
    if peer.kind is PeerOf.WAY_OUT:
        hosts = peer.value or "the cluster's hosts"
        return f"the public addresses of {hosts} (unless they reach the API inside their network)"
    return peer.value or "the administrators"


def _services(problem: Problem) -> str:
    listeners = (listener.service for path in problem.paths if path.balancer for listener in path.balancer.listeners)
    return ", ".join(dict.fromkeys(str(service) for service in listeners))
