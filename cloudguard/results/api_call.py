"""Calls of a cloud's API that make an edit, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from cloudguard.values import dataclass

ANSWER: Final = "$answer"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One API call: the API's own name, the operation as the cloud's documentation names it, and the parameters.

    ``parameters`` are JSON values by the API's own names: strings, numbers, booleans, lists and objects. The result of
    ``answer`` stands for a value from the response of an earlier call. ``answers`` are the values of this call's
    response that later calls use: the placeholder's name → the path in the response ("Group.Id").
    """

    api: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    answers: Mapping[str, str] = field(default_factory=dict[str, str])


def answer(name: str) -> Mapping[str, str]:
    """Return the placeholder in parameters for the value ``name`` of an earlier call's ``answers``."""
    return {ANSWER: name}


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that makes the edit at the index ``edit`` of its change, and the calls that undo it, in their order.

    Several calls may make one edit. If one call makes several edits, ``edit`` is the index of the first. ``inverse``
    is empty if the call cannot be undone.
    """

    edit: int
    call: ApiCall
    inverse: tuple[ApiCall, ...] = ()
