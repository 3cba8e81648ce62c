"""Compare the width of a finding with its earlier width: who is let in, what is granted, which resources have it."""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.authorization import grant_lines
from cloudguard.results.network import connections


def inside(today: Iterable[str], then: Iterable[str]) -> bool:
    """Whether the width of a finding ``today`` is inside its earlier width ``then``. Both are lines of text."""
    return not beyond(today, then)


def beyond(today: Iterable[str], then: Iterable[str]) -> tuple[str, ...]:
    """Return the lines of a finding's width ``today`` that are not inside its earlier width ``then``."""
    new, old = [*today], [*then]
    reached, granted = connections.is_line, grant_lines.is_line
    more = connections.read(filter(reached, new)) - connections.read(filter(reached, old))
    others = (line for line in new if not (reached(line) or granted(line)) and line not in old)
    return *more.lines(), *grant_lines.beyond(filter(granted, new), filter(granted, old)), *others
