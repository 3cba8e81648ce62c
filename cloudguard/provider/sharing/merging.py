"""Calls that differ in one list of values alone are made as one, and each gets its own part of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

from cloudguard.provider.answers import Answer, Item

Fetch: TypeAlias = Callable[[Sequence[str] | None], Answer]
"""Makes a call: for these values, or (None) as it was asked."""
Gather: TypeAlias = Callable[[Sequence[Callable[[], Answer]], int], list[Answer]]
"""Makes calls in parallel, at most so many."""


@dataclass(frozen=True, slots=True)
class Part:
    """A call for all items that have one of ``values``, where ``*`` matches any text and ``?`` any letter.

    Calls with the same ``call`` differ in the values alone. ``of`` returns an item's own values. One call takes at most
    ``most``. ``same_for_all``: whether each such call fails with an error, whatever its values.
    """

    call: Hashable
    values: tuple[str, ...]
    of: Callable[[Item], Iterable[str]]
    most: int
    same_for_all: Callable[[BaseException], bool]

    def takes(self, item: Item) -> bool:
        """Whether the call's answer has ``item``."""
        own = self.of(item)
        return any(_pattern(value).fullmatch(name) for name in own for value in self.values)


@cache
def _pattern(value: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in value), re.DOTALL)


def merged(parts: Sequence[Part], fetch: Fetch, gather: Gather) -> list[Answer]:
    """Return the answer to each of ``parts``, asked for as one by ``fetch``, whose errors it raises.

    What the cloud says that it left out may be of any part, and is told in each.
    """
    values = sorted({value for part in parts for value in part.values})
    most = parts[0].most
    pages = [values[start : start + most] for start in range(0, len(values), most)]
    answers = gather([partial(fetch, page) for page in pages], len(pages))
    faults = tuple(fault for answer in answers for fault in answer.faults)
    return [Answer([item for one in answers for item in one.items if part.takes(item)], faults) for part in parts]
