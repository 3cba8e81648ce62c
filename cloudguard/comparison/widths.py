"""Compare the width of a finding with its earlier width: who is let in, what is granted, which resources have it."""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.authorization import grant_lines
from cloudguard.results.network import connections


def inside(today: Iterable[str], then: Iterable[str]) -> bool:
    """Whether the width of a finding ``today`` is inside its earlier width ``then``. Both are lines of text."""
    new, old = [*today], [*then]
    reached, granted = connections.is_line, grant_lines.is_line
    if not connections.read(filter(reached, new)) <= connections.read(filter(reached, old)):
        return False
    if not grant_lines.inside(filter(granted, new), filter(granted, old)):
        return False
    return {line for line in new if not (reached(line) or granted(line))} <= {*old}
