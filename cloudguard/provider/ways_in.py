"""Read a provider's table of ways in, ``ways_in.toml``. Each ``[[way]]`` has the fields of ``WayIn``."""

from __future__ import annotations

from functools import cache

from cloudguard.model.ways_in import WayIn, WayInTarget, WayState
from cloudguard.tables import table_of

FILE = "ways_in.toml"


@cache
def ways_in(package: str) -> tuple[WayIn, ...]:
    """Return the ways in of a provider's ``package``, in the file's order. The file is read once in a process."""
    return tuple(
        WayIn(
            id=table["id"],
            name=table["name"],
            leads_to=tuple(WayInTarget(target) for target in table["leads-to"]),
            source=table["source"],
            calls=tuple(table.get("calls", ())),
            shut_by=table.get("shut-by", ""),
            would_help=table.get("would-help", ""),
            pointer=table.get("pointer", ""),
        )
        for table in table_of(package, FILE)["way"]
    )


def asked_for(ways: tuple[WayIn, ...]) -> tuple[str, ...]:
    """Return the ids of the ways in that are asked for or shut. A snapshot records them as ``asked``."""
    return tuple(way.id for way in ways if way.state is not WayState.NOT_ASKED)
