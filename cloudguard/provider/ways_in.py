"""Read a provider's table of ways in, ``ways_in.toml``. Each ``[[way]]`` has the fields of ``WayIn``."""

from __future__ import annotations

from functools import cache

from cloudguard.model.ways_in import WayIn, WayInTarget, WayState
from cloudguard.tables import record, table_of

FILE = "ways_in.toml"


@cache
def ways_in(package: str) -> tuple[WayIn, ...]:
    """Return the ways in of a provider's ``package``, in the file's order. The file is read once in a process."""
    tables = table_of(package, FILE)["way"]
    return tuple(record(WayIn, table, leads_to=lambda names: tuple(map(WayInTarget, names))) for table in tables)


def asked_for(ways: tuple[WayIn, ...]) -> tuple[str, ...]:
    """Return the ids of the ways in that are asked for or shut. A snapshot records them as ``asked``."""
    return tuple(way.id for way in ways if way.state is not WayState.NOT_ASKED)
