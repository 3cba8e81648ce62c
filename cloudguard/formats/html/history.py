"""The changes since an earlier run: findings by fate, and rows that became unknown or known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cloudguard.results.comparison import Fate, FindingChange
from cloudguard.results.finding import Finding
from cloudguard.results.report import Report
from cloudguard.results.since import Since
from cloudguard.values import dataclass

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
    """The changed findings by fate, and the number of unchanged ones. ``earlier`` is the time of the earlier run."""

    since: Since
    earlier: str
    groups: tuple[FateGroup, ...]
    unchanged: int


def moment(text: str) -> str:
    """Return an ISO 8601 time as "2026-01-01 02:17 UTC"; any other text is returned unchanged."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except ValueError:
        return text


def since_section(since: Since | None) -> SinceSection | None:
    """Return the section of the changes, None if the report was not compared with an earlier one."""
    if since is None:
        return None
    groups = (FateGroup(title, since.with_fate(fate)) for fate, title in _TITLES.items())
    changed = tuple(group for group in groups if group.findings)
    return SinceSection(since, moment(since.earlier), changed, len(since.with_fate(Fate.UNCHANGED)))


def states_of(report: Report) -> dict[str, str]:
    """Return a dict of finding id → state: "new", "unchanged", "waived", or "open" if no earlier run was compared."""
    fates = report.since.by_id if report.since else {}
    return {finding.id: _state(finding, fates.get(finding.id)) for finding in report.findings}


def _state(finding: Finding, change: FindingChange | None) -> str:
    if finding.waived:
        return "waived"
    if change is None:
        return "open"
    return "new" if change.counts_as_new else "unchanged"
