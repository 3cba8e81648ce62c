"""Tags of load balancers, read for several balancers at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Final

from cloudguard.provider.answers import required
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.tags import tags_of
from cloudguard_aws.network.registrations import HIDES

_MOST_TAGGED: Final = 20
"""The number of balancers that one DescribeTags call accepts: elasticloadbalancing API reference, both versions."""


def read_tags(api: Api, arns: Iterable[str], names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return a dict of name → tags: modern balancers by ARN, classic balancers by name."""
    modern, old = calls.BALANCER_DESCRIBE_TAGS, calls.CLASSIC_DESCRIBE_TAGS
    thunks = [partial(_tag_page, api, modern, "ResourceArns", "ResourceArn", page) for page in _pages(arns)]
    thunks += [partial(_tag_page, api, old, "LoadBalancerNames", "LoadBalancerName", page) for page in _pages(names)]
    return {name: tags for page in api.gather(*thunks) for name, tags in page}


def _tag_page(
    api: Api, call: calls.Call, key: str, id_key: str, page: list[str]
) -> tuple[tuple[str, dict[str, str]], ...]:
    return api.listed(
        call, lambda item: (required(item, id_key), tags_of(item)), hides=HIDES, about=", ".join(page), **{key: page}
    )


def _pages(names: Iterable[str]) -> Iterator[list[str]]:
    """Yield ``names`` in pages of as many as DescribeTags accepts."""
    left = iter(names)
    while page := list(islice(left, _MOST_TAGGED)):
        yield page
