"""Azure's resource manager for a made-up account, with lists, pages, refusals and faults like the real service."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import azure_writes
from azure_account import Account
from azure_ids import Item, ResourceId, action
from azure_roles import filtered, is_under
from azure_schema import shape_of
from azure_sdk import Operation, find
from fixture_error import FixtureError
from loopback_proxy import Answer

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_SUBSCRIPTIONS = re.compile(r"/subscriptions(/[^/]+)?", re.IGNORECASE)
_AUTHORIZATION = "microsoft.authorization"
_WRITING = frozenset({"PUT", "DELETE", "POST"})
_READING = (
    "/listnetworkmanagereffectivesecurityadminrules",
    "/listnetworkmanagereffectiveconnectivityconfigurations",
)
"""Requests that read with POST. Their answer is empty unless the account has an answer for them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was served or refused: its operation ("" if there is none), and the action that it needs."""

    host: str
    verb: str
    path: str
    operation: str
    action: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that replaces an answer. With an empty ``body``, the answer is an error of the resource manager."""

    status: int
    code: str = "InternalServerError"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    cut: bool = False


def throttled(after: str = "") -> Fault:
    """Return the fault for too many requests. ``after``: the value of Retry-After ("": no header)."""
    return Fault(429, "TooManyRequests", {"Retry-After": after} if after else {})


FAILED = Fault(500)
UNREGISTERED = Fault(409, "MissingSubscriptionRegistration")
MALFORMED = Fault(200, body=b'{"value": [')
PAGE_OF_A_PROXY = Fault(200, headers={"Content-Type": "text/html"}, body=b"<html><body>Sign in</body></html>")
CUT_OFF = Fault(200, body=b'{"value": []', cut=True)


@dataclass
class Azure:
    """The resource manager. ``refused``: actions that are denied. ``faults`` replace answers."""

    account: Account
    refused: frozenset[str] = frozenset()
    faults: dict[str, list[Fault]] = field(default_factory=dict[str, list[Fault]])
    """Action → faults for the next requests."""
    spoiled: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Action → fields that are added to each page."""
    page: int = 500
    empty_pages: bool = False
    """Whether an empty page comes before each page."""
    delay: float = 0.0
    writable: bool = False
    """Whether resources can be put and deleted."""
    any_version: bool = False
    """Whether api-versions other than the SDK's are served, for other clients."""
    asked: list[Asked] = field(default_factory=list[Asked])
    _lists: dict[str, list[Item]] = field(default_factory=dict[str, list[Item]])

    def __post_init__(self) -> None:
        """Raise FixtureError if the account refers to ids that do not exist."""
        self.account.check()
        self.refused = frozenset(one.lower() for one in self.refused)

    @cached_property
    def _everything(self) -> dict[str, Item]:
        return self.account.everything()

    def answer(self, host: str, verb: str, target: str, body: bytes = b"") -> Answer:
        """Return the response to a request."""
        parts = urlsplit(target)
        path = unquote(parts.path).rstrip("/")
        operation = find(verb, path)
        taken = action(path, verb)
        self.asked.append(Asked(host, verb, path, operation.name if operation else "", taken))
        if self.delay:
            time.sleep(self.delay)
        query = {key.lower(): values[-1] for key, values in parse_qs(parts.query).items()}
        waiting = self.faults.get(taken)
        if waiting:
            return self._fault(waiting.pop(0), path)
        if taken.lower() in self.refused:
            return _denied(path, taken)
        if _SUBSCRIPTIONS.fullmatch(path) and verb == "GET":
            return self._subscriptions(path)
        wrong = self._missing(path) or self._wrong(operation, verb, path, query)
        if wrong is None and verb in _WRITING and not path.lower().endswith(_READING):
            return self._written(verb, path, body)
        return wrong or self._found(operation, verb, path, host, query)

    def _written(self, verb: str, path: str, body: bytes) -> Answer:
        """Put or delete a resource, or start an action."""
        try:
            made = azure_writes.put(self.account, path, json.loads(body)) if verb == "PUT" else None
            if verb == "DELETE":
                azure_writes.delete(self.account, path)
            elif verb == "POST":
                azure_writes.act(self.account, path)
        except FixtureError as wrong:
            return error(400, "InvalidRequest", str(wrong))
        self.__dict__.pop("_everything", None)
        self._lists.clear()
        return _json(made or {})

    def _fault(self, fault: Fault, path: str) -> Answer:
        headers = _JSON | dict(fault.headers)
        namespace = action(path).partition("/")[0]
        message = f"{path} fails. The subscription is not registered to use namespace '{namespace}'"
        body = fault.body or error(fault.status, fault.code, message).body
        return Answer(fault.status, body, headers, cut=fault.cut)

    def _subscriptions(self, path: str) -> Answer:
        """Return all subscriptions, or one. The SDK for subscriptions is not in the packages with the routes."""
        made = [
            {
                "id": f"/subscriptions/{subscription}",
                "subscriptionId": subscription,
                "tenantId": self.account.tenant,
                "displayName": "acme",
                "state": "Enabled",
            }
            for subscription in self.account.subscriptions()
        ]
        if path.count("/") == 1:
            return _json({"value": made})
        found = next((tags for tags in made if tags["id"] == path.lower()), None)
        return _json(found) if found else _no_subscription(path)

    def _missing(self, path: str) -> Answer | None:
        """Return the error for a subscription or resource group that does not exist, else None."""
        parts = path.lower().split("/")
        if parts[1] != "subscriptions":
            return None
        if parts[2] not in {subscription.lower() for subscription in self.account.subscriptions()}:
            return _no_subscription(path)
        if len(parts) > 4 and parts[3] == "resourcegroups" and "/".join(parts[:5]) not in self.account.groups():
            return error(404, "ResourceGroupNotFound", f"Resource group '{parts[4]}' could not be found.")
        return None

    def _wrong(self, operation: Operation | None, verb: str, path: str, query: Mapping[str, str]) -> Answer | None:
        """Return the error for a request that would change something, or that no operation serves; else None."""
        reads = verb == "GET" or (verb == "POST" and path.lower().endswith(_READING))
        if not reads and not (self.writable and verb in _WRITING):
            return error(405, "MethodNotAllowed", f"{verb} {path} would change something")
        if operation is None:
            return error(404, "InvalidResourceType", f"The resource type could not be found at {path}")
        if self.any_version:
            return None
        if query.get("api-version") != operation.version:
            return error(400, "InvalidApiVersionParameter", f"{path} has no version {query.get('api-version')}")
        unknown = query.keys() - {parameter.lower() for parameter in operation.parameters}
        return error(400, "InvalidQueryParameter", f"{path} takes no {min(unknown)}") if unknown else None

    def _found(self, operation: Operation | None, verb: str, path: str, host: str, query: dict[str, str]) -> Answer:
        assert operation, "an operation"
        nothing: Item | None = {"value": []} if verb == "POST" else None
        fixed = self.account.answers.get(f"{verb} {path.lower()}", nothing)
        if fixed is not None:
            return _json({**fixed, **self.spoiled.get(action(path, verb), {})})
        if "/providers/" not in path.lower():
            return error(501, "NotServed", f"{path} is of no one type, which is not served")
        if operation.items or _is_list(operation):
            if path.lower() not in self._lists:
                self._lists[path.lower()] = list(self._listed(path))
            items = filtered(self._lists[path.lower()], path, query.get("$filter", ""), self.account.members)
            if items is None:
                return error(400, "InvalidFilter", f"{path} takes no filter {query['$filter']}")
            return self._page(items, path, host, query)
        item = self._everything.get(path.lower()) or self._role(path)
        return _json(item) if item else error(404, "ResourceNotFound", f"The Resource '{path}' was not found.")

    def _role(self, path: str) -> Item | None:
        """Return a role definition by its name. A built-in role can be read at every scope."""
        asked = ResourceId.of(path)
        for own, item in self._everything.items() if asked.types == ("roledefinitions",) else ():
            resource_id = ResourceId.of(own)
            if (resource_id.namespace, resource_id.types, resource_id.names) == (
                asked.namespace,
                asked.types,
                asked.names,
            ):
                return item
        return None

    def _listed(self, path: str) -> Iterator[Item]:
        wanted = ResourceId.of(path)
        for own, item in self._everything.items():
            if "/providers/" not in own:
                continue
            resource_id = ResourceId.of(own)
            if wanted.namespace == _AUTHORIZATION and (resource_id.namespace, resource_id.types) == (
                wanted.namespace,
                wanted.types,
            ):
                if resource_id.types == ("roledefinitions",) or is_under(resource_id.scope, wanted.scope):
                    yield item
            elif wanted.lists(resource_id):
                yield item

    def _page(self, items: list[Item], path: str, host: str, query: dict[str, str]) -> Answer:
        start, _, empty = query.get("$skiptoken", "0").partition("-")
        size = min(int(query.get("$top", self.page)), self.page)
        first = int(start)
        shown = [] if self.empty_pages and not empty else items[first : first + size]
        following = f"{first}-full" if self.empty_pages and not empty else str(first + size)
        more = (self.empty_pages and not empty) or first + size < len(items)
        again = urlencode(
            {key: value for key, value in query.items() if key != "$skiptoken"} | {"$skiptoken": following}
        )
        link = {"nextLink": f"https://{host}:443{quote(path)}?{again}"} if more else {}
        return _json({"value": shown, **link, **self.spoiled.get(action(path), {})})

    @property
    def taken(self) -> frozenset[str]:
        """The actions of all requests."""
        return frozenset(request.action for request in self.asked)


def error(status: int, code: str, message: str) -> Answer:
    """Return an error in the resource manager's form."""
    return Answer(status, json.dumps({"error": {"code": code, "message": message}}).encode(), _JSON)


def _denied(path: str, taken: str) -> Answer:
    message = f"does not have authorization to perform action '{taken}' over scope '{path}' or the scope is invalid."
    return error(403, "AuthorizationFailed", f"The client {message} If access was recently granted, please refresh it.")


def _no_subscription(path: str) -> Answer:
    return error(404, "SubscriptionNotFound", f"The subscription '{path.split('/')[2]}' could not be found.")


def _json(body: object) -> Answer:
    return Answer(200, json.dumps(body).encode(), _JSON)


def _is_list(operation: Operation) -> bool:
    """Whether the answer of an operation is a list, although the SDK does not page it."""
    fields = shape_of(operation.package, operation.model).fields if operation.model else {}
    return {"value"} <= fields.keys() <= {"value", "nextLink"} and fields["value"].kind == "list"
