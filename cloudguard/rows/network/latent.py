"""Latent exposure: a rule would let the internet in, but no packet can arrive today."""

from __future__ import annotations

from dataclasses import replace

from cloudguard.model.filters import Action
from cloudguard.model.network import Endpoint
from cloudguard.needs.in_force import is_many
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import Attribution
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Reachability
from cloudguard.results.finding import Latent
from cloudguard.rows.network.problem import Assessment, Problem


def with_latent(reach: Reachability, problem: Problem, assessment: Assessment) -> Assessment:
    """Return the assessment of a problem, with the latent exposure in its message if there is one."""
    latent = latent_of(reach, problem)
    if latent is None:
        return assessment
    message = f"{assessment.message}; latent: {latent.lets} would let the internet in, but {latent.barrier}"
    return replace(assessment, message=message, latent=latent)


def latent_of(reach: Reachability, problem: Problem) -> Latent | None:
    """Return a rule of the problem that would let the internet in, and the barrier that prevents it, or None."""
    for attribution in problem.attributions:
        path = attribution.path
        if not path.sender.inside or attribution.rule is None or isinstance(path.target, Endpoint):
            continue
        if _published(path.target, attribution.packets.services()):
            continue
        if lets_internet_in(reach, attribution):
            barrier = _barrier(reach, path.target, attribution)
            return Latent(attribution.resource, attribution.rule.id, attribution.fact, barrier)
    return None


def lets_internet_in(reach: Reachability, attribution: Attribution) -> bool:
    """Whether a rule alone lets in more public addresses than one organization has."""
    return is_many(_public(reach, attribution))


def _published(target: HostClass, services: ServiceSet) -> bool:
    """Whether balancers that face the internet send to all of ``services``.

    If they do, access from the internet is judged on the paths through the balancers.
    """
    return services <= ServiceSet.union(
        registration.service for registration in target.key.registrations if registration.balancer.internet_facing
    )


def _public(reach: Reachability, attribution: Attribution) -> AddressSet:
    """Return the public addresses that a rule names and that no earlier rule denies."""
    peers = reach.filters.peers(attribution.rule) if attribution.rule else None
    return ((peers or AddressSet.nothing()) & reach.senders.internet.addresses) - _denied_earlier(reach, attribution)


def _denied_earlier(reach: Reachability, attribution: Attribution) -> AddressSet:
    """Return the addresses that earlier rules of an ordered filter deny, on all services of the attribution."""
    judged, guard = attribution.rule, attribution.filter
    if judged is None or guard is None or not guard.ordered:
        return AddressSet.nothing()
    services = attribution.packets.services()
    return AddressSet.union(
        reach.filters.peers(rule) or AddressSet.nothing()
        for rule in guard.rules
        if rule.action is Action.DENY and rule.direction is judged.direction and rule.order < judged.order
        if services <= rule.services and not (rule.uncertain or rule.target_groups or rule.target_ranges)
    )


def _barrier(reach: Reachability, target: HostClass, attribution: Attribution) -> str:
    """Return what keeps the internet out, and which change would make the exposure real."""
    balancer = attribution.path.balancer
    if balancer is not None and balancer.internet_facing is False:
        return f"{balancer.kind}/{balancer.name} is internal; an internet-facing one would expose the hosts"
    key, public = target.key, _public(reach, attribution)
    if not (key.has_public_ipv4 and public & ALL4) and not (key.has_public_ipv6 and public & ALL6):
        return "the hosts have no public address and no public load balancer sends to them; either would expose them"
    subnet = reach.subnets.get(key.subnet)
    name = (subnet.name if subnet else "") or key.subnet
    if not reach.senders.replied_to(key.subnet).lower:
        return f"{name} has no route to the internet; a route would expose the hosts"
    return f"a filter of {name} blocks it; a change of that filter may expose the hosts"
