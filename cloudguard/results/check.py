"""Checks: the things that a row looks for. The README's table and the rows' pages are made from them."""

from __future__ import annotations

from collections.abc import Mapping

from cloudguard.results.finding import Severity
from cloudguard.results.reference import Reference
from cloudguard.values import dataclass


@dataclass(frozen=True, eq=False)
class Check:
    """One thing that a row looks for.

    ``id`` is "row/name". ``severities`` has, for each severity that a finding may have, a phrase that says when.
    ``text`` says in one or two sentences what the check looks for. ``references`` are those of its findings; only
    formats that show them for checks need them.
    """

    id: str
    severities: Mapping[Severity, str]
    text: str
    references: tuple[Reference, ...] = ()
