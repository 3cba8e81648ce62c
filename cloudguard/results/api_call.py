"""Calls of a cloud's API that make a change, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call: the API by its own name, its operation as the cloud's documentation names it, and its parameters.

    ``parameters`` hold what JSON can: texts, numbers, truth values, lists and objects, by the API's own names.
    """

    api: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that makes the edit at the index ``edit`` of its change, and the calls that undo it, in their order.

    Several calls may make one edit, and one call several: then ``edit`` is the first of them. ``inverse`` is empty
    where nothing can undo the call.
    """

    edit: int
    call: ApiCall
    inverse: tuple[ApiCall, ...] = ()
