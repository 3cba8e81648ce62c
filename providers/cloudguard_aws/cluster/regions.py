"""The regions in which clusters are looked for.

One cluster is looked for in the given regions, else in the session's region, else in all enabled regions of the
account. All clusters of an account are looked for in the given regions, else in all enabled regions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from cloudguard.errors import AccessError, ClusterNotFoundError, SeveralClustersError
from cloudguard.provider.collecting import all_clusters, not_found
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, option
from cloudguard.provider.sharing.shared_answers import SharedAnswers
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.session import (
    FALLBACK_REGION,
    Caller,
    enabled_regions,
    given_regions,
    identify,
    open_session,
    session_key,
)
from cloudguard_aws.cluster.discover import discover_in
from cloudguard_aws.cluster.find import FoundCluster, find, prefetch

_FEW = 3
"""The number of regions that an error lists. For more regions it gives their number."""
_NO_CLUSTER = "No cluster was found. Name its hosts with --control-plane-tag and --node-tag KEY=VALUE, or give --region"


def clusters(request: CollectRequest, progress: Progress) -> tuple[ClusterSummary, ...]:
    """Return the clusters of the given regions, else of all enabled regions.

    Raises NotAllSeenError if a region could not be read, because the list would be incomplete.
    """
    first, regions = _begin(request, progress)
    identify(first)
    named = request.options.get("region")
    apis = [first.in_region(region) for region in (regions if named else enabled_regions(first))]
    advice = "Give the regions with --region, or grant the permission"
    return all_clusters(discover_in(apis), {api.region: api.gaps for api in apis}, "aws", advice)


def cluster(
    request: CollectRequest, progress: Progress, meanwhile: Callable[[], object]
) -> tuple[Api, FoundCluster, Caller]:
    """Return the Api of the cluster's region, the cluster, and the caller.

    ``meanwhile`` is called while the first answers are awaited. Raises ClusterNotFoundError if the cluster is in no
    region or in two, and AccessError if a failed read leaves that open.
    """
    first, regions = _begin(request, progress)

    def begin() -> None:
        if len(regions) == 1:
            prefetch(first, request.cluster)
        meanwhile()

    caller = identify(first, begin)
    looked = list(regions)
    places, refused = _search_regions(first, regions, request)
    if not places and not request.options.get("region"):
        others = [region for region in _enabled_regions(first, regions) if region not in looked]
        places, _ = _search_regions(first, others, request)
        looked += others
    if len(places) == 1:
        return (*places[0], caller)
    if places:
        message = f"clusters called {request.cluster!r} are in {' and '.join(api.region for api, _ in places)}"
        choices = [{"region": region} for region in (*(api.region for api, _ in places), *refused)]
        raise SeveralClustersError(message, choices, hint="Choose one with --region")
    raise _not_found(first, request, looked)


def _begin(request: CollectRequest, progress: Progress) -> tuple[Api, tuple[str, ...]]:
    shared = request.shared or SharedAnswers()
    session = shared.once(session_key(request), partial(open_session, request))
    regions = given_regions(session, request)
    return Api(session, regions[0] if regions else FALLBACK_REGION, progress, replace(request, shared=shared)), regions


def _enabled_regions(api: Api, regions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the enabled regions. Empty if they can't be listed and the session already gives a region."""
    try:
        return enabled_regions(api)
    except AccessError:
        if not regions:
            raise
        return ()


def _search_regions(
    first: Api, regions: Iterable[str], request: CollectRequest
) -> tuple[list[tuple[Api, FoundCluster]], tuple[str, ...]]:
    """Return the Apis of the regions that have the cluster, each with the cluster, and the regions that were refused.

    Raises AccessError if no region has it and a region could not be read.
    """
    apis = [first.in_region(region) for region in regions]
    outcomes = zip(apis, first.gather(*(partial(_found_or_refused, api, request) for api in apis)), strict=True)
    places, refused = list[tuple[Api, FoundCluster]](), dict[str, AccessError]()
    for api, outcome in outcomes:
        if isinstance(outcome, AccessError):
            refused[api.region] = outcome
        elif outcome is not None:
            places.append((api, outcome))
    if refused and not places:
        error, *others = refused.values()
        if not others:
            raise error
        message = f"{request.cluster!r} was not found, and {len(refused)} regions did not answer: {error}"
        raise AccessError(message, hint="Give the cluster's region with --region")
    return places, tuple(refused)


def _found_or_refused(api: Api, request: CollectRequest) -> FoundCluster | AccessError | None:
    """Return an AccessError instead of raising it: an account may have no access to regions that it does not use."""
    try:
        return find(api, request, option(request, "vpc-id"))
    except AccessError as error:
        return error


def _not_found(first: Api, request: CollectRequest, regions: list[str]) -> ClusterNotFoundError:
    discovered = discover_in([first.in_region(region) for region in regions])
    where = ", ".join(regions) if len(regions) <= _FEW else f"{len(regions)} regions"
    return not_found(request.cluster, where, {cluster.name for cluster in discovered}, _NO_CLUSTER)
