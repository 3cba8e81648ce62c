"""Waivers as the user writes them: ``[[waiver]]`` in ``cloudguard.toml`` or ``cloudguard-waivers.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from cloudguard.needs.setting_values import Kind, many, table, text
from cloudguard.permission_sets.globs import ReservedCharacterError, glob

FILE_NAME: Final = "cloudguard-waivers.toml"
MOST_DAYS: Final = 400
"""So far ahead may a waiver expire: a year, and some weeks to renew it in."""
_ID: Final = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class DeclaredWaiver:
    """Findings that ``owner`` accepts, for a ``reason``, through the day ``expires``.

    It is about the ``finding`` with an id, or about findings whose ``check``, ``resource`` (id or name) and cluster
    match patterns with ``*`` and ``?``. ``width`` is the finding's when it was written; empty: it covers any.
    ``number`` counts from 1 in the file ``origin``.
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
        """What it is about, in a line."""
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
    message = f"{str(value)!r} is no date: write 2027-03-31"
    raise ValueError(message)


def _finding_id(value: str) -> str:
    if _ID.fullmatch(value) is None:
        message = f"{value!r} is no id of a finding: they have 12 hex digits"
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
        message = f"{value!r} is every check: name one, as in etcd-access/*"
        raise ValueError(message)
    return _pattern(value)


def _read(value: object) -> DeclaredWaiver:
    waiver = _WAIVER.read(value)
    if bool(waiver.finding) is bool(waiver.check):
        message = "give finding (an id), or check with resource and cluster"
        raise ValueError(message)
    if waiver.finding and waiver.resource != "*":
        message = "resource belongs to check: finding names one already"
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
    "width": many(text()),
}
_WAIVER: Final = table(DeclaredWaiver, _REQUIRED, _OPTIONAL)
WAIVER_TABLE: Final = Kind(_read, schema=_WAIVER.schema)
"""A table ``[[waiver]]``."""


def too_late(waivers: Iterable[DeclaredWaiver], today: date) -> Iterator[str]:
    """Yield a fault for each waiver that expires too far ahead of ``today``."""
    for one in waivers:
        if (one.expires - today).days > MOST_DAYS:
            place = f"{one.origin}: waiver[{one.number - 1}].expires"
            yield f"{place}: {one.expires} is more than {MOST_DAYS} days ahead"
