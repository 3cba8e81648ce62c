"""Who writes a resource, as its cloud shows: an installer, a controller, a stack, or the cloud itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Owner:
    """The program that writes a resource, and what becomes of an edit by hand.

    ``id``: its name in the provider's table of owners ("": the snapshot file is of an older version). ``evidence``: the
    tag, name or description that shows it. ``undone``: when it undoes an edit by hand ("": it does not). ``instead``:
    where to edit instead, in words ("": the resource itself). ``names``: what such a place is named by, each with its
    value: ("cluster", "prod"), ("stack", "network").
    """

    id: str
    who: str
    evidence: str = ""
    undone: str = ""
    instead: str = ""
    names: tuple[tuple[str, str], ...] = ()
