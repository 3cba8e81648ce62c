"""Removes external ids from trust policies: they are secrets of other parties, and a snapshot must not contain them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from __future__ import annotations

import json
from typing import Final, cast

_KEY: Final = "sts:externalid"
_WILDCARDS: Final = frozenset("*?")
_VARIABLE: Final = "${"


def without_external_ids(text: str) -> str:
    """Return a policy document with numbers in place of its external ids ("external-id-1").

    Equal ids get equal numbers. Patterns and variables stay: they are no secrets, and they decide who is let in. A
    document without external ids, or that is no JSON, is returned unchanged.
    """
    if _KEY not in text.lower():
        return text
    numbers = dict[str, str]()

    def replaced(members: dict[str, object]) -> dict[str, object]:
        return {key: _hidden(value, numbers) if key.lower() == _KEY else value for key, value in members.items()}

    try:
        return json.dumps(json.loads(text, object_hook=replaced))
    except (ValueError, RecursionError):
        return text


def _hidden(value: object, numbers: dict[str, str]) -> object:
    if isinstance(value, list):
        return [_hidden(item, numbers) for item in cast("list[object]", value)]
    if not isinstance(value, str) or value.lower() in {"true", "false"}:
        return value
    if _WILDCARDS & {*value} or _VARIABLE in value:
        return value
    return numbers.setdefault(value, f"external-id-{len(numbers) + 1}")
