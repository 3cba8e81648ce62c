"""Test each call that an adapter makes, without effects, to find the calls that the caller may make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable

from cloudguard.model.source import Reason
from cloudguard.provider.port import CollectRequest, Progress
from cloudguard.provider.reader import Call, Reader
from cloudguard.values import dataclass

CallT = TypeVar("CallT", bound=Call)


class Outcome(StrEnum):
    """The result of testing a call: whether its permissions are granted."""

    GRANTED = "granted"
    REFUSED = "refused"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True)
class Tried:
    """A tested call: its name, the permissions that it needs, the outcome, and the cloud's message."""

    call: str
    permissions: tuple[str, ...]
    outcome: Outcome
    message: str = ""


@runtime_checkable
class TriesPermissions(Protocol):
    """An adapter that can test its calls."""

    def verify(self, request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
        """Test each call. Raises AccessError if no call is possible."""
        ...


@runtime_checkable
class WritesPermissions(Protocol):
    """An adapter that can write its read-only policy in several formats."""

    @property
    def permission_formats(self) -> tuple[str, ...]:
        """The names of the formats."""
        ...

    def permissions_as(self, format_name: str) -> str:
        """Return the policy in a format of ``permission_formats``."""
        ...


def tried(
    reader: Reader[CallT],
    asked: Iterable[tuple[CallT, Callable[[], object] | None]],
    passes: Callable[[BaseException], bool],
) -> tuple[Tried, ...]:
    """Test calls and return the outcomes.

    ``asked``: pairs of a call and a function that makes it once, for a resource that does not exist. The function is
    None if no answer would show the permission. ``passes``: whether the cloud returns an error only after it has
    checked the permission.
    """
    return tuple(reader.gather(*(partial(_try, reader, call, make, passes) for call, make in asked)))


def _try(
    reader: Reader[CallT], call: CallT, make: Callable[[], object] | None, passes: Callable[[BaseException], bool]
) -> Tried:
    if make is None:
        return Tried(call.name, call.permissions, Outcome.NOT_SHOWN, "no harmless call tests it")
    reader.progress(call.name)
    try:
        make()
    except reader.errors() as error:
        reason, message = reader.explain(error)
        if reason is Reason.DENIED:
            return Tried(call.name, call.permissions, Outcome.REFUSED, message)
        if reason is not Reason.MISSING and not passes(error):
            return Tried(call.name, call.permissions, Outcome.NOT_SHOWN, message)
    return Tried(call.name, call.permissions, Outcome.GRANTED)
