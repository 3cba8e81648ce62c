"""The needed flows to the endpoints of managed control planes, for the certificate."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.model.network import Endpoint
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
from cloudguard.planning.certificates.flows import Flow
from cloudguard.planning.certificates.guarded import Guarded
from cloudguard.planning.proof.needed_traffic import inside_traffic, possible_ways_out
from cloudguard.planning.proof.network_state import NetworkState
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.senders import SenderKind
from cloudguard.rows.context import Context


def endpoint_flows(first: NetworkState, last: NetworkState, context: Context) -> Iterator[Flow]:
    """Yield the needed flows of administrators and of the cluster's hosts to each endpoint.

    An endpoint has two sides. A sender that needs only one of them is listed with the side that it keeps.
    """
    for before, after in zip(first.snapshot.topology.endpoints, last.snapshot.topology.endpoints, strict=True):
        inside, listed = Guarded(f"the endpoint {before.id}", before.filters, (), None), _listed(first, before)
        public, moved = Guarded(inside.name, (before.id,), (), None), _inside(last, after) - _listed(last, after)
        wanted, service = context.administrators, before.service
        yield Flow("the administrators", listed & wanted - moved, (), service, public)
        for path in first.reach.endpoint_paths(before):
            if path.sender.kind is not SenderKind.INTERNET:
                kept = path.allowed.lower.within(wanted).addresses() - (_listed(last, after) - _inside(last, after))
                yield Flow(path.sender.name, kept, path.sender.groups, service, inside)
        for source, later in zip(first.classes, last.classes, strict=True):
            name, addresses = first.reach.sender_of(source).name, source.possible_addresses
            stays = _all_inside(last, after, later)
            if _all_inside(first, before, source):
                if stays or not _listed(last, after):
                    groups = tuple(dict.fromkeys((*source.key.groups, *later.key.groups)))
                    yield Flow(name, addresses, groups, service, inside)
            elif not stays and not before.for_all_or_nobody:
                yield Flow(name, listed & possible_ways_out(first, source), (), service, public)


def _listed(state: NetworkState, endpoint: Endpoint) -> AddressSet:
    """Return the public addresses that an endpoint's public side certainly lets in."""
    return state.public_side(endpoint).lower.addresses() & PUBLIC


def _inside(state: NetworkState, endpoint: Endpoint) -> AddressSet:
    """Return the addresses that an endpoint's private side certainly lets in."""
    paths = (path for path in state.reach.endpoint_paths(endpoint) if path.sender.kind is not SenderKind.INTERNET)
    return AddressSet.union(path.allowed.lower.addresses() for path in paths)


def _all_inside(state: NetworkState, endpoint: Endpoint, source: HostClass) -> bool:
    """Whether an endpoint's private side certainly lets in every host of a class."""
    return source.possible_addresses <= inside_traffic(state, endpoint, source).lower.addresses()
