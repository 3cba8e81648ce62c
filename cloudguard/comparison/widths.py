"""Whether a finding is as wide today as it was: who gets in, what is granted, which resources have the problem."""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.authorization import grant_lines
from cloudguard.results.network import connections


def inside(today: Iterable[str], then: Iterable[str]) -> bool:
    """Whether all that the lines of a finding's width say ``today`` is in what they said ``then``."""
    new, old = [*today], [*then]
    reached, granted = connections.is_line, grant_lines.is_line
    if not connections.read(filter(reached, new)) <= connections.read(filter(reached, old)):
        return False
    if not grant_lines.inside(filter(granted, new), filter(granted, old)):
        return False
    return {line for line in new if not (reached(line) or granted(line))} <= {*old}
