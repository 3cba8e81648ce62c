"""What is different since an earlier run, by what became of findings and of rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cloudguard.results.comparison import Fate, FindingChange
from cloudguard.results.finding import Finding
from cloudguard.results.report import Report
from cloudguard.results.since import Since

_TITLES: Final = {
    Fate.NEW: "New",
    Fate.REOPENED: "Reopened",
    Fate.WIDER: "Wider",
    Fate.REPLACED: "Replaced",
    Fate.FIXED: "Fixed",
    Fate.UNCONFIRMED: "Unconfirmed",
}


@dataclass(frozen=True, slots=True)
class FateGroup:
    """The findings with one fate."""

    title: str
    findings: tuple[FindingChange, ...]


@dataclass(frozen=True, slots=True)
class SinceSection:
    """The findings by fate, but for those that are unchanged, whose number is ``unchanged``."""

    earlier: str
    groups: tuple[FateGroup, ...]
    unchanged: int
    newly_unknown: tuple[str, ...]
    known_again: tuple[str, ...]


def moment(text: str) -> str:
    """Return an ISO 8601 time as people read it: "2026-01-01 02:17 UTC"; what is no time as it is."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return text


def since_section(since: Since | None) -> SinceSection | None:
    """Return what is different, None where a report was compared with none."""
    if since is None:
        return None
    groups = (FateGroup(title, since.of_fate(fate)) for fate, title in _TITLES.items())
    return SinceSection(
        moment(since.earlier),
        tuple(group for group in groups if group.findings),
        len(since.of_fate(Fate.UNCHANGED)),
        since.newly_unknown,
        since.known_again,
    )


def states_of(report: Report) -> dict[str, str]:
    """Return each finding's state by its id: "new", "unchanged", "waived", or "open" where nothing was compared."""
    fates = {one.id: one for one in report.since.findings} if report.since else {}
    return {finding.id: _state(finding, fates.get(finding.id)) for finding in report.findings}


def _state(finding: Finding, change: FindingChange | None) -> str:
    if finding.waived:
        return "waived"
    if change is None:
        return "open"
    return "new" if change.counts_as_new else "unchanged"
