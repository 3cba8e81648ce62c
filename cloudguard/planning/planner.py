"""The plan for one cluster: the changes that mend its findings, as the cloud can hold them, proved on the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from cloudguard.planning.administrators import lets_in_administrators, shut_out, with_administrators
from cloudguard.planning.candidates import Candidates, can_be_called, candidates_of
from cloudguard.planning.case import Case, Choice
from cloudguard.planning.edits.group_changes import moves
from cloudguard.planning.edits.model_edits import edited, edits_with_changes
from cloudguard.planning.edits.rule_writer import RuleWriter
from cloudguard.planning.outcome import Outcome, outcome_of, residual
from cloudguard.planning.proposal import Proposal, Proposer
from cloudguard.planning.rounds import MOST_ROUNDS, MOST_RULES, combined
from cloudguard.planning.smallest import smallest
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.results.change import Change, KeptTraffic, Procedure, RuleTraffic
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.plan import LeftFinding, Obligation, Plan, Proof, Step
from cloudguard.results.report import Report
from cloudguard.results.wording import count
from cloudguard.rows import api_server_access
from cloudguard.values import dataclass

NO_CHANGE = "no known rule or setting of yours would fix it"
ALL_NEEDED = "the cluster needs what the rules allow, and no group separates the needed senders from the others"


class Proved(NamedTuple):
    """All candidates, the proved and needed part of them, and the outcome of that part."""

    candidates: Candidates
    proposal: Proposal
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class Planned:
    """A plan, its input, and the proposal that was proved. ``proposal`` holds the edits in the order of the steps."""

    plan: Plan
    case: Case
    proposal: Proposal


def make_plan(case: Case, report: Report, choice: Choice) -> Planned:
    """Return the plan for the findings of ``report`` that ``choice`` asks for.

    ``report`` must be the judgement of ``case``, with changes for low findings if ``choice.with_advice`` is set.
    """
    requested = [finding for finding in report.findings if choice.asks_for(finding)]
    proposer = Proposer(case, requested, choice)
    proved = _smallest_proposal(proposer, report.plan)
    proved = min((proved, *_with_moves(proposer, proved)), key=lambda each: len(each.proposal.order))
    (candidates, proposal, outcome), plan_again = _with_rounds(proposer, proved)
    unmended = dict(_unmended(requested, candidates, outcome))
    rows = outcome.rows
    if len(unmended) == len(requested):  # the plan mends no finding: make no edits
        proposal, rows = proposer.of(()), report.rows
    if choice.asks_for_row(api_server_access.ROW) and not choice.only:
        others, proposal = proposal, with_administrators(proposer, proposal)
        if proposal is not others:
            rows, _ = case.at(proposal.after).judged(with_advice=choice.with_advice)
    mended = tuple(finding for finding in requested if finding.id not in unmended)
    steps = tuple(_steps(proposal, case.change_forms))
    plan = Plan(
        report,
        _changes(requested, candidates, proposal),
        steps,
        asked=tuple(finding.id for finding in requested),
        mends=tuple(finding.id for finding in mended),
        left=tuple(LeftFinding(finding, why) for finding, why in unmended.items()),
        residual=residual(report.findings, (finding for row in rows for finding in row.findings)),
        verdicts=tuple((row.row, row.verdict) for row in rows),
        shut_out=shut_out(case.at(proposal.after).context),
        by_hand=_waiting_for_procedures(case, proposal, steps, mended),
        plan_again=plan_again and bool(proposal.order),
    )
    return Planned(replace(plan, proofs=tuple(_proofs(proposer, proposal, plan))), case, proposal)


def _waiting_for_procedures(
    case: Case, proposal: Proposal, steps: Sequence[Step], mended: Sequence[Finding]
) -> tuple[str, ...]:
    """Return the ids of the findings that stay until a person carries out the plan's procedures without calls."""
    entries = zip((entry for _, entry in proposal.order), steps, strict=True)
    edits = [entry for entry, step in entries if step.calls or not isinstance(entry[1], Procedure)]
    if len(edits) == len(proposal.order):
        return ()
    gone = outcome_of(case.at(edited(case.snapshot, edits)), mended, with_advice=True).gone
    return tuple(finding.id for finding in mended if finding.id not in gone)


def _proofs(proposer: Proposer, proposal: Proposal, plan: Plan) -> Iterator[Proof]:
    yield from proposer.prover.proofs(proposal.order)
    if admitted := [change for change in proposal.changes if lets_in_administrators(change)]:
        yield Proof(Obligation.ADMINISTRATORS_LET_IN, f"all ways in to the API, after {count(len(admitted), 'change')}")
    yield Proof(Obligation.ROWS_MENDED, count(len(plan.mends), "finding"))


def _smallest_proposal(proposer: Proposer, changes: Iterable[Change], *first: Change) -> Proved:
    """Return the smallest proved proposal of the changes ``first``, followed by the candidates of ``changes``."""
    topology, choice = proposer.case.snapshot.topology, proposer.choice
    filters = {guard.id: guard for guard in topology.filters}
    candidates = candidates_of(
        changes,
        frozenset(finding.id for finding in proposer.requested),
        {endpoint.id: endpoint for endpoint in topology.endpoints},
        RuleWriter(filters, proposer.case.change_forms, proposer.members, choice.most_rules),
    )
    candidates.changes = (*first, *candidates.changes)
    proposal = proposer.proved(candidates)
    return Proved(candidates, *smallest(proposer, proposal, proposer.outcome(proposal)))


def _with_moves(proposer: Proposer, proved: Proved) -> Iterator[Proved]:
    """Yield each proposal that first removes external members from a group and mends at least as much as ``proved``."""
    case = proposer.case
    for move in moves(proved.proposal.changes, case.snapshot.topology):
        moved = case.at(edited(case.snapshot, edits_with_changes([move])))
        _, changes = moved.judged(with_advice=proposer.choice.with_advice)
        other = _smallest_proposal(proposer, changes, move)
        if other.outcome.gone >= proved.outcome.gone:
            yield other


def _with_rounds(proposer: Proposer, proved: Proved) -> tuple[Proved, bool]:
    """Return the result of further rounds of planning, and whether another plan may mend more."""
    case, choice = proposer.case, proposer.choice
    large = sum(len(guard.rules) for guard in case.snapshot.topology.filters) > MOST_RULES
    for _ in range(MOST_ROUNDS):
        findings = [finding for finding in proved.outcome.findings if choice.asks_for(finding)]
        if large or not findings:
            return proved, large and bool(findings)
        second = Proposer(case.at(proved.proposal.after), findings, choice)
        later = _smallest_proposal(second, proved.outcome.changes)
        if len(dict(_unmended(findings, later.candidates, later.outcome))) == len(findings):
            return proved, False
        states = case.snapshot, later.proposal.after
        first, further = proved.proposal.changes, later.proposal.changes
        changes = combined(first, further, states, proposer.requested, choice.most_rules)
        if changes is None or not all(can_be_called(change, case.change_forms) for change in changes):
            return proved, True
        trial = proposer.of(changes)
        if not proposer.holds(trial):
            return proved, True
        reached = proposer.outcome(trial)
        if not reached.gone >= proved.outcome.gone:
            return proved, True
        proved = Proved(proved.candidates, trial, reached)
    return proved, True


def _changes(requested: Sequence[Finding], candidates: Candidates, proposal: Proposal) -> tuple[Change, ...]:
    """Return all changes of a plan with their numbers, including the changes that are not proved."""
    worst = {finding.id: finding.severity for finding in requested}
    proved = {change.id for change in proposal.changes}
    changes = sorted(
        (*proposal.changes, *candidates.by_hand, *candidates.incomplete), key=lambda change: _rank(change, worst)
    )
    return tuple(_finished(change, order, proved=change.id in proved) for order, change in enumerate(changes, 1))


def _rank(change: Change, worst: Mapping[str, Severity]) -> tuple[bool, int, str, str]:
    """Return the sort key of a change: new groups first, then by the worst severity that the change removes."""
    severity = max((worst[name] for name in change.mends if name in worst), default=Severity.LOW)
    return change.kind != "group.add", -severity, change.row, change.id


def _finished(change: Change, order: int, *, proved: bool) -> Change:
    """Return ``change`` with its number, and with the traffic that its edits keep and lose."""
    edits = change.rule_edits
    keeps = [KeptTraffic(edit.after.peer, edit.after.services, "; ".join(edit.needs)) for edit in edits if edit.after]
    loses = [replace(edit.before, services=edit.loses) for edit in edits if edit.before and edit.loses]
    return replace(change, order=order, proved=proved, keeps=tuple(keeps), loses=tuple[RuleTraffic, ...](loses))


def _steps(proposal: Proposal, change_forms: ChangeForms) -> Iterator[Step]:
    """Yield one step for each edit, in order, with the calls that make the edit after all earlier edits."""
    ordered = list[Change]()
    for number, (phase, (change, edit)) in enumerate(proposal.order, 1):
        alone = change if len(change.edits) == 1 else replace(change, edits=(edit,))
        index = change.edits.index(edit)
        calls = change_forms.calls(alone, ordered)
        ordered.append(alone)
        yield Step(
            number,
            phase,
            change.id,
            index,
            tuple(call if call.edit == index else replace(call, edit=index) for call in calls),
        )


def _unmended(requested: Sequence[Finding], candidates: Candidates, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Yield the id of each finding that stays, with the reason."""
    stays = {finding: _left_text(change) for change in candidates.changes if change.left for finding in change.mends}
    for finding in requested:
        if finding.id in outcome.gone:
            if instead := outcome.instead_of(finding, requested):
                yield finding.id, f"less is allowed after the plan, but {instead}"
        else:
            usual = ALL_NEEDED if finding.resource.kind == "filter" else NO_CHANGE
            why = candidates.why.get(finding.id) or stays.get(finding.id) or finding.advice or usual
            yield finding.id, why


def _left_text(change: Change) -> str:
    return "; ".join(
        f"{traffic.services} from {traffic.peer.value} would stay allowed: {traffic.why}" for traffic in change.left
    )
