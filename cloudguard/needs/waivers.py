"""Waivers in the user's form: ``[[waiver]]`` in ``cloudguard.toml`` or ``cloudguard-waivers.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from cloudguard.needs.setting_values import Kind, list_of, table, text
from cloudguard.permission_sets.globs import ReservedCharacterError, glob
from cloudguard.values import dataclass

FILE_NAME: Final = "cloudguard-waivers.toml"
MOST_DAYS: Final = 400
"""The largest number of days until a waiver expires: one year, and some weeks to renew it."""
_ID: Final = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class DeclaredWaiver:
    """A waiver: ``owner`` accepts findings for a ``reason``, up to and including the day ``expires``.

    It applies to the finding with the id ``finding``, or to findings whose ``check``, ``resource`` (id or name) and
    ``cluster`` match these patterns with ``*`` and ``?``. ``width``: the width of the finding when the waiver was
    written; empty: the waiver covers any width. ``number``: its position in the file ``origin``, from 1.
    """

    reason: str
    owner: str
    expires: date
    finding: str = ""
    check: str = ""
    resource: str = "*"
    cluster: str = "*"
    width: tuple[str, ...] = ()
    number: int = 0
    origin: str = ""

    @property
    def target(self) -> str:
        """The finding or findings that the waiver applies to, in one line."""
        if self.finding:
            return f"finding {self.finding}"
        return self.check + (f" on {self.resource}" if self.resource != "*" else "")


def _date(value: object) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    message = f"{str(value)!r} is not a date: write 2027-03-31"
    raise ValueError(message)


def _finding_id(value: str) -> str:
    if _ID.fullmatch(value) is None:
        message = f"{value!r} is not the id of a finding: ids have 12 hex digits"
        raise ValueError(message)
    return value


def _pattern(value: str) -> str:
    try:
        glob(value)
    except ReservedCharacterError as error:
        raise ValueError(str(error)) from None
    return value


def _check(value: str) -> str:
    if not value.strip("*?/"):
        message = f"{value!r} means every check: name one, for example etcd-access/*"
        raise ValueError(message)
    return _pattern(value)


def _read(value: object) -> DeclaredWaiver:
    waiver = _WAIVER.read(value)
    if bool(waiver.finding) is bool(waiver.check):
        message = "give finding (an id), or check with resource and cluster"
        raise ValueError(message)
    if waiver.finding and waiver.resource != "*":
        message = "give resource only with check: a finding's id includes the resource"
        raise ValueError(message)
    return waiver


_REQUIRED: Final[Mapping[str, Kind[Any]]] = {
    "reason": text(),
    "owner": text(),
    "expires": Kind(_date, schema={"type": "string", "format": "date"}),
}
_OPTIONAL: Final[Mapping[str, Kind[Any]]] = {
    "finding": text(_finding_id),
    "check": text(_check),
    "resource": text(_pattern),
    "cluster": text(_pattern),
    "width": list_of(text()),
}
_WAIVER: Final = table(DeclaredWaiver, _REQUIRED, _OPTIONAL)
WAIVER_TABLE: Final = Kind(_read, schema=_WAIVER.schema)
"""The kind of a table ``[[waiver]]``."""


def too_late(waivers: Iterable[DeclaredWaiver], today: date) -> Iterator[str]:
    """Yield a fault for each waiver that expires more than ``MOST_DAYS`` days after ``today``."""
    for waiver in waivers:
        if (waiver.expires - today).days > MOST_DAYS:
            place = f"{waiver.origin}: waiver[{waiver.number - 1}].expires"
            yield f"{place}: {waiver.expires} is more than {MOST_DAYS} days ahead"
