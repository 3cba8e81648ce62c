"""Latent rules: those that would let the internet in, were it not kept out elsewhere."""

from __future__ import annotations

from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import Attribution
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.rows.network.phrases import MANY_ADDRESSES4, MANY_ADDRESSES6
from cloudguard.rows.network.problem import Problem


def latent(reach: Reachability, problem: Problem) -> str:
    """Return what keeps the internet out where a blamed rule would let it in; "" where no rule would."""
    for way, one in zip(problem.paths, problem.attributions, strict=True):
        if not way.sender.inside or one.rule is None or isinstance(way.target, Endpoint):
            continue
        if _served(way.target, one.part.services()):
            continue
        if lets_internet_in(reach, one):
            return f"latent: {one.fact} would let the internet in, but {_kept_out(reach, way, way.target, one)}"
    return ""


def lets_internet_in(reach: Reachability, one: Attribution) -> bool:
    """Whether a blamed rule by itself lets in more of the internet than anyone's own addresses."""
    public = _public(reach, one)
    return public.size4 > MANY_ADDRESSES4 or public.size6 > MANY_ADDRESSES6


def _served(target: HostClass, services: ServiceSet) -> bool:
    """Whether balancers that face the internet send to all of ``services``: then the internet is judged there."""
    return services <= ServiceSet.union(one.service for one in target.key.registrations if one.balancer.internet_facing)


def _public(reach: Reachability, one: Attribution) -> AddressSet:
    """Return the public addresses that a blamed rule names."""
    peers = reach.filters.peers(one.rule) if one.rule else None
    return (peers or AddressSet.nothing()) & reach.senders.internet.addresses


def _kept_out(reach: Reachability, way: Path, target: HostClass, one: Attribution) -> str:
    if way.balancer is not None and not way.balancer.internet_facing:
        return f"{way.balancer.kind}/{way.balancer.name} is internal: one that faces the internet would make it real"
    signature, public = target.key, _public(reach, one)
    if not (signature.has_public_ipv4 and public & ALL4) and not (signature.has_public_ipv6 and public & ALL6):
        return "the hosts have no public address and no public balancer sends there: either would make it real"
    if not reach.senders.answered(signature.subnet).lower:
        return f"{signature.subnet} has no route to the internet: a route would make it real"
    return f"the filter of {signature.subnet} bars it: a change there would make it real"
