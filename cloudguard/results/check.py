"""Checks: what a row looks for, declared once; the README's table and the rows' pages are made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cloudguard.results.finding import Severity


@dataclass(frozen=True, eq=False)
class Check:
    """One thing that a row looks for.

    ``id`` is "row/name". ``severities``: for each severity that a finding may have, a phrase that says when.
    ``text`` says what is looked for, in a sentence or two.
    """

    id: str
    severities: Mapping[Severity, str]
    text: str
