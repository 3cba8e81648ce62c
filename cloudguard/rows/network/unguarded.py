"""Procedures for balancers without a filter. Not every existing balancer can get a filter in every cloud."""

from __future__ import annotations

from cloudguard.results.change import Change, KeptTraffic, PeerOf, Procedure
from cloudguard.results.finding import Severity
from cloudguard.rows.network.problem import Assessment, Problem

BALANCER = "balancer"
KIND = "balancer.guard"


def guarded_anew(row: str, problem: Problem, assessment: Assessment) -> tuple[Change, ...]:
    """Return the procedure that gives a filter to a balancer, or replaces the balancer. Empty for advice."""
    balancers = {path.balancer.id: path.balancer for path in problem.paths if path.balancer is not None}
    found = balancers.get(problem.resource.id)
    if problem.resource.kind != BALANCER or found is None or found.filters or assessment.severity <= Severity.LOW:
        return ()
    steps = (
        f"give it a filter that lets in {_kept(assessment.keep)} on {_services(problem)}, if its cloud can do so",
        "else make a balancer that has the filter, with the same targets, whose filters let in it and its clients",
        "point the name that clients use at the new balancer, and wait until nobody comes by the old one",
        f"then delete {found.name or found.id}",
    )
    procedure = Procedure((f"no filter guards {found.name or found.id}",), steps)
    return (Change(f"{KIND}:{problem.resource.id}", row, KIND, problem.resource, (procedure,)),)


def _kept(keep: tuple[KeptTraffic, ...]) -> str:
    said = [one.peer.value or "the administrators" for one in keep if one.peer.kind is not PeerOf.WAY_OUT]
    return ", ".join(dict.fromkeys(said)) or "those who need it"


def _services(problem: Problem) -> str:
    listeners = (listener.service for path in problem.paths if path.balancer for listener in path.balancer.listeners)
    return ", ".join(dict.fromkeys(str(service) for service in listeners))
