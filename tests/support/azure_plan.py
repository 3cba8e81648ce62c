"""Make the calls of a plan on a made-up account, as a program with Azure's SDK does: read first, then set."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import quote

from azure_ids import Item
from azure_sdk import find
from azure_server import Azure
from cloudguard.results.api_call import ANSWER, ApiCall
from spoilt import Json

HOST = "management.azure.com"
_PLACEHOLDER = re.compile(rf'\{{"{re.escape(ANSWER)}": "(\w+)"\}}')


def run(azure: Azure, call: ApiCall, answers: dict[str, Json] | None = None) -> None:
    """Make one call with the ``answers`` of earlier calls, and add its own. Raises AssertionError if it is refused."""
    answers = {} if answers is None else answers
    own, parameters = str(call.parameters["id"]), _filled(dict(call.parameters), answers)
    response: Item = {}
    if own.startswith("https://"):
        _of_vault(azure, call)
    elif "set" in parameters:
        item = _sent(azure, "GET", own)
        for path, value in parameters["set"].items():
            _set(item, path.split("."), value)
        response = _sent(azure, "PUT", own, item)
    elif "action" in parameters:
        _sent(azure, "POST", f"{own}/{parameters['action']}", parameters.get("body"))
    elif "body" in parameters:
        response = _sent(azure, "PUT", own, parameters["body"])
    else:
        response = _sent(azure, "GET" if call.operation.endswith("_Get") else "DELETE", own)
    for name, path in call.answers.items():
        answers[name] = _at(response, path.split("."))


def _filled(parameters: Mapping[str, Json], answers: Mapping[str, Json]) -> Item:
    """Return parameters with the answers in place of their placeholders."""
    text = _PLACEHOLDER.sub(lambda found: json.dumps(answers[found[1]]), json.dumps(parameters))
    filled: Item = json.loads(text)
    return filled


def _at(item: Json, path: Sequence[str]) -> Json:
    for word in path:
        item = cast("dict[str, Json]", item)[word]
    return item


def _sent(azure: Azure, verb: str, own: str, body: Mapping[str, Json] | None = None) -> Item:
    operation = find(verb, own)
    version = operation.version if operation else ""
    assert operation or own.count("/") == 2, f"no operation is at {verb} {own}"
    target = f"{quote(own)}?api-version={version}"
    answer = azure.answer(HOST, verb, target, json.dumps(body).encode() if body is not None else b"")
    assert answer.status == 200, f"{verb} {own}: {answer.body.decode()}"
    answer_body: Item = json.loads(answer.body)
    return answer_body


def _set(item: Json, path: Sequence[str], value: Json) -> None:
    """Set one value by its path. "[*]" after a word means every item of its list. None removes the value."""
    word, rest = path[0], path[1:]
    assert isinstance(item, dict), "an object"
    if word.endswith("[*]"):
        listed = item[word.removesuffix("[*]")]
        assert isinstance(listed, list), "a list"
        for one in listed:
            _set(one, rest, value)
    elif rest:
        _set(item.setdefault(word, {}), rest, value)
    elif value is None:
        item.pop(word, None)
    else:
        item[word] = value


def _of_vault(azure: Azure, call: ApiCall) -> None:
    """Set attributes of a key through its vault's own API. The account holds the key in the resource manager's form."""
    for item in azure.account.items.values():
        if item.get("properties", {}).get("keyUriWithVersion") == call.parameters["id"]:
            item["properties"]["attributes"] |= call.parameters["body"]["attributes"]
