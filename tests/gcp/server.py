"""Google Cloud from a fixture: it answers reading calls as Google does, refuses others, and remembers all."""

from __future__ import annotations

import json
import re
import threading
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gcp import tokens
from gcp.answers import Answer, Fault, denied, disabled, error, fine, ok
from gcp.discovery import Method, find, locate, plain, schema
from gcp.fixture import Fixture, Json, projects
from gcp.habits import kept, page
from gcp.store import Store
from gcp.validate import faults as differences

_WITHOUT_RESULTS = {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results for scope '{scope}' on this page."}
_TOLERATED = frozenset({"returnPartialSuccess"})
"""Some clients still send it."""
_NARROWING = frozenset({"filter", "orderBy"})


@dataclass(frozen=True, slots=True)
class Request:
    """A call as it comes over HTTP; ``target`` is a path with its query."""

    host: str
    verb: str
    target: str
    body: bytes = b""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that came: ``method`` is its id or "", ``account`` whose token it bore ("" without one)."""

    host: str
    verb: str
    path: str
    query: str
    method: str
    permissions: tuple[str, ...]
    account: str
    status: int


@cache
def permissions() -> Mapping[str, tuple[str, ...]]:
    """Return the permissions that each known method takes."""
    text = Path(__file__).with_name("permissions.toml").read_text(encoding="utf-8")
    return {method: tuple(taken) for method, taken in tomllib.loads(text).items()}


class Google:
    """The cloud. Safe to call from threads.

    ``refused`` permissions ("compute.disks.list", or "compute.disks.list on projects/p") are not the caller's, or all
    but those ``granted``; ``disabled`` services ("compute") are off. ``faults`` befall the answers of a method one
    after another, each once; ``repeat(fault)`` for ever. A page takes ``delay`` seconds and holds ``most`` items.
    """

    def __init__(
        self,
        fixture: Fixture,
        *,
        refused: Iterable[str] = (),
        granted: Iterable[str] | None = None,
        disabled: Iterable[str] = (),
        faults: Mapping[str, Iterable[Fault]] | None = None,
        delay: float = 0.0,
        most: int = 500,
    ) -> None:
        self.store = Store(fixture)
        self.projects = projects(fixture)
        self.refused, self.disabled = frozenset(refused), frozenset(disabled)
        self.granted = None if granted is None else frozenset(granted)
        self.faults: dict[str, Iterator[Fault]] = {method: iter(those) for method, those in (faults or {}).items()}
        self.delay, self.most = delay, most
        self.asked: list[Asked] = []
        self._lock = threading.Lock()

    @property
    def methods(self) -> list[str]:
        """The ids of the methods that were asked, in order."""
        return [one.method for one in self.asked]

    @property
    def taken(self) -> frozenset[str]:
        """The permissions that all calls took."""
        return frozenset(permission for one in self.asked for permission in one.permissions)

    @property
    def writes(self) -> list[Asked]:
        """The calls that would have changed something."""
        return [one for one in self.asked if one.status == 405]

    def answer(self, request: Request) -> Answer:
        """Return the answer to a call, and remember the call."""
        parts = urlsplit(request.target)
        if request.host == tokens.HOST:
            method, api, path, found = tokens.METHOD, "", parts.path, tokens.issue(request.body)
        else:
            time.sleep(self.delay)
            api, path, told = _called(request, parts.path)
            method = told.id if told else ""
            found = self._answer(request, told, path) if api else error("", 404, f"nothing is at {parts.path}")
        found = self._fault(method)(found)
        account = tokens.account_of(request.token)
        taken = permissions().get(method, ())
        with self._lock:
            verb, query = request.verb, parts.query
            self.asked.append(Asked(request.host, verb, path, query, method, taken, account, found.status))
        return found

    def _fault(self, method: str) -> Fault:
        with self._lock:
            return next(self.faults.get(method, iter(())), fine)

    def _answer(self, request: Request, method: Method | None, path: str) -> Answer:
        service = method.service if method else "compute"
        if method is None and request.verb == "GET":
            return error(service, 404, f"there is no method at {path}")
        if method is None or (request.verb != "GET" and method.id not in permissions()):
            return error(service, 405, f"{request.verb} {path} would change something")
        if method.id not in permissions():
            return error(service, 501, f"say in permissions.toml which permissions {method.id} takes")
        if request.token and not tokens.account_of(request.token):
            return error(service, 401, "Request had invalid authentication credentials.")
        return self._permitted(method, path, request)

    def _permitted(self, method: Method, path: str, request: Request) -> Answer:
        project = path.split("/")[1].partition(":")[0] if path.startswith("projects/") else ""
        if method.service in self.disabled:
            return disabled(method.service, self.projects.get(project) or project)
        resource = _resource(path)
        for permission in permissions()[method.id]:
            barred = {permission, f"{permission} on {resource}"} & self.refused
            if barred or not (self.granted is None or permission in self.granted):
                return denied(method.service, permission, resource)
        return self._read(method, path, request)

    def _read(self, method: Method, path: str, request: Request) -> Answer:
        query = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
        unknown = sorted(query.keys() - method.parameters.keys() - _TOLERATED)
        narrowing = sorted(query.keys() & _NARROWING)
        if unknown:
            return error(method.service, 400, f"Invalid JSON payload received. Unknown name {', '.join(unknown)}")
        if narrowing:
            return error(method.service, 501, f"the test bed has no {', '.join(narrowing)}")
        body: Json = json.loads(request.body or b"{}")
        wrong = list(differences(method.api, schema(method.api, method.request), body, "body"))
        if wrong:
            return error(method.service, 400, "; ".join(wrong))
        try:
            found = self._found(method, path, query, body)
        except ValueError:
            return error(method.service, 400, "Invalid value for field 'pageToken'")
        missing = f"The resource '{path}' was not found"
        return error(method.service, 404, missing) if found is None else ok(found)

    def _found(self, method: Method, path: str, query: Mapping[str, str], body: Json) -> Json | None:
        if method.service == "iamcredentials":
            return tokens.of_account(method, path)
        if method.action == "aggregatedList":
            return self._aggregated(method, path, query)
        held = self.store.response(method, path, query)
        if held is None and method.items:
            listed = self.store.listed(method, path)
            held = None if listed is None else {method.items: listed} if listed else {}
        if held is None:
            held = self.store.resource(method, path)
        if held is None:
            return None
        held = kept(method, held, query, body)
        if not method.items:
            return held
        items, after = page(held.get(method.items, []), method, query, self.most)
        return {**held, **({method.items: [*items]} if items else {}), **after}

    def _aggregated(self, method: Method, path: str, query: Mapping[str, str]) -> Json | None:
        _, project, _, collection = path.split("/")
        scopes = self.store.scopes(project, collection)
        if scopes is None:
            return None
        pairs = [(scope, one) for scope, found in scopes.items() for one in found]
        items, after = page(pairs, method, query, self.most)
        told: dict[str, Any] = {}
        for scope in scopes:
            here = [one for where, one in items if where == scope]
            told[scope] = {method.items: here} if here else {"warning": _without_results(scope)}
        return {"items": told, **after}


def _called(request: Request, path: str) -> tuple[str, str, Method | None]:
    """Return the API, the path below its root, and the method, of what may be any API's on a host of no name."""
    found = [(api, bare, find(api, request.verb, bare)) for api, bare in locate(request.host, path)]
    known = [one for one in found if one[2]]
    return next(iter(known or found), ("", plain(path), None))


def _resource(path: str) -> str:
    """Return what a permission is asked on: the project for a list, the resource itself for what has its own."""
    found = re.match(r"projects/[^/:]+", path)
    return found[0] if found else path.partition(":")[0]


def _without_results(scope: str) -> Json:
    data = [{"key": "scope", "value": scope}]
    return {**_WITHOUT_RESULTS, "message": _WITHOUT_RESULTS["message"].format(scope=scope), "data": data}
