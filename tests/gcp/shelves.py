"""Where builders put what they make."""

from __future__ import annotations

import zlib
from typing import Any

from gcp.fixture import Fixture, Json, Shelf

ROOT = "https://www.googleapis.com/compute/v1"
"""What the links between Compute's resources begin with."""
REGION = "europe-west1"
ZONE = "europe-west1-b"
CREATED = "2026-01-02T03:04:05.678-08:00"


class Shelves:
    """What one owner (a project, a folder …) has. Bodies are JSON as the APIs send it."""

    def __init__(self) -> None:
        self.shelves: dict[str, Shelf] = {}

    def put(self, api: str, path: str, resource: Json) -> Json:
        """Add a resource to a collection and return it."""
        self._shelf(api)["collections"].setdefault(path, []).append(resource)
        return resource

    def respond(self, api: str, key: str, body: Json) -> None:
        """Set a whole answer: ``key`` is "GET projects/p/..." or "POST projects/p:getIamPolicy"."""
        self._shelf(api)["responses"][key] = body

    def collection(self, api: str, path: str) -> list[Json]:
        """Return the resources of a collection, to be read or changed."""
        return self._shelf(api)["collections"].setdefault(path, [])

    def bind(self, api: str, key: str, role: str, members: tuple[str, ...], condition: str) -> None:
        """Add a binding to the policy at ``key``; a condition is an expression in CEL."""
        policy = self._shelf(api)["responses"].setdefault(key, {"version": 1, "etag": "BwYAAAAAAAA=", "bindings": []})
        binding: Json = {"role": role, "members": [*members]}
        if condition:
            binding["condition"] = {"title": "only", "expression": condition}
            policy["version"] = 3
        policy["bindings"].append(binding)

    def built(self) -> Fixture:
        """Return all of it, as it stands."""
        return self.shelves

    def _shelf(self, api: str) -> Shelf:
        return self.shelves.setdefault(api, {"collections": {}, "responses": {}})


class Owner(Shelves):
    """Who has Compute's resources: a project."""

    def __init__(self, name: str, number: str) -> None:
        super().__init__()
        self.name, self.number = name, number

    def link(self, path: str) -> str:
        """Return the link of what is in the project: ``link("global/networks/default")``."""
        return f"{ROOT}/projects/{self.name}/{path}"

    def compute(self, scope: str, collection: str, name: str, **body: Any) -> str:  # noqa: ANN401 - JSON
        """Add a resource of Compute in "global", "zones/…" or "regions/…"; return its link.

        A property given as None is left out.
        """
        kind, _, place = scope.partition("/")
        if place:
            self.place(kind, place)
        link = self.link(f"{scope}/{collection}/{name}")
        whole = {
            "name": name,
            "id": str(zlib.crc32(link.encode())),
            "selfLink": link,
            "creationTimestamp": CREATED,
            **({kind.removesuffix("s"): self.link(scope)} if place else {}),
            **body,
        }
        told = {key: value for key, value in whole.items() if value is not None}
        self.put("compute.v1", f"projects/{self.name}/{scope}/{collection}", told)
        return link

    def place(self, kind: str, name: str) -> None:
        """Make a zone or a region known; a zone's region with it. ``kind`` is "zones" or "regions"."""
        known = self.collection("compute.v1", f"projects/{self.name}/{kind}")
        if any(one["name"] == name for one in known):
            return
        link = self.link(f"{kind}/{name}")
        region = name.rpartition("-")[0]
        within = {"region": self.link(f"regions/{region}")} if kind == "zones" else {}
        known.append({"name": name, "id": str(zlib.crc32(link.encode())), "selfLink": link, "status": "UP", **within})
        if within:
            self.place("regions", region)


def last(link: str) -> str:
    """Return the last word of a link: a resource's name."""
    return link.rpartition("/")[2]


def scope_of(link: str) -> str:
    """Return the scope of a Compute resource: "global", "zones/europe-west1-b"."""
    return link.partition("/projects/")[2].partition("/")[2].rpartition("/")[0].rpartition("/")[0]
