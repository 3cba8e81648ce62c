"""The owner of a resource, as its cloud shows it: an installer, a controller, a stack, or the cloud itself."""

from __future__ import annotations

from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Owner:
    """The program that writes a resource, and its effect on edits by hand.

    ``id``: its name in the provider's table of owners ("": the snapshot file is of an older version). ``evidence``: the
    tag, name or description that shows it. ``undone``: when it undoes an edit by hand ("": never). ``instead``: a text
    that says where to edit instead ("": the resource itself). ``names``: the names that identify that place, as pairs:
    ("cluster", "prod"), ("stack", "network").
    """

    id: str
    who: str
    evidence: str = ""
    undone: str = ""
    instead: str = ""
    names: tuple[tuple[str, str], ...] = ()
