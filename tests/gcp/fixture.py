"""What a test bed serves: collections of resources, and whole answers, by API and path.

``{"compute.v1": {"collections": {"projects/p/global/networks": [...]}, "responses": {"GET projects/p": {...}}}}``
Paths are below the API's root. A response may name a query: "GET projects/p/...?network=projects/p/global/networks/n".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

Json = dict[str, Any]


class Shelf(TypedDict):
    """What one API has."""

    collections: dict[str, list[Json]]
    responses: dict[str, Json]


Fixture = Mapping[str, Shelf]


def collections(fixture: Fixture) -> Iterator[tuple[str, str, list[Json]]]:
    """Yield (API, path, resources)."""
    for api, shelf in fixture.items():
        yield from ((api, path, found) for path, found in shelf["collections"].items())


def responses(fixture: Fixture) -> Iterator[tuple[str, str, Json]]:
    """Yield (API, "VERB path", body)."""
    for api, shelf in fixture.items():
        yield from ((api, key, body) for key, body in shelf["responses"].items())


def name_of(resource: Json) -> str:
    """Return the last word of a resource's name."""
    return str(resource.get("name", "")).rpartition("/")[2]


def projects(fixture: Fixture) -> dict[str, str]:
    """Return the ids of the projects that are described, with their numbers ("" where none is told)."""
    ids = {key.removeprefix("GET projects/"): "" for api, key, _ in responses(fixture) if _is_project(api, key)}
    numbers = {body["projectId"]: body["name"] for _, _, body in responses(fixture) if "projectId" in body}
    return {one: str(numbers.get(one, "")).removeprefix("projects/") for one in ids}


def _is_project(api: str, key: str) -> bool:
    return api in {"compute.v1", "cloudresourcemanager.v3"} and key.startswith("GET projects/") and key.count("/") == 1


def merged(fixtures: Iterator[Fixture]) -> Fixture:
    """Return several fixtures as one."""
    whole: dict[str, Shelf] = {}
    for fixture in fixtures:
        for api, shelf in fixture.items():
            mine = whole.setdefault(api, {"collections": {}, "responses": {}})
            mine["responses"] |= shelf["responses"]
            for path, found in shelf["collections"].items():
                mine["collections"].setdefault(path, []).extend(found)
    return whole
