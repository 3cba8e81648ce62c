"""Names of statements, made from the needs that they cover. They are letters and digits, which every cloud accepts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from cloudguard.model.identity import Statement

_JOINT: Final = "\n"
_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_MOST_COMPONENTS, _MOST_WORDS = 3, 8


def of_component(statement: Statement, need: str) -> Statement:
    """Return the statement with the id ``need`` as its name."""
    return replace(statement, name=need)


def of_components(statements: Iterable[Statement]) -> str:
    """Return the name of a statement that replaces all of ``statements``."""
    return _JOINT.join(sorted({need for statement in statements for need in statement.name.split(_JOINT)}))


def named(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield the statements with distinct names, such as "KopsControlPlane" and "KopsControlPlane2"."""
    used: dict[str, int] = {}
    for statement in statements:
        name = _name(statement.name.split(_JOINT))
        used[name] = used.get(name, 0) + 1
        yield replace(statement, name=f"{name}{used[name]}" if used[name] > 1 else name)


def _name(needs: list[str]) -> str:
    names = [_camel_case(need) for need in needs[:_MOST_COMPONENTS]]
    return "And".join(names) + ("AndOthers" if needs[_MOST_COMPONENTS:] else "")


def _camel_case(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in _WORD.findall(text)[:_MOST_WORDS]) or "Need"
