"""Answers and errors as Google words them, and what can go wrong with an answer on its way.

Compute tells reasons in ``errors``, the other APIs in ``details`` (https://cloud.google.com/apis/design/errors).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gcp.fixture import Json


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body; one that ``is_cut`` breaks off in the middle."""

    status: int
    body: bytes
    is_cut: bool = False

    @property
    def json(self) -> Json:
        """The body, read."""
        found: Json = json.loads(self.body)
        return found


Fault = Callable[[Answer], Answer]
"""What becomes of an answer on its way."""

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}
_REASON = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    405: "httpMethodNotAllowed",
    429: "rateLimitExceeded",
    500: "backendError",
    501: "notImplemented",
    503: "backendError",
}
_DENIED: Mapping[str, str] = {
    "compute": "Required '{permission}' permission for '{resource}'",
    "container": 'Required "{permission}" permission(s) for "{resource}".',
    "iam": "Permission '{permission}' denied on resource (or it may not exist).",
    "iamcredentials": "Permission '{permission}' denied on resource (or it may not exist).",
    "cloudkms": "Permission '{permission}' denied on resource '{resource}' (or it may not exist).",
    "cloudresourcemanager": "The caller does not have permission",
}


def ok(body: Mapping[str, Any]) -> Answer:
    """Return a good answer."""
    return Answer(200, json.dumps(body).encode())


def error(service: str, status: int, message: str, reason: str = "", info: Json | None = None) -> Answer:
    """Return an error of a service ("compute"); ``info`` is its google.rpc.ErrorInfo."""
    told: Json = {"code": status, "message": message, "status": _STATUS[status]}
    if service == "compute":
        told["errors"] = [{"message": message, "domain": "global", "reason": reason or _REASON[status]}]
    if info:
        told["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", **info}]
    return Answer(status, json.dumps({"error": told}).encode())


def denied(service: str, permission: str, resource: str) -> Answer:
    """Return the refusal of a call that takes a permission which the caller does not have."""
    info: Json = {
        "reason": "IAM_PERMISSION_DENIED",
        "domain": "iam.googleapis.com",
        "metadata": {"permission": permission, "resource": resource},
    }
    message = _DENIED[service].format(permission=permission, resource=resource)
    return error(service, 403, message, info=None if service == "compute" else info)


def disabled(service: str, number: str) -> Answer:
    """Return the refusal of an API that is off in a project."""
    name = f"{service}.googleapis.com"
    message = f"{name} has not been used in project {number} before or it is disabled."
    metadata = {"consumer": f"projects/{number}", "service": name}
    info: Json = {"reason": "SERVICE_DISABLED", "domain": "googleapis.com", "metadata": metadata}
    return error(service, 403, message, "accessNotConfigured", info)


def fine(answer: Answer) -> Answer:
    """Leave an answer as it is."""
    return answer


def failed(status: int, reason: str = "", service: str = "compute") -> Fault:
    """Answer an error instead: 429, 500, 503, or 403 with the reason ``rateLimitExceeded``."""
    return lambda _: error(service, status, f"made to fail with {status}", reason)


def malformed(answer: Answer) -> Answer:
    """Answer JSON that ends too soon, as if it were whole."""
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def truncated(answer: Answer) -> Answer:
    """Break off in the middle of an answer."""
    return replace(answer, is_cut=True)


def incomplete(*, scopes: Mapping[str, str] | None = None, **told: list[str]) -> Fault:
    """Leave something out and say so: ``unreachables``, ``missingZones``, or a warning code by scope ("zones/…")."""

    def less(answer: Answer) -> Answer:
        body: Json = {**answer.json, **told}
        for scope, code in (scopes or {}).items():
            body["items"][scope] = {"warning": {"code": code, "message": f"{scope} is not whole"}}
        return ok(body)

    return less


def warned(code: str) -> Fault:
    """Add a warning to a whole answer: "UNREACHABLE"."""
    return lambda answer: ok({**answer.json, "warning": {"code": code, "message": f"made to warn of {code}"}})
