"""Calls that differ only in one list of values are made as one call. Each caller gets its own part of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

from cloudguard.provider.answers import Answer, Item

Fetch: TypeAlias = Callable[[Sequence[str] | None], Answer]
"""A function that makes a call: for the given values, or with its own values (None)."""
Gather: TypeAlias = Callable[[Sequence[Callable[[], Answer]], int], list[Answer]]
"""A function that makes calls in parallel, and at most the given number at a time."""


@dataclass(frozen=True, slots=True)
class Part:
    """A call for all items that have one of ``values``. In a value, ``*`` matches any text and ``?`` any character.

    Calls with equal ``call`` differ only in ``values``. ``of`` returns an item's own values. ``most``: the largest
    number of values in one call. ``same_for_all``: whether an error occurs for these calls with any values.
    """

    call: Hashable
    values: tuple[str, ...]
    of: Callable[[Item], Iterable[str]]
    most: int
    same_for_all: Callable[[BaseException], bool]

    def takes(self, item: Item) -> bool:
        """Whether the answer to the call includes ``item``."""
        own = self.of(item)
        return any(_pattern(value).fullmatch(name) for name in own for value in self.values)


@cache
def _pattern(value: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in value), re.DOTALL)


def merged(parts: Sequence[Part], fetch: Fetch, gather: Gather) -> list[Answer]:
    """Return the answer to each of ``parts``, from merged calls of ``fetch``. Raises the errors of ``fetch``.

    A fault of the merged answer may concern any part, so each answer has all faults.
    """
    values = sorted({value for part in parts for value in part.values})
    most = parts[0].most
    pages = [values[start : start + most] for start in range(0, len(values), most)]
    answers = gather([partial(fetch, page) for page in pages], len(pages))
    faults = tuple(fault for answer in answers for fault in answer.faults)
    return [Answer([item for one in answers for item in one.items if part.takes(item)], faults) for part in parts]
