"""The shapes of the types in ``cloudguard/comparison/v1``."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final, Literal

from cloudguard.formats.contract.document import Member, Shape, Shapes, computed, document, text
from cloudguard.results.comparison import AccessChange, Comparison, PermissionChange, TrafficChange


def _of_access(type_: Any, name: str) -> Member:  # noqa: ANN401 - any type
    """Return the member ``name`` of a comparison's access. None if the access was not compared."""
    return computed(type_ | None, lambda comparison: comparison.access and getattr(comparison.access, name))


COMPARISON_SHAPES: Final[Shapes] = {
    Comparison: Shape(
        left_out=frozenset({"access"}),
        members={
            "schema": computed(Literal["cloudguard/comparison/v1"], attrgetter("schema")),
            "opened": _of_access(tuple[AccessChange, ...], "opened"),
            "closed": _of_access(tuple[AccessChange, ...], "closed"),
            "undecided": _of_access(tuple[str, ...], "undecided"),
        },
        first=("schema", "cluster", "old", "new", "opened", "closed", "undecided"),
    ),
    TrafficChange: Shape(members={"kind": computed(Literal["traffic"], lambda _change: "traffic")}, first=("kind",)),
    PermissionChange: Shape(
        members={"kind": computed(Literal["permissions"], lambda _change: "permissions")}, first=("kind",)
    ),
}


def as_json(comparison: Comparison) -> str:
    """Return a comparison as JSON in ASCII. Equal comparisons give equal text."""
    return text(document(comparison, comparison, COMPARISON_SHAPES))
