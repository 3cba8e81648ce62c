"""A comparison as plain text: access that opened or closed, and the fate of each finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import brief, count, shortened
from cloudguard.results.comparison import AccessChange, Comparison, Fate, FindingChange, PermissionChange, Requests

_LONGEST = 160
"""The largest number of characters of a line. JSON has the complete text."""


def render(found: Comparison) -> str:
    """Return a comparison as text."""
    lines = [f"{found.cluster}: {found.old} → {found.new}"]
    if found.access:
        lines += _section("Opened", (_access_text(one) for one in found.access.opened))
        lines += _section("Closed", (_access_text(one) for one in found.access.closed))
        lines += _section("May have opened or closed", found.access.undecided)
    for fate in Fate:
        shown = [one for one in found.with_fate(fate) if fate is not Fate.UNCHANGED or one.was]
        lines += _section(f"Findings {fate}", map(_finding_text, shown))
    lines += _section("Unknown", found.unknown)
    return "\n".join(visible(line) for line in (*lines, "", summary(found))) + "\n"


def summary(found: Comparison) -> str:
    """Return the summary line of a comparison."""
    counts = [f"{len(found.with_fate(fate))} {fate}" for fate in Fate]
    access = found.access
    opened = [f"{len(access.opened)} opened, {len(access.closed)} closed"] if access else []
    total = count(len(found.findings), "finding")
    return "; ".join((*opened, f"{total}: {', '.join(counts)}"))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    shown = [*lines]
    if shown:
        yield from ("", f"{title}:", *(f"  {shortened(brief(line), _LONGEST)}" for line in shown))


def _access_text(one: AccessChange) -> str:
    if isinstance(one, PermissionChange):
        parts = "; ".join(map(_requests_text, one.requests)) or one.actions
        return f"{one.name or one.identity} may use {shortened(parts, _LONGEST // 2)}: {one.witness}"
    what = "; ".join(f"{services} from {addresses}" if addresses else services for addresses, services in one.packets)
    return f"{one.sender} → {one.target}: {shortened(what, _LONGEST // 2)}; {one.witness}"


def _requests_text(one: Requests) -> str:
    """Return requests in a line: "disk:DeleteVolume on n:p:disk:*:*:volume/* if tag/prod is absent"."""
    return f"{one.actions} on {one.resources}" + (f" if {' and '.join(one.conditions)}" if one.conditions else "")


def _finding_text(one: FindingChange) -> str:
    was = f", was {one.was}" if one.was else ""
    why = f" ({one.why})" if one.why else ""
    return f"{one.severity}{was}  {one.check}  {one.message}{why}"
