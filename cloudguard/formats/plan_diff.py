"""A plan as a unified diff: one hunk for each change, with its findings, proof, owner, and kept and left traffic."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from cloudguard.formats.diff import change_lines, documents, peer_text, statement_lines
from cloudguard.formats.escaping import visible
from cloudguard.formats.phrases import brief, cluster_lines, named, section
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding
from cloudguard.results.plan import Obligation, Plan
from cloudguard.results.wording import count

_PROVED = {
    Obligation.NOTHING_OPENED: "no step opens access that is closed today and not declared",
    Obligation.NOTHING_NEEDED_LOST: "all needed traffic stays allowed, for today's hosts and for new hosts",
    Obligation.DONE_TWICE: "making the changes twice has the same result as making them once",
    Obligation.QUOTAS: "no filter exceeds its limit of rules",
    Obligation.ADMINISTRATORS_LET_IN: "declared administrators who cannot reach the API today can reach it",
    Obligation.ROWS_MENDED: "a check after the plan no longer shows the findings",
}


def render(plan: Plan) -> str:
    """Return ``plan`` as text; its last line is the summary."""
    return "\n".join(visible(line) for line in _lines(plan)) + "\n"


def summary(plan: Plan) -> str:
    """Return the summary line: "12 edits: 7 in place, 3 add, 2 remove; fixes 9 of 11 findings; 2 left: 4 (…), 7 (…)".

    With procedures that people carry out: "fixes 9 of 11 findings: 7 by edits, 2 by manual procedures".
    """
    counts = plan.counts
    parts = [f"{counts.in_place} in place", f"{counts.add} add", f"{counts.remove} remove"]
    edits = f"{count(counts.by_calls, 'edit')}: {', '.join(parts)}"
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


def _lines(plan: Plan) -> Iterator[str]:
    for label, text in cluster_lines(plan.report):
        yield f"{label}: {text}"
    for change in plan.changes:
        yield from ("", *map(brief, _hunk(plan, change)))
        yield from (f"+ {line}" for text in documents(change) for line in text.splitlines())
        yield from map(brief, _effects(change))
    yield from map(brief, _result(plan))


def _result(plan: Plan) -> Iterator[str]:
    if plan.steps:
        yield from section("Order", _order(plan))
        proofs = (f"{_PROVED[proof.obligation]} ({proof.examined})" for proof in plan.proofs)
        yield from section("Proved on a model", proofs)
    left = ((_finding_line(plan, plan.report.finding(each.finding)), f"  {each.why}") for each in plan.left)
    yield from section("Left", chain.from_iterable(left))
    yield from section("Declared administrators who still cannot reach the API", plan.shut_out)
    yield from section("Findings after the plan", plan.residual)
    if plan.plan_again:
        yield from ("", "Plan again after these changes: another plan may fix more.")
    yield from ("", summary(plan))


def _hunk(plan: Plan, change: Change) -> Iterator[str]:
    rule = f", rule {change.rule}" if change.rule else ""
    yield f"@@ {change.order}. {change.kind}: {named(change.resource)}{rule} @@"
    for name in change.mends:
        word = "reduces" if change.proved and name not in plan.mends else "fixes"
        yield f"  {word} {_finding_line(plan, plan.report.finding(name))}"
    if not change.mends:
        yield "  lets in declared administrators, who cannot reach the API today"
    yield from change_lines(change)
    yield from (f"  {line}" for line in statement_lines(change))


def _effects(change: Change) -> Iterator[str]:
    for traffic in change.loses:
        yield f"  loses {traffic.services} from {peer_text(traffic.peer)}"
    for left in change.left:
        yield f"  keeps {left.services} from {peer_text(left.peer)}: {left.why}"
    if not change.proved:
        yield "  not proved, so no step makes it; see below"


def _order(plan: Plan) -> Iterator[str]:
    """Yield one line for each phase: its number of edits, and the numbers of the changes that they belong to."""
    orders = {change.id: change.order for change in plan.changes}
    phases = dict.fromkeys(step.phase for step in plan.steps)
    for phase in phases:
        steps = [step for step in plan.steps if step.phase is phase]
        changes = ", ".join(map(str, sorted({orders[step.change] for step in steps})))
        yield f"{phase}: {count(len(steps), 'edit')} of {changes}"


def _finding_line(plan: Plan, finding: Finding) -> str:
    """Return a finding's number, severity, check and message."""
    return f"{plan.report.numbers[finding.id]} {finding.severity} {finding.check}: {finding.message}"
