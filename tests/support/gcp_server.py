"""Google's APIs for a made-up project, with lists, pages, refusals and faults like the real services."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gcp_writes
from fixture_error import FixtureError
from gcp_discovery import Method, find, list_of, plain
from gcp_project import Project

OK = 200
_READING = ("getIamPolicy", "listInstances", "listNetworkEndpoints")
_SCOPE_WARNING = {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results for this scope on this page."}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was served or refused: its method's id ("" if there is none), and the permissions it needs."""

    host: str
    verb: str
    path: str
    method: str
    permissions: tuple[str, ...]


@dataclass
class Google:
    """The APIs. ``refused``: permissions that are denied. ``disabled``: APIs that are off."""

    project: Project
    refused: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    faults: dict[str, list[tuple[int, str]]] = field(default_factory=dict[str, list[tuple[int, str]]])
    """Method → faults (status, reason) for the next calls."""
    spoiled: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Method → fields that are added to each page: ``unreachables``, the warning of a scope …"""
    beside: tuple[Project, ...] = ()
    """Other projects, for example the host project of a shared network."""
    writable: bool = False
    """Whether the calls of plans can change the project."""
    page: int = 500
    delay: float = 0.0
    asked: list[Asked] = field(default_factory=list[Asked])

    def answer(self, host: str, verb: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
        """Return the status and the body for a request."""
        parts = urlsplit(target)
        method = find(host, verb, parts.path)
        taken = permissions().get(method.id, ()) if method else ()
        self.asked.append(Asked(host, verb, parts.path, method.id if method else "", taken))
        if self.delay:
            time.sleep(self.delay)
        query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
        status, found = self._answer(method, parts.path, query, body)
        if parts.path.endswith(":getIamPolicy") and status == OK and not _is_third(query, body):
            found = _without_conditions(found)
        return status, found if isinstance(found, bytes) else json.dumps(found).encode()

    def _answer(self, method: Method | None, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        if method is None:
            return _error(404, "notFound", f"there is nothing at {path}")
        waiting = self.faults.get(method.id)
        if waiting:
            status, reason = waiting.pop(0)
            return (200, b'{"items": [') if reason == "malformed" else _error(status, reason, f"{method.id} fails")
        if method.id.partition(".")[0] in self.disabled:
            api = method.id.partition(".")[0]
            return _error(
                403, "accessNotConfigured", f"{api} API has not been used in project 1 before or it is disabled"
            )
        barred = self.refused & {*permissions().get(method.id, ())}
        if barred:
            return _error(403, "forbidden", f"Required '{min(barred)}' permission for '{plain(path)}'")
        if self.writable and method.verb != "GET" and not method.id.endswith(_READING):
            return self._written(method, plain(path), query, body)
        return _wrong(method, query) or self._found(method, plain(path), query)

    def _written(self, method: Method, path: str, query: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        """Carry out a method that writes."""
        try:
            gcp_writes.write(self._project(path), method.id, path, query, json.loads(body or b"{}"))
        except FixtureError as wrong:
            return _error(400, "invalid", str(wrong))
        return 200, {}

    def _found(self, method: Method, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if method.is_aggregated:
            return self._aggregated(method, path, query)
        project = self._project(path)
        above = f"v3:{path}"
        named = above if method.api == "cloudresourcemanager.v3" and above in project.answers else path
        if named in project.answers:
            return 200, project.answers[named]
        if path in project.lists:
            key = list_of(method)[0]
            items, after = self._page(project.lists[path], query)
            return 200, {key: items, **after, **self.spoiled.get(method.id, {})}
        found = project.resource(path)
        if found is not None:
            return 200, found
        key = list_of(method)[0] if method.id.rpartition(".")[2].startswith("list") else ""
        if key and project.knows(path):
            return 200, {**self.spoiled.get(method.id, {})}
        return _error(404, "notFound", f"The resource '{path}' was not found")

    def _project(self, path: str) -> Project:
        """Return the project of a path: one of ``beside`` if it knows the path, else the first project."""
        return next(
            (
                project
                for project in self.beside
                if f"projects/{project.name}/" in f"{path}/" or path in project.answers
            ),
            self.project,
        )

    def _aggregated(self, method: Method, path: str, query: dict[str, str]) -> tuple[int, Any]:
        collection, project = path.rpartition("/")[2], self._project(path)
        if not project.knows(path):
            return _error(403, "forbidden", f"Required permission for '{path}'")
        pairs = [(scope, item) for scope, items in project.scoped(collection) for item in items]
        page, after = self._page(pairs, query)
        scopes: dict[str, Any] = {scope: {"warning": _SCOPE_WARNING} for scope in project.scopes}
        for scope, item in page:
            part = scopes[scope]
            part.pop("warning", None)
            part.setdefault(collection, []).append(item)
        spoiled = dict(self.spoiled.get(method.id, {}))
        for scope, warning in spoiled.pop("warnings", {}).items():
            scopes[scope]["warning"] = warning
        return 200, {"items": scopes, **after, **spoiled}

    def _page(self, items: list[Any], query: dict[str, str]) -> tuple[list[Any], dict[str, str]]:
        size = min(int(query.get("maxResults") or query.get("pageSize") or self.page), self.page)
        start = int(query.get("pageToken", "0"))
        more = start + size < len(items)
        return items[start : start + size], {"nextPageToken": str(start + size)} if more else {}

    @property
    def taken(self) -> frozenset[str]:
        """The permissions of all methods that were called."""
        return frozenset(permission for each in self.asked for permission in each.permissions)


def _wrong(method: Method, query: dict[str, str]) -> tuple[int, Any] | None:
    """Return the error for a request that would change something, or that has unknown parameters; else None."""
    if method.verb != "GET" and not method.id.endswith(_READING):
        return _error(405, "methodNotAllowed", f"{method.id} would change something")
    unknown = query.keys() - method.parameters
    if unknown or "filter" in query:
        return _error(400, "invalid", f"{method.id} takes no {', '.join(sorted(unknown) or ['filter here'])}")
    return None


def _is_third(query: dict[str, str], body: bytes) -> bool:
    """Whether a request asks for version 3 of a policy, which has conditions."""
    asked = json.loads(body or b"{}").get("options", {})
    return "3" in {query.get("options.requestedPolicyVersion"), str(asked.get("requestedPolicyVersion"))}


def _without_conditions(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a policy in an older version, without conditions: https://cloud.google.com/iam/docs/policies#versions."""
    bindings = [
        {"role": f"{binding['role']}_withcond_1", "members": binding["members"]} if "condition" in binding else binding
        for binding in policy.get("bindings", ())
    ]
    return {**policy, "bindings": bindings}


def _error(status: int, reason: str, message: str) -> tuple[int, dict[str, Any]]:
    """Return an error in the form of Google's APIs."""
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}]
    error = {"code": status, "message": message, "errors": [{"reason": reason, "domain": "global", "message": message}]}
    return status, {"error": error | ({"details": details} if reason.isupper() else {})}


@cache
def permissions() -> dict[str, tuple[str, ...]]:
    """Return method → the permissions that it needs."""
    text = (Path(__file__).parent / "gcp_permissions.toml").read_text(encoding="utf-8")
    return {
        method: (taken,) if isinstance(taken, str) else tuple(taken) for method, taken in tomllib.loads(text).items()
    }


def ids(google: Google) -> Iterator[str]:
    """Yield the ids of the methods that were called, in order."""
    return (request.method for request in google.asked)
