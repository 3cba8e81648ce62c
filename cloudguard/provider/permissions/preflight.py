"""Tries each call that an adapter makes, harmlessly, to tell which the caller may make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable

from cloudguard.model.source import Reason
from cloudguard.provider.port import CollectRequest, Progress
from cloudguard.provider.reader import Call, Reader

CallT = TypeVar("CallT", bound=Call)


class Outcome(StrEnum):
    """What a call that was tried shows of its permissions."""

    GRANTED = "granted"
    REFUSED = "refused"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True, slots=True)
class Tried:
    """A call that was tried: its name, the permissions that it takes, what it shows of them, the cloud's words."""

    call: str
    permissions: tuple[str, ...]
    outcome: Outcome
    message: str = ""


@runtime_checkable
class TriesPermissions(Protocol):
    """An adapter that can try its calls."""

    def verify(self, request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
        """Try each call. Raises AccessError when nothing can be asked."""
        ...


@runtime_checkable
class WritesPermissions(Protocol):
    """An adapter that writes the policy that it needs in more formats than one."""

    @property
    def permission_formats(self) -> tuple[str, ...]:
        """The names of the formats."""
        ...

    def permissions_as(self, format_name: str) -> str:
        """Return the policy in one of ``permission_formats``."""
        ...


def tried(
    reader: Reader[CallT],
    asked: Iterable[tuple[CallT, Callable[[], object] | None]],
    passes: Callable[[BaseException], bool],
) -> tuple[Tried, ...]:
    """Try calls, each as what makes it once, for nothing that is there; None: no answer would show the permission.

    ``passes``: whether an error comes only after the permission was found to be there.
    """
    return tuple(reader.gather(*(partial(_try, reader, call, make, passes) for call, make in asked)))


def _try(
    reader: Reader[CallT], call: CallT, make: Callable[[], object] | None, passes: Callable[[BaseException], bool]
) -> Tried:
    if make is None:
        return Tried(call.name, call.permissions, Outcome.NOT_SHOWN, "no harmless call shows it")
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
