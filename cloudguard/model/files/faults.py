"""The faults of a file, each with its place, such as "cluster.hosts[0].id: missing"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError

MOST_FAULTS = 20
"""The maximum number of faults in a list. More faults are only counted."""


def faults(error: ValidationError) -> Iterator[str]:
    """Yield each fault that pydantic found."""
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        yield _fault(fault["loc"], fault["type"], fault["msg"])


def listed(faults: Sequence[str]) -> str:
    """Return faults as one line."""
    more = len(faults) - MOST_FAULTS
    return "; ".join(faults[:MOST_FAULTS]) + (f"; and {more} more" if more > 0 else "")


def _fault(location: Iterable[int | str], kind: str, message: str) -> str:
    if kind == "json_invalid":
        return f"it is damaged or cut short ({message.removeprefix('Invalid JSON: ')})"
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).lstrip(".")
    if kind == "unexpected_keyword_argument":
        return f"{path}: no such field"
    if kind == "missing":
        return f"{path}: missing"
    message = message.removeprefix("Value error, ")
    return f"{path}: {message[:1].lower()}{message[1:]}"
