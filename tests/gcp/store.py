"""What a fixture holds, found by path as Google finds it: by name or number, in one place or ("-") in any."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gcp.discovery import Method, plain, scopes
from gcp.fixture import Fixture, Json, name_of, projects

_NO_POLICY = {"etag": "ACAB"}
"""What a resource without a policy of its own tells (https://cloud.google.com/iam/docs/reference/rest/v1/Policy)."""


class Store:
    """A fixture's collections and responses."""

    def __init__(self, fixture: Fixture) -> None:
        self._ids = {number: project for project, number in projects(fixture).items() if number}
        self._projects = frozenset(projects(fixture))
        self._fixture = {
            api: (
                {self._named(plain(path)): found for path, found in shelf["collections"].items()},
                {self._key(key): body for key, body in shelf["responses"].items()},
            )
            for api, shelf in fixture.items()
        }

    def _named(self, path: str) -> str:
        """Return a path that names projects by their ids, never by their numbers."""
        return re.sub(r"(?<=projects/)\d+|(?<=projects%2F)\d+", lambda one: self._ids.get(one[0], one[0]), path)

    def _key(self, key: str) -> str:
        verb, _, rest = key.partition(" ")
        path, mark, query = rest.partition("?")
        return f"{verb} {self._named(plain(path))}{mark}{query}"

    def response(self, method: Method, path: str, query: Mapping[str, str]) -> Json | None:
        """Return the whole answer that the fixture has for a call; a response may ask for parts of the query."""
        asked = {
            f"{name}={value[value.find('projects/') :] if '/' in value else value}" for name, value in query.items()
        }
        pattern = _any(f"{method.verb} {self._named(path)}")
        for key, body in self._of(method)[1].items():
            held, _, narrowed = key.partition("?")
            if pattern.fullmatch(held) and set(filter(None, narrowed.split("&"))) <= asked:
                return body
        return None

    def listed(self, method: Method, path: str) -> list[Json] | None:
        """Return a collection's resources; None for one that can't be there, since its parent is not."""
        pattern = _any(self._named(path))
        found = [one for held, those in self._of(method)[0].items() if pattern.fullmatch(held) for one in those]
        return found or ([] if self._has(method, self._named(path).rpartition("/")[0]) else None)

    def _has(self, method: Method, parent: str) -> bool:
        kind, _, rest = parent.partition("/")
        project, _, inside = rest.partition("/")
        if kind != "projects":
            return True
        if project not in {*self._projects, "-"}:
            return False
        if re.fullmatch(r"(zones|regions)/[^/]+", inside) and method.service == "compute":
            return self._one(method, parent) is not None
        deep = re.search(r"/(serviceAccounts|keyRings|clusters)/[^/]+", parent)
        return not deep or self._one(method, parent) is not None or deep[1] == "keyRings"

    def resource(self, method: Method, path: str) -> Json | None:
        """Return one resource, or what a resource of its own says of its policy where the fixture says nothing."""
        named = self._named(path)
        if method.action == "getIamPolicy":
            owner = re.sub(r"(:|/)getIamPolicy$", "", named)
            return _NO_POLICY if self._one(method, owner) is not None else None
        return self._one(method, named)

    def _one(self, method: Method, path: str) -> Json | None:
        folder, _, name = path.rpartition("/")
        pattern = _any(folder)
        collections, responses = self._of(method)
        for held, those in collections.items():
            if pattern.fullmatch(held):
                found = next((one for one in those if name in _names(one)), None)
                if found is not None:
                    return found
        return next((body for key, body in responses.items() if _any(f"GET {path}").fullmatch(key)), None)

    def scopes(self, project: str, collection: str) -> dict[str, list[Json]] | None:
        """Return a Compute collection by scope ("zones/europe-west1-b"), empty ones too; None without the project."""
        held = self._fixture.get("compute.v1", ({}, {}))[0]
        base = self._named(f"projects/{project}").removeprefix("projects/")
        if base not in self._projects:
            return None
        return {
            scope: held.get(f"projects/{base}/{scope}/{collection}", []) for scope in _scopes(held, base, collection)
        }

    def _of(self, method: Method) -> tuple[dict[str, list[Json]], dict[str, Json]]:
        return self._fixture.get(method.api, ({}, {}))


def _scopes(held: Mapping[str, list[Json]], project: str, collection: str) -> Iterator[str]:
    kinds = scopes(collection)
    yield from ["global"] if "global" in kinds else []
    for kind in sorted(kinds - {"global"}):
        yield from (f"{kind}/{name_of(one)}" for one in held.get(f"projects/{project}/{kind}", ()))


def _any(path: str) -> re.Pattern[str]:
    """Return what paths fit one in which "-" stands for any segment."""
    return re.compile(re.escape(path).replace("/\\-", "/[^/]+") if "/-" in path else re.escape(path))


def _names(resource: Json) -> set[str]:
    """Return what a resource is called in a path: its name, or a number of its own."""
    return {name_of(resource), str(resource.get("id", "")), str(resource.get("uniqueId", ""))} - {""}
