"""Links as short names: "projects/p/global/networks/n" for whatever host and version a link is written with."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_HOST: Final = re.compile(
    r"^(?:https?:)?//[^/]+/(?:compute/)?(?:v\d\w*/|beta/|alpha/)?(?=projects/|folders/|organizations/)"
)


@lru_cache(maxsize=1 << 16)
def short(link: str) -> str:
    """Return a link without its host and version; what is no link stays as it is."""
    return _HOST.sub("", link)


def last(link: str) -> str:
    """Return the last part of a link: the resource's own name."""
    return link.rpartition("/")[2]


def project_of(link: str) -> str:
    """Return the project that a link names, "" for none."""
    parts = short(link).split("/")
    return parts[1] if parts[0] == "projects" and len(parts) > 1 else ""


def machine(link: str) -> str:
    """Return an instance's id by its link: "europe-west1-b/NAME"."""
    return f"{part_of(link, 'zones')}/{last(link)}"


def part_of(link: str, kind: str) -> str:
    """Return what follows ``kind`` in a link: the region of "…/regions/europe-west1/…"; "" for nothing."""
    parts = short(link).split("/")
    return parts[parts.index(kind) + 1] if kind in parts[:-1] else ""
