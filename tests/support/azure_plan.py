"""Make the calls of a plan on a made-up account, as a program with Azure's SDK does: read first, then set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from azure_ids import Item
from azure_sdk import find
from azure_server import Azure
from cloudguard.results.api_call import ApiCall
from spoilt import Json

HOST = "management.azure.com"


def run(azure: Azure, call: ApiCall) -> None:
    """Make one call. Raises AssertionError if it is refused."""
    own = str(call.parameters["id"])
    if call.api == "Microsoft.KeyVault":
        _of_vault(azure, call)
    elif "set" in call.parameters:
        item = _sent(azure, "GET", own)
        for path, value in call.parameters["set"].items():
            _set(item, path.split("."), value)
        _sent(azure, "PUT", own, item)
    elif "body" in call.parameters:
        _sent(azure, "PUT", own, call.parameters["body"])
    else:
        _sent(azure, "DELETE", own)


def _sent(azure: Azure, verb: str, own: str, body: Mapping[str, Json] | None = None) -> Item:
    found = find(verb, own)
    assert found, f"no operation is at {verb} {own}"
    target = f"{quote(own)}?api-version={found.version}"
    answer = azure.answer(HOST, verb, target, json.dumps(body).encode() if body is not None else b"")
    assert answer.status == 200, f"{verb} {own}: {answer.body.decode()}"
    told: Item = json.loads(answer.body)
    return told


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
