"""Conditions of bindings: the simple ones exactly, any other as what can't be decided.

https://cloud.google.com/iam/docs/conditions-overview
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from cloudguard.model.identity import Condition

OPAQUE: Final = "undecided"
"""An operator that no engine knows: what it says is in doubt."""
_EQUALS: Final = re.compile(r"""^(resource\.(?:name|type|service))\s*==\s*(["'])([^"']*)\2$""")
_STARTS: Final = re.compile(r"""^(resource\.name)\.startsWith\(\s*(["'])([^"'*?$]*)\2\s*\)$""")
TIME: Final = "request.time"
_MOMENT: Final = re.compile(r"""^request\.time\s*([<>]=?)\s*timestamp\(\s*(["'])([^"']*)\2\s*\)$""")
_COMPARISONS: Final = {
    "<": "DateLessThan",
    "<=": "DateLessThanEquals",
    ">": "DateGreaterThan",
    ">=": "DateGreaterThanEquals",
}


def conditions_of(expression: str) -> tuple[Condition, ...]:
    """Return what must all hold for an expression of the Common Expression Language to be true."""
    parts = [part.strip() for part in expression.split("&&")]
    if not expression or any(mark in expression for mark in ("||", "!", "?")):
        return (_opaque(expression),) if expression else ()
    found = tuple(one for part in parts for one in _read(part.removeprefix("(").removesuffix(")").strip(), part))
    return tuple(dict.fromkeys(found))


def _read(plain: str, part: str) -> Iterator[Condition]:
    for text in (part, plain):
        if equal := _EQUALS.match(text):
            yield Condition("StringEquals", equal[1], (equal[3],))
            return
        if start := _STARTS.match(text):
            yield Condition("StringLike", start[1], (f"{start[3]}*",))
            return
        if moment := _MOMENT.match(text):
            yield Condition(_COMPARISONS[moment[1]], TIME, (moment[3],))
            return
    yield _opaque(part)


def _opaque(expression: str) -> Condition:
    return Condition(OPAQUE, "condition", (" ".join(expression.split()),))
