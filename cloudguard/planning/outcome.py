"""What a plan mends: the changed model is judged again, and its findings are compared with today's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cloudguard.planning.case import Case
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import RowResult


@dataclass(frozen=True, eq=False)
class Outcome:
    """``rows`` and ``changes`` of the changed model, and which findings are ``mended`` (ids)."""

    rows: tuple[RowResult, ...]
    changes: tuple[Change, ...]
    mended: frozenset[str]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is still found."""
        return tuple(finding for row in self.rows for finding in row.findings)


def outcome_of(case: Case, asked: Iterable[Finding], *, with_advice: bool) -> Outcome:
    """Return what becomes of the findings ``asked`` for once the facts are those of ``case``."""
    rows, changes = case.judged(with_advice=with_advice)
    severities = {finding.id: finding.severity for row in rows for finding in row.findings}
    mended = frozenset(finding.id for finding in asked if _is_mended(finding, severities.get(finding.id)))
    return Outcome(rows, changes, mended)


def _is_mended(finding: Finding, severity: Severity | None) -> bool:
    return severity is None or severity is Severity.LOW < finding.severity


def residual(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[str, ...]:
    """Return the messages of what is found afterwards, above low, that was no finding of its own before."""
    known = {finding.id for finding in before if finding.severity > Severity.LOW}
    return tuple(one.message for one in after if one.severity > Severity.LOW and one.id not in known)
