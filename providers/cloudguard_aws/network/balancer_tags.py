"""Tags of load balancers, read for several balancers at once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from cloudguard.provider.answers import required
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api, pages_of
from cloudguard_aws.cluster.tags import tags_of
from cloudguard_aws.network.registrations import HIDES

_MOST_TAGGED: Final = 20
"""The number of balancers that one DescribeTags call accepts: elasticloadbalancing API reference, both versions."""


def read_tags(api: Api, arns: Iterable[str], names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return a dict of name → tags: modern balancers by ARN, classic balancers by name."""
    modern = partial(_tag_page, api, calls.BALANCER_DESCRIBE_TAGS, "ResourceArns", "ResourceArn")
    old = partial(_tag_page, api, calls.CLASSIC_DESCRIBE_TAGS, "LoadBalancerNames", "LoadBalancerName")
    reads = [partial(modern, page) for page in pages_of(arns, _MOST_TAGGED)]
    reads += [partial(old, page) for page in pages_of(names, _MOST_TAGGED)]
    return {name: tags for page in api.gather(*reads) for name, tags in page}


def _tag_page(
    api: Api, call: calls.Call, key: str, id_key: str, page: list[str]
) -> tuple[tuple[str, dict[str, str]], ...]:
    return api.listed(
        call, lambda item: (required(item, id_key), tags_of(item)), hides=HIDES, about=", ".join(page), **{key: page}
    )
