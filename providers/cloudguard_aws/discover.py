"""Which clusters a region shows: those EKS lists, and those that instances name in their tags."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cloudguard.adapter import ClusterSummary, Progress, silent
from cloudguard.errors import AccessError
from cloudguard.model.source import Facet

from cloudguard_aws import marks
from cloudguard_aws.api import Api, Item
from cloudguard_aws.calls import LIST_CLUSTERS
from cloudguard_aws.cluster import instances
from cloudguard_aws.rules import tags_of

if TYPE_CHECKING:
    import boto3

_KEYS = [*(f"{prefix}*" for prefix in marks.NAMED_BY_KEY), *marks.NAMED_BY_VALUE]


def summaries(session: boto3.Session, region: str, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
    """Return the region's clusters by name; raises AccessError when neither hosts nor EKS can be asked."""
    api = Api(session, region, progress)
    managed = api.read_or_none(LIST_CLUSTERS, hides=(Facet.ENDPOINT,))
    try:
        tagged = instances(api, [{"Name": "tag-key", "Values": _KEYS}])
    except AccessError:
        if managed is None:
            raise
        tagged = []
    members: dict[str, list[Item]] = {str(name): [] for name in managed or ()}
    for one in tagged:
        for name in set(marks.clusters_of(tags_of(one))):
            members.setdefault(name, []).append(one)
    eks = {str(name) for name in managed or ()}
    return tuple(_summary(name, region, members[name], managed=name in eks) for name in sorted(members))


def _summary(name: str, region: str, hosts: list[Item], *, managed: bool) -> ClusterSummary:
    tagged = [tags_of(one) for one in hosts]
    counts: Counter[str] = Counter()
    for tags in tagged:
        told = marks.told_by_tags(tags, name)
        counts["node" if managed else told[0][0].value if told else "unknown"] += 1
    installer = "eks" if managed else marks.installer_of(tagged, name)
    return ClusterSummary(name, installer, region, tuple(sorted(counts.items())))
