"""Which clusters a region shows: those EKS lists, and those that instances name in their tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cloudguard.errors import AccessError
from cloudguard.model.source import FactKind
from cloudguard.provider.port import ClusterSummary
from cloudguard.provider.role_names import told_by_names
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import LIST_CLUSTERS
from cloudguard_aws.cluster import installer_tags
from cloudguard_aws.cluster.find import instances
from cloudguard_aws.cluster.hosts import names_of
from cloudguard_aws.network.rules import Item, tags_of

_KEYS = [*(f"{prefix}*" for prefix in installer_tags.NAMED_BY_KEY), *installer_tags.NAMED_BY_VALUE]


@dataclass(frozen=True, slots=True)
class Seen:
    """The clusters that were seen, and in words what could not be asked."""

    clusters: tuple[ClusterSummary, ...]
    refused: tuple[str, ...]


def seen_in(apis: Iterable[Api]) -> Seen:
    """Return the clusters of several regions, by region and name."""
    readers = list(apis)
    found = readers[0].gather(*[lambda api=api: _seen(api) for api in readers]) if readers else []
    return Seen(
        tuple(cluster for one in found for cluster in one.clusters),
        tuple(words for one in found for words in one.refused),
    )


def _seen(api: Api) -> Seen:
    managed, tagged = api.two(
        lambda: api.read_or_none(LIST_CLUSTERS, hides=(FactKind.ENDPOINT,)),
        lambda: _tagged(api),
    )
    eks = {str(one["name"]) for one in managed or ()}
    members: dict[str, list[Item]] = {name: [] for name in eks}
    for one in tagged:
        for name in set(installer_tags.clusters_of(tags_of(one))):
            members.setdefault(name, []).append(one)
    clusters = (_summary(name, api.region, members[name], managed=name in eks) for name in sorted(members))
    return Seen(tuple(clusters), tuple(f"{gap.call} in {api.region}: {gap.message}" for gap in api.gaps))


def _tagged(api: Api) -> list[Item]:
    try:
        return [*instances(api, [{"Name": "tag-key", "Values": _KEYS}])]
    except AccessError:
        return []  # a Gap says so


def _summary(name: str, region: str, hosts: list[Item], *, managed: bool) -> ClusterSummary:
    counts: Counter[str] = Counter()
    for one in hosts:
        told = installer_tags.told_by_tags(tags_of(one), name) or told_by_names(names_of(one), name)
        counts["node" if managed else str(told[0][0]) if told and told[0] else "unknown"] += 1
    installer = "eks" if managed else installer_tags.installer_of([tags_of(one) for one in hosts], name)
    return ClusterSummary(name, installer, region, tuple(sorted(counts.items())))
