"""A comparison as plain text: access that opened or closed, and the fate of each finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import brief, section, shortened
from cloudguard.results.comparison import AccessChange, Comparison, Fate, FindingChange, PermissionChange, Requests
from cloudguard.results.wording import count

_LONGEST = 160
"""The largest number of characters of a line. JSON has the complete text."""


def render(comparison: Comparison) -> str:
    """Return a comparison as text."""
    lines = [f"{comparison.cluster}: {comparison.old} → {comparison.new}"]
    if comparison.access:
        lines += _section("Opened", (_access_text(access) for access in comparison.access.opened))
        lines += _section("Closed", (_access_text(access) for access in comparison.access.closed))
        lines += _section("May have opened or closed", comparison.access.undecided)
    for fate in Fate:
        shown = [change for change in comparison.with_fate(fate) if fate is not Fate.UNCHANGED or change.was]
        lines += _section(f"Findings {fate}", map(_finding_text, shown))
    lines += _section("Unknown", comparison.unknown)
    return "\n".join(visible(line) for line in (*lines, "", summary(comparison))) + "\n"


def summary(comparison: Comparison) -> str:
    """Return the summary line of a comparison."""
    counts = [f"{len(comparison.with_fate(fate))} {fate}" for fate in Fate]
    access = comparison.access
    opened = [f"{len(access.opened)} opened, {len(access.closed)} closed"] if access else []
    total = count(len(comparison.findings), "finding")
    return "; ".join((*opened, f"{total}: {', '.join(counts)}"))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    return section(f"{title}:", (shortened(brief(line), _LONGEST) for line in lines))


def _access_text(change: AccessChange) -> str:
    if isinstance(change, PermissionChange):
        requests = "; ".join(map(_requests_text, change.requests)) or change.actions
        return f"{change.name or change.identity} may use {shortened(requests, _LONGEST // 2)}: {change.witness}"
    access = "; ".join(
        f"{part.services} from {part.addresses}" if part.addresses else part.services for part in change.packets
    )
    return f"{change.sender} → {change.target}: {shortened(access, _LONGEST // 2)}; {change.witness}"


def _requests_text(requests: Requests) -> str:
    """Return requests in a line: "disk:DeleteVolume on n:p:disk:*:*:volume/* if tag/prod is absent"."""
    return f"{requests.actions} on {requests.resources}" + (
        f" if {' and '.join(requests.conditions)}" if requests.conditions else ""
    )


def _finding_text(change: FindingChange) -> str:
    was = f", was {change.was}" if change.was else ""
    why = f" ({change.why})" if change.why else ""
    return f"{change.severity}{was}  {change.check}  {change.message}{why}"
