"""Takes external ids out of trust policies: they are secrets of others, and no snapshot holds one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, cast

_KEY: Final = "sts:externalid"
_WILDCARDS: Final = frozenset("*?")
_VARIABLE: Final = "${"


def without_external_ids(text: str) -> str:
    """Return a policy document with its external ids numbered ("external-id-1"); one without any, unchanged.

    Equal ids get equal numbers. A pattern or variable stays: it is no secret, and what it matches decides who is let
    in. So does what is no JSON.
    """
    if _KEY not in text.lower():
        return text
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return json.dumps(_replaced(document, {}))


def _replaced(value: object, numbers: dict[str, str]) -> object:
    if isinstance(value, list):
        return [_replaced(one, numbers) for one in cast("list[object]", value)]
    if isinstance(value, dict):
        table = cast("Mapping[str, Any]", value)
        return {
            key: _hidden(one, numbers) if key.lower() == _KEY else _replaced(one, numbers) for key, one in table.items()
        }
    return value


def _hidden(value: object, numbers: dict[str, str]) -> object:
    if isinstance(value, list):
        return [_hidden(one, numbers) for one in cast("list[object]", value)]
    if not isinstance(value, str) or value.lower() in {"true", "false"}:
        return value
    if _WILDCARDS & {*value} or _VARIABLE in value:
        return value
    return numbers.setdefault(value, f"external-id-{len(numbers) + 1}")
