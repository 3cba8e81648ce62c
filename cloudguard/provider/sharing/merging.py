"""Calls that differ only in one list of values are made as one call. Each caller gets its own part of the answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Final, TypeAlias

from cloudguard.provider.answers import Answer, Item
from cloudguard.provider.tag_patterns import wildcard_pattern
from cloudguard.values import dataclass

Fetch: TypeAlias = Callable[[Sequence[str] | None], Answer]
"""A function that makes a call: for the given values, or with its own values (None)."""
Gather: TypeAlias = Callable[[Sequence[Callable[[], Answer]], int], list[Answer]]
"""A function that makes calls in parallel, and at most the given number at a time."""
_WILDCARDS: Final = frozenset("*?")


@dataclass(frozen=True, slots=True)
class PartialCall:
    """A call for all items that have one of ``values``. In a value, ``*`` matches any text and ``?`` any character.

    Calls with equal ``call`` differ only in ``values``. ``of`` returns an item's own values. ``most``: the largest
    number of values in one call. ``same_for_all``: whether an error occurs for these calls with any values.
    """

    call: Hashable
    values: tuple[str, ...]
    of: Callable[[Item], Iterable[str]]
    most: int
    same_for_all: Callable[[BaseException], bool]

    def share(self, items: Iterable[tuple[Item, frozenset[str]]]) -> list[Item]:
        """Return the items that the answer to this call includes, of items with their own values."""
        includes = self._matcher()
        return [item for item, item_values in items if includes(item_values)]

    def covers(self, other: PartialCall) -> bool:
        """Whether the answer to this call includes each item of the answer to ``other``."""
        includes = self._matcher()
        return self.call == other.call and all(
            value in self.values or (_WILDCARDS.isdisjoint(value) and includes(frozenset({value})))
            for value in other.values
        )

    def _matcher(self) -> Callable[[frozenset[str]], bool]:
        """Return a function that tells from an item's values whether the answer to the call includes the item."""
        texts = {value for value in self.values if _WILDCARDS.isdisjoint(value)}
        patterns = [wildcard_pattern(value) for value in self.values if value not in texts]

        def includes(item_values: frozenset[str]) -> bool:
            return not texts.isdisjoint(item_values) or any(
                pattern.fullmatch(value) for pattern in patterns for value in item_values
            )

        return includes


def merged(calls: Sequence[PartialCall], fetch: Fetch, gather: Gather) -> list[Answer]:
    """Return the answer to each of ``calls``, from merged calls of ``fetch``. Raises the errors of ``fetch``.

    A fault of the merged answer may concern any call, so each answer has all faults.
    """
    values = sorted({value for call in calls for value in call.values})
    most = calls[0].most
    pages = [values[start : start + most] for start in range(0, len(values), most)]
    answers = gather([partial(fetch, page) for page in pages], len(pages))
    faults = tuple(fault for answer in answers for fault in answer.faults)
    items = [(item, frozenset(calls[0].of(item))) for answer in answers for item in answer.items]
    return [Answer(call.share(items), faults) for call in calls]
