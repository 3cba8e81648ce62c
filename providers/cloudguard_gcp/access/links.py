"""Short names of links: "projects/p/global/networks/n", for any host and version of the link."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from cloudguard.provider.answers import AnswerError, Item, required, text

_HOST: Final = re.compile(
    r"^(?:https?:)?//[^/]+/(?:compute/)?(?:v\d\w*/|beta/|alpha/)?(?=projects/|folders/|organizations/)"
)


@lru_cache(maxsize=1 << 16)
def short(link: str) -> str:
    """Return a link without its host and version. A text that is not a link stays as it is."""
    return _HOST.sub("", link)


def link_in(item: Item, key: str) -> str:
    """Return a link's short name, "" if the field is absent. Raises AnswerError for a text that is not a link."""
    return _short_link(text(item, key), key)


def required_link(item: Item, key: str = "selfLink") -> str:
    """Return the short name of a required link. Raises AnswerError if it is absent."""
    return _short_link(required(item, key), key)


def _short_link(written: str, key: str) -> str:
    if written and "/" not in written:
        message = f"{key} is not a link"
        raise AnswerError(message)
    return short(written)


def last(link: str) -> str:
    """Return the last part of a link: the resource's own name."""
    return link.rpartition("/")[2]


def project_of(link: str) -> str:
    """Return the project in a link, "" if it has none."""
    segments = short(link).split("/")
    return segments[1] if segments[0] == "projects" and len(segments) > 1 else ""


def machine(link: str) -> str:
    """Return an instance's id from its link: "europe-west1-b/NAME"."""
    return f"{part_of(link, 'zones')}/{last(link)}"


def part_of(link: str, kind: str) -> str:
    """Return what follows ``kind`` in a link: the region of "…/regions/europe-west1/…"; "" if it has no such part."""
    segments = short(link).split("/")
    return segments[segments.index(kind) + 1] if kind in segments[:-1] else ""
