"""Match waivers with findings: which findings a waiver covers, and the state of each waiver."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime

from cloudguard.comparison.widths import beyond, inside
from cloudguard.needs.setting_values import nearest
from cloudguard.needs.waivers import DeclaredWaiver
from cloudguard.permission_sets.globs import glob, matches
from cloudguard.results.finding import Finding, Waiver, WaiverState, WaiverUse
from cloudguard.results.network.connections import to_any_target
from cloudguard.results.report import RowResult
from cloudguard.values import dataclass

SOON = 14
"""A waiver is reported as expiring from this many days before its last day."""


def day_of(time: str) -> date:
    """Return the day of an ISO 8601 time, in UTC."""
    return datetime.fromisoformat(time).astimezone(UTC).date()


@dataclass(frozen=True)
class Waivers:
    """The waivers that apply to one cluster. ``day``: the day when the cluster was read."""

    declared: tuple[DeclaredWaiver, ...]
    day: date

    @classmethod
    def of(cls, declared: Iterable[DeclaredWaiver], cluster: str, time: str) -> Waivers:
        """Return the waivers of ``declared`` that apply to ``cluster``, which was read at the ISO 8601 ``time``."""
        return cls(tuple(waiver for waiver in declared if _matches(waiver.cluster, cluster)), day_of(time))

    def __call__(self, finding: Finding, *, roles_known: bool = True) -> Waiver | None:
        """Return the waiver that covers ``finding``. None if no waiver covers it.

        ``roles_known``: whether the roles of the finding's hosts are known. If they are not, the roles in the width are
        not compared.
        """
        for waiver in self.declared:
            if (
                is_about(waiver, finding)
                and waiver.expires >= self.day
                and covers(waiver, finding, roles_known=roles_known)
            ):
                any_width = bool(finding.width) and not waiver.width
                return Waiver(waiver.owner, waiver.reason, waiver.expires.isoformat(), waiver.origin, any_width)
        return None

    def uses(self, rows: Sequence[RowResult]) -> tuple[WaiverUse, ...]:
        """Return the use of each waiver in ``rows``: its state, and the findings that it covers."""
        return tuple(self._use(waiver, rows) for waiver in self.declared)

    def _use(self, waiver: DeclaredWaiver, rows: Sequence[RowResult]) -> WaiverUse:
        findings = [finding for row in rows for finding in row.findings if is_about(waiver, finding)]
        days = (waiver.expires - self.day).days
        accepted = [finding for finding in findings if days >= 0 and covers(waiver, finding)]
        others = [finding for finding in findings if finding not in accepted]
        wider = others if days >= 0 else []
        return WaiverUse(
            number=waiver.number,
            origin=waiver.origin,
            target=waiver.target,
            owner=waiver.owner,
            reason=waiver.reason,
            expires=waiver.expires.isoformat(),
            state=_state(days, found=bool(findings), outgrown=bool(others), complete=_is_read(waiver, rows)),
            days_left=days,
            covered=tuple(finding.id for finding in accepted),
            uncovered=tuple(finding.id for finding in others),
            beyond=tuple(dict.fromkeys(line for each in wider for line in beyond(each.width, waiver.width))),
            any_width=not waiver.width and any(finding.width for finding in accepted),
            cluster=waiver.cluster,
        )


def unknown_checks(waivers: Iterable[DeclaredWaiver], checks: Sequence[str]) -> Iterator[str]:
    """Yield a fault for each waiver whose pattern matches none of ``checks`` (ids)."""
    for waiver in waivers:
        if waiver.check and not any(_matches(waiver.check, check) for check in checks):
            where = f"{waiver.origin or 'waivers'}: waiver[{waiver.number - 1}].check"
            yield f"{where}: there is no check {waiver.check!r}{nearest(waiver.check, checks)}"


def is_about(waiver: DeclaredWaiver, finding: Finding) -> bool:
    """Whether a waiver applies to a finding. The width is not compared."""
    if waiver.finding:
        return waiver.finding == finding.id
    names = (finding.resource.id, finding.resource.name)
    return _matches(waiver.check, finding.check) and any(_matches(waiver.resource, name) for name in names)


def covers(waiver: DeclaredWaiver, finding: Finding, *, roles_known: bool = True) -> bool:
    """Whether a finding is no wider than the width in a waiver that applies to it."""
    if not waiver.width:
        return True
    today, then = finding.width, waiver.width
    return inside(today, then) if roles_known else inside(to_any_target(today), to_any_target(then))


def _is_read(waiver: DeclaredWaiver, rows: Iterable[RowResult]) -> bool:
    """Whether all facts were read for every row that a waiver may apply to."""
    unread = [row.row for row in rows if row.questions]
    if not waiver.check:
        return not unread
    row, slash, _ = waiver.check.partition("/")
    return not any(not slash or _matches(row, name) for name in unread)


def _state(days: int, *, found: bool, outgrown: bool, complete: bool) -> WaiverState:
    if not found:
        return WaiverState.UNUSED if complete else WaiverState.UNKNOWN
    if days < 0:
        return WaiverState.EXPIRED
    if outgrown:
        return WaiverState.OUTGROWN
    return WaiverState.EXPIRING if days <= SOON else WaiverState.ACTIVE


def _matches(pattern: str, text: str) -> bool:
    return matches(glob(pattern), text)
