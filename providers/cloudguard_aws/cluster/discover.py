"""The clusters that a region shows: clusters that EKS lists, and clusters that instances name in their tags."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain

from cloudguard.errors import AccessError
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import required
from cloudguard.provider.collecting import role_counts
from cloudguard.provider.port import ClusterSummary
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import LIST_CLUSTERS
from cloudguard_aws.cluster.instances import Instance, instances
from cloudguard_aws.cluster.tags import (
    INSTALLER_TAGS,
    clusters_of,
    installer_of,
    roles_by_tags,
)

_HIDES = (FactKind.ENDPOINT,)


def discover_in(apis: Sequence[Api]) -> tuple[ClusterSummary, ...]:
    """Return the clusters of several regions, in the order of ``apis`` and then by name. Failed reads leave Gaps."""
    regions = apis[0].gather(*(partial(_discover_region, api) for api in apis)) if apis else []
    return tuple(chain.from_iterable(regions))


def _discover_region(api: Api) -> list[ClusterSummary]:
    listed, tagged = api.parallel(partial(api.read, LIST_CLUSTERS, hides=_HIDES), partial(_tagged, api))
    eks = api.mapped(LIST_CLUSTERS, listed, partial(required, key="name"), hides=_HIDES)
    members: dict[str, list[Instance]] = {name: [] for name in eks}
    for instance in tagged:
        for name in set(clusters_of(instance.tags)):
            members.setdefault(name, []).append(instance)
    return [_summary(name, api.region, members[name], managed=name in eks) for name in sorted(members)]


def _tagged(api: Api) -> tuple[Instance, ...]:
    keys = [*(f"{prefix}*" for prefix in INSTALLER_TAGS.prefixes), *INSTALLER_TAGS.keys]
    try:
        return instances(api, [{"Name": "tag-key", "Values": keys}])
    except AccessError:
        return ()  # a Gap was recorded


def _summary(name: str, region: str, hosts: list[Instance], *, managed: bool) -> ClusterSummary:
    known = (roles_by_tags(host.tags) or host.roles_by_name(name) for host in hosts)
    counts = (("node", len(hosts)),) if managed and hosts else role_counts(known)
    installer = "eks" if managed else installer_of([host.tags for host in hosts], name).name
    return ClusterSummary(name, installer, region, counts, (("region", region),))
