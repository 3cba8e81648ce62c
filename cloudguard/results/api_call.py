"""Calls of a cloud's API that make a change, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ANSWER: Final = "$answer"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call: the API by its own name, its operation as the cloud's documentation names it, and its parameters.

    ``parameters`` hold what JSON can: texts, numbers, truth values, lists and objects, by the API's own names; and what
    ``answer`` returns, in place of a value that only an earlier call's answer says. ``answers`` are the values of this
    call's answer that later calls take: each with the name that stands for it, and its path ("Group.Id").
    """

    api: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    answers: Mapping[str, str] = field(default_factory=dict[str, str])


def answer(name: str) -> Mapping[str, str]:
    """Return what stands in parameters for the value that an earlier call's ``answers`` call ``name``."""
    return {ANSWER: name}


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that makes the edit at the index ``edit`` of its change, and the calls that undo it, in their order.

    Several calls may make one edit, and one call several: then ``edit`` is the first of them. ``inverse`` is empty
    where nothing can undo the call.
    """

    edit: int
    call: ApiCall
    inverse: tuple[ApiCall, ...] = ()
