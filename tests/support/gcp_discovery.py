"""The methods of Google's APIs and the schemas of their answers, read from their discovery documents.

The documents are part of the package google-api-python-client.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

APIS = ("compute.v1", "container.v1", "cloudresourcemanager.v3", "iam.v1", "iam.v2", "cloudkms.v1")
Schema = Mapping[str, Any]
_ANYWHERE = frozenset({"alt", "prettyPrint", "$alt", "fields", "quotaUser", "key", "returnPartialSuccess"})
"""Query parameters that every method accepts. Some clients still send ``returnPartialSuccess``."""


@dataclass(frozen=True)
class Method:
    """A method. ``id``: "compute.instances.list". ``verb``: "GET". ``answer``: the name of its answer's schema."""

    api: str
    id: str
    verb: str
    path: re.Pattern[str]
    parameters: frozenset[str]
    answer: str

    @property
    def is_aggregated(self) -> bool:
        """Whether the method lists a project's resources in all zones and regions."""
        return self.id.endswith(".aggregatedList")


@cache
def document(api: str) -> Mapping[str, Any]:
    """Return the discovery document of an API ("compute.v1")."""
    folder = files("googleapiclient").joinpath("discovery_cache", "documents")
    found: Mapping[str, Any] = json.loads(folder.joinpath(f"{api}.json").read_text(encoding="utf-8"))
    return found


def schema(api: str, name: str) -> Schema:
    """Return the schema ``name`` of an API."""
    found: Schema = document(api)["schemas"][name]
    return found


@cache
def methods(host: str) -> tuple[Method, ...]:
    """Return all methods that a host serves."""
    served = (api for api in APIS if document(api)["rootUrl"] == f"https://{host}/")
    return tuple(method for api in served for method in _methods(api, document(api)))


def _methods(api: str, part: Mapping[str, Any]) -> Iterator[Method]:
    for method in part.get("methods", {}).values():
        path = document(api)["servicePath"] + (method.get("flatPath") or method["path"])
        segments = re.sub(r"\{[^}]*\}", "[^/:]+", path.replace(".", r"\."))
        yield Method(
            api=api,
            id=method["id"],
            verb=method["httpMethod"],
            path=re.compile(segments),
            parameters=frozenset(method.get("parameters", ())) | _ANYWHERE,
            answer=method.get("response", {}).get("$ref", ""),
        )
    for method in part.get("resources", {}).values():
        yield from _methods(api, method)


@cache
def described(name: str) -> tuple[str, Mapping[str, Any]]:
    """Return the API and the description of the method ``name``: "compute.firewalls.patch". Raises LookupError."""
    for api in APIS:
        part: Mapping[str, Any] = document(api)
        service, *words, verb = name.split(".")
        for word in words:
            part = part.get("resources", {}).get(word, {})
        if service == api.partition(".")[0] and verb in part.get("methods", {}):
            return api, part["methods"][verb]
    message = f"no API has the method {name}"
    raise LookupError(message)


@cache
def find(host: str, verb: str, path: str) -> Method | None:
    """Return the method of a request. If several match, return the one with the most fixed words in its path."""
    fitting = [method for method in methods(host) if method.verb == verb and method.path.fullmatch(path.lstrip("/"))]
    return max(fitting, key=lambda method: method.path.pattern.count("[") * -1, default=None)


def plain(path: str) -> str:
    """Return a path in the form of the fixtures: without version and service, and unquoted."""
    return unquote(re.sub(r"^/(?:compute/)?v\d+/", "", path))


def list_of(method: Method) -> tuple[str, Schema]:
    """Return the key of the items in the answer of a list method, and their schema; "" if it is not a list."""
    for key, part in schema(method.api, method.answer).get("properties", {}).items():
        if part.get("type") == "array" and "$ref" in part["items"] and key not in {"warnings", "rateLimits"}:
            return key, schema(method.api, part["items"]["$ref"])
    return "", {}
