"""Google's APIs as their discovery documents tell them: methods, query parameters, pages, schemas.

The documents are those that google-api-python-client ships (https://developers.google.com/discovery/v1/reference/apis).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote, unquote, urlsplit

Schema = Mapping[str, Any]

APIS = (
    "compute.v1",
    "container.v1",
    "cloudresourcemanager.v3",
    "iam.v1",
    "iam.v2",
    "iamcredentials.v1",
    "cloudkms.v1",
)
_SIZES = ("maxResults", "pageSize")


@dataclass(frozen=True, slots=True)
class Method:
    """One method: ``id`` "compute.instances.list", ``verb`` "GET"; ``parameters`` are those of the query.

    ``path`` is a template below the API's root ("projects/{project}/global/networks"); ``request`` and ``answer`` name
    schemas, "" for none.
    """

    api: str
    id: str
    verb: str
    path: str
    parameters: Mapping[str, Schema] = field(hash=False, compare=False)
    request: str
    answer: str

    @property
    def service(self) -> str:
        """The API's name without its version: "compute"."""
        return self.api.partition(".")[0]

    @property
    def action(self) -> str:
        """The last word of the id: "list"."""
        return self.id.rpartition(".")[2]

    @property
    def size(self) -> str:
        """The query parameter for the size of a page, "" where answers have no pages."""
        return next((name for name in _SIZES if name in self.parameters), "")

    @property
    def items(self) -> str:
        """The key of the list in an answer ("items", "clusters"), of a scope's list in an aggregated one, or ""."""
        if "list" not in self.action.lower():
            return ""
        whole = schema(self.api, self.answer)
        return _list_in(_scope(self.api, whole) if self.action == "aggregatedList" else whole)


@cache
def document(api: str) -> Mapping[str, Any]:
    """Return an API's document, by name and version: "compute.v1"."""
    folder = files("googleapiclient").joinpath("discovery_cache", "documents")
    found: Mapping[str, Any] = json.loads(folder.joinpath(f"{api}.json").read_text(encoding="utf-8"))
    return found


def schema(api: str, name: str) -> Schema:
    """Return a schema by name; {} for ""."""
    found: Schema = document(api)["schemas"][name] if name else {}
    return found


def host(api: str) -> str:
    """Return the host that serves an API: "compute.googleapis.com"."""
    return urlsplit(str(document(api)["rootUrl"])).netloc


@cache
def root(api: str) -> str:
    """Return what an API's paths begin with: "compute/v1/"."""
    return str(document(api)["servicePath"]) or f"{api.rpartition('.')[2]}/"


@cache
def methods(api: str) -> tuple[Method, ...]:
    """Return every method of an API."""
    return tuple(_methods(api, document(api)))


def _methods(api: str, part: Mapping[str, Any]) -> Iterator[Method]:
    everywhere = {**document(api)["parameters"], "$alt": {"type": "string"}}  # the SDKs send it
    for told in part.get("methods", {}).values():
        named = told.get("parameters", {})
        yield Method(
            api=api,
            id=told["id"],
            verb=told["httpMethod"],
            path=str(told.get("flatPath") or told["path"]).removeprefix(root(api)),
            parameters={**everywhere, **{key: one for key, one in named.items() if one["location"] == "query"}},
            request=told.get("request", {}).get("$ref", ""),
            answer=told.get("response", {}).get("$ref", ""),
        )
    for inner in part.get("resources", {}).values():
        yield from _methods(api, inner)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        "".join("[^/]+" if one.startswith("{") else re.escape(one) for one in re.split(r"(\{.*?\})", path))
    )


@cache
def find(api: str, verb: str, path: str) -> Method | None:
    """Return the method at a path below the API's root: of two that fit, the one that spells more of it out."""
    fitting = [one for one in methods(api) if one.verb == verb and _pattern(one.path).fullmatch(path)]
    return max(fitting, key=lambda one: len(re.sub(r"\{.*?\}", "", one.path)), default=None)


def locate(host_name: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield (API, path below its root) for a URL's path; a host that is none of Google's may be any of them."""
    hosts = {host(api) for api in APIS}
    for api in APIS:
        bare = path.lstrip("/")
        if (host_name == host(api) or host_name not in hosts) and bare.startswith(root(api)):
            yield api, plain(bare.removeprefix(root(api)))


def plain(path: str) -> str:
    """Return a path with its segments quoted in one way only: "a@b" and "x%2Fy", whatever the client did."""
    return "/".join(quote(unquote(segment), safe="@:+~") for segment in path.split("/"))


@cache
def scopes(collection: str) -> frozenset[str]:
    """Return which kinds of scope ("zones", "regions", "global") hold a Compute collection, by its last word."""
    shape = re.compile(r"projects/\{\w+\}/(zones|regions|global)(?:/\{\w+\})?/" + re.escape(collection))
    found = (shape.fullmatch(one.path) for one in methods("compute.v1") if one.action == "list")
    return frozenset(match[1] for match in found if match)


def _scope(api: str, whole: Schema) -> Schema:
    """Return the schema of a scope's part in an aggregated list."""
    return schema(api, whole["properties"]["items"]["additionalProperties"]["$ref"])


def _list_in(whole: Schema) -> str:
    lists = [key for key, one in whole["properties"].items() if one.get("type") == "array" and "$ref" in one["items"]]
    return "items" if "items" in lists else next(iter(lists), "")


def item(method: Method) -> Schema:
    """Return the schema of a list's items."""
    whole = schema(method.api, method.answer)
    told: Schema = whole["properties"][method.items]["items"]
    return told
