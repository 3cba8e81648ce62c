"""Make the calls of a plan on a made-up project, as a program with Google's client library does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from cloudguard.results.api_call import ApiCall
from gcp_discovery import described, document
from gcp_server import Google


def run(google: Google, call: ApiCall) -> None:
    """Make one call. Raises AssertionError if it is refused."""
    if call.operation.endswith(".setIamPolicy"):
        _bind(google, call)
    elif call.operation.endswith(".setTags"):
        _tag(google, call)
    else:
        _sent(google, call.api, call.operation, call.parameters)


def _sent(google: Google, host: str, method: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    api, description = described(method)
    given = {key: value for key, value in parameters.items() if key != "body"}
    listed = description.get("parameters", {})
    assert given.keys() <= listed.keys(), f"{method} takes no {given.keys() - listed.keys()}"
    missing = {key for key, item in listed.items() if item.get("required")} - given.keys()
    assert not missing, f"{method} asks for {missing}"
    path = re.sub(r"\{\+?(\w+)\}", lambda found: str(given[found[1]]), description["path"])
    query = urlencode({key: value for key, value in given.items() if listed[key]["location"] == "query"})
    body = json.dumps(parameters["body"]).encode() if "body" in parameters else b""
    target = f"/{document(api)['servicePath']}{path}{f'?{query}' if query else ''}"
    assert document(api)["rootUrl"] == f"https://{host}/", f"{method} is not at {host}"
    status, answer = google.answer(host, description["httpMethod"], target, body)
    assert status == 200, f"{method}: {answer.decode()}"
    return json.loads(answer)


def _bind(google: Google, call: ApiCall) -> None:
    """Read a policy, add and remove bindings, and write it back with its etag."""
    resource = call.parameters["resource"]
    in_body = {"body": {"options": {"requestedPolicyVersion": 3}}}
    by_query = "/serviceAccounts/" in resource or "/cryptoKeys/" in resource
    asked = {"resource": resource, **({"options.requestedPolicyVersion": 3} if by_query else in_body)}
    policy = _sent(google, call.api, call.operation.replace("setIamPolicy", "getIamPolicy"), asked)
    bindings: list[dict[str, Any]] = policy.get("bindings", [])
    for one in call.parameters.get("remove", ()):
        alike = [binding for binding in bindings if _same(binding, one)]
        for item in alike:
            item["members"] = [member for member in item["members"] if member != one["member"]]
    for one in call.parameters.get("add", ()):
        rest = {key: value for key, value in one.items() if key != "member"}
        bindings.append({**rest, "members": [one["member"]]})
    put = {**policy, "version": 3, "bindings": [binding for binding in bindings if binding["members"]]}
    _sent(google, call.api, call.operation, {"resource": resource, "body": {"policy": put}})


def _tag(google: Google, call: ApiCall) -> None:
    """Read a machine's tags, add and remove tags, and write them back with their fingerprint."""
    where = {key: value for key, value in call.parameters.items() if key not in {"add", "remove"}}
    tags: dict[str, Any] = _sent(google, call.api, "compute.instances.get", where).get("tags", {})
    kept = [item for item in tags.get("items", ()) if item not in call.parameters.get("remove", ())]
    body = {**tags, "items": [*dict.fromkeys((*kept, *call.parameters.get("add", ())))]}
    _sent(google, call.api, call.operation, {**where, "body": body})


def _same(item: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    expressions = [item.get("condition", {}).get("expression", "") for item in (item, other)]
    return bool(item["role"] == other["role"]) and expressions[0] == expressions[1]
