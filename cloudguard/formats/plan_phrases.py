"""Phrases for plans: the summary line, and a finding in one line."""

from __future__ import annotations

from cloudguard.results.finding import Finding
from cloudguard.results.plan import Plan
from cloudguard.results.wording import count


def summary(plan: Plan) -> str:
    """Return the summary line: "12 edits: 7 in place, 3 add, 2 remove; fixes 9 of 11 findings; 2 left: 4 (…), 7 (…)".

    With procedures that people carry out: "fixes 9 of 11 findings: 7 by edits, 2 by manual procedures".
    """
    counts = plan.counts
    parts = [f"{counts.in_place} in place", f"{counts.add} add", f"{counts.remove} remove"]
    edits = f"{count(sum(counts[:3]), 'edit')}: {', '.join(parts)}"
    if counts.procedures:
        edits += f"; {count(counts.procedures, 'procedure')}"
    mends = f"fixes {len(plan.mends)} of {count(len(plan.asked), 'finding')}"
    if plan.by_hand:
        mends += f": {len(plan.mends) - len(plan.by_hand)} by edits, {len(plan.by_hand)} by manual procedures"
    if not plan.left:
        return f"{edits}; {mends}"
    numbers = plan.report.numbers
    left = ", ".join(f"{numbers[finding.finding]} ({finding.why})" for finding in plan.left)
    return f"{edits}; {mends}; {len(plan.left)} left: {left}"


def finding_line(plan: Plan, finding: Finding) -> str:
    """Return a finding's number, severity, check and message."""
    return f"{plan.report.numbers[finding.id]} {finding.severity} {finding.check}: {finding.message}"
