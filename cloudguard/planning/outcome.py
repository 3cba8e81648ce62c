"""The outcome of a plan: the changed model is judged again, and its findings are compared with today's findings."""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.planning.case import Case
from cloudguard.planning.edits.model_edits import NEW_GROUP, origin_of
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import RowResult
from cloudguard.values import dataclass


@dataclass(frozen=True, eq=False)
class Outcome:
    """The rows and changes of the changed model. ``gone``: ids of findings that are no longer found, or are now low."""

    rows: tuple[RowResult, ...]
    changes: tuple[Change, ...]
    gone: frozenset[str]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings of the changed model."""
        return tuple(finding for row in self.rows for finding in row.findings)

    def instead_of(self, finding: Finding, before: Iterable[Finding]) -> str:
        """Return the message of a new finding of the same check and the same rules; "" if ``finding`` is mended."""
        known = {finding.id for finding in before}
        for new in self.findings:
            same = new.check == finding.check and new.severity > Severity.LOW and new.id not in known
            if same and _by_the_same_rules(new, finding):
                return new.message
        return ""


def outcome_of(case: Case, requested: Iterable[Finding], *, with_advice: bool) -> Outcome:
    """Return the outcome for the ``requested`` findings if the facts are the facts of ``case``."""
    rows, changes = case.judged(with_advice=with_advice)
    severities = {finding.id: finding.severity for row in rows for finding in row.findings}
    gone = frozenset(finding.id for finding in requested if _is_gone(finding, severities.get(finding.id)))
    return Outcome(rows, changes, gone)


def _is_gone(finding: Finding, severity: Severity | None) -> bool:
    return severity is None or severity is Severity.LOW < finding.severity


def _by_the_same_rules(new: Finding, old: Finding) -> bool:
    """Whether two findings rest on the same rule, or the new finding on what replaced the old finding's rule.

    A new list guards the endpoint whose id follows ``NEW_GROUP`` in the list's id.
    """
    rules = {(fact.resource.id, fact.rule) for fact in old.evidence}
    origins = {(fact.resource.id, name) for fact in new.evidence for name in (fact.rule, origin_of(fact.rule))}
    origins |= {(fact.resource.id.removeprefix(NEW_GROUP), "") for fact in new.evidence}
    return not rules.isdisjoint(origins)


def residual(before: Iterable[Finding], after: Iterable[Finding]) -> tuple[str, ...]:
    """Return the messages of the findings above low in ``after`` that were not findings above low in ``before``."""
    known = {finding.id for finding in before if finding.severity > Severity.LOW}
    return tuple(finding.message for finding in after if finding.severity > Severity.LOW and finding.id not in known)
