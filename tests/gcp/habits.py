"""What Google's methods leave out of an answer unless they are asked for it, and how they page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gcp.discovery import Method
from gcp.fixture import Json

Query = Mapping[str, str]
_WHOLE_POLICY = 3
"""The version that tells conditions (https://cloud.google.com/iam/docs/policies#versions)."""


def kept(method: Method, answer: Json, query: Query, body: Json) -> Json:
    """Return an answer without what its method leaves out for this query and request body."""
    for words, habit in _HABITS.items():
        if method.id.endswith(words):
            return habit(answer, query, body)
    return answer


def _policy(answer: Json, query: Query, body: Json) -> Json:
    """Conditions are told only to those who ask for version 3; others get a role by another name."""
    asked = query.get("options.requestedPolicyVersion") or query.get("optionsRequestedPolicyVersion")
    version = int(asked or body.get("options", {}).get("requestedPolicyVersion", 1))
    bindings = answer.get("bindings", [])
    if version >= _WHOLE_POLICY or not any("condition" in one for one in bindings):
        return answer
    return {**answer, "version": 1, "bindings": [_unconditional(one) for one in bindings]}


def _unconditional(binding: Json) -> Json:
    if "condition" not in binding:
        return binding
    mark = hashlib.sha256(str(binding["condition"]).encode()).hexdigest()[:20]
    return {"role": f"{binding['role']}_withcond_{mark}", "members": binding["members"]}


def _roles(answer: Json, query: Query, body: Json) -> Json:
    """https://cloud.google.com/iam/docs/reference/rest/v1/RoleView: permissions are told in the FULL view."""
    del body
    return answer if query.get("view") == "FULL" else _without(answer, "roles", "includedPermissions")


def _denials(answer: Json, query: Query, body: Json) -> Json:
    """https://cloud.google.com/iam/docs/reference/rest/v2/policies/listPolicies: a list has no rules."""
    del query, body
    return _without(answer, "policies", "rules")


def _keys(answer: Json, query: Query, body: Json) -> Json:
    del body
    wanted = query.get("keyTypes", "")
    keys = answer.get("keys", [])
    return answer if not wanted else {**answer, "keys": [one for one in keys if one.get("keyType") == wanted]}


def _members(answer: Json, query: Query, body: Json) -> Json:
    del query
    running = body.get("instanceState") == "RUNNING"
    return (
        answer if not running else {**answer, "items": [one for one in answer["items"] if one["status"] == "RUNNING"]}
    )


def _without(answer: Json, key: str, left_out: str) -> Json:
    listed = [{name: value for name, value in one.items() if name != left_out} for one in answer.get(key, [])]
    return {**answer, key: listed} if listed else answer


_HABITS: Mapping[str, Callable[[Json, Query, Json], Json]] = {
    ".getIamPolicy": _policy,
    ".roles.list": _roles,
    "iam.roles.list": _roles,
    ".listPolicies": _denials,
    ".keys.list": _keys,
    ".listInstances": _members,
}


def page(items: Sequence[Any], method: Method, query: Query, most: int) -> tuple[Sequence[Any], Json]:
    """Return a page's items, and the token of the next; raises ValueError for a token that is none."""
    if not method.size:
        return items, {}
    size = min(int(query.get(method.size) or most), most) or most
    start = int(base64.urlsafe_b64decode(query["pageToken"])) if query.get("pageToken") else 0
    end = start + size
    token = base64.urlsafe_b64encode(str(end).encode()).decode()
    return items[start:end], {"nextPageToken": token} if end < len(items) else {}
