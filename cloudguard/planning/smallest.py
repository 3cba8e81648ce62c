"""The smallest plan: an edit without which everything that it mends is mended too is dropped."""

from __future__ import annotations

from collections.abc import Sequence

from cloudguard.planning.outcome import Outcome, outcome_of
from cloudguard.planning.proposal import Proposal, Proposer
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding

MOST_JUDGED = 250_000
"""Trials are made as long as they judge no more rules than this in all: some seconds."""


def smallest(
    proposer: Proposer, proposal: Proposal, outcome: Outcome, asked: Sequence[Finding], *, with_advice: bool
) -> tuple[Proposal, Outcome]:
    """Return the proposal without the changes that nothing needs, the last of them first."""
    rules = 1 + sum(len(one.rules) for one in proposer.case.snapshot.topology.filters)
    for change in [*reversed(_free(proposal))][: MOST_JUDGED // rules]:
        trial = proposer.of(tuple(one for one in _free(proposal) if one.id != change.id))
        found = outcome_of(proposer.case.at(trial.after), asked, with_advice=with_advice)
        if found.mended >= outcome.mended and proposer.holds(trial):
            proposal, outcome = trial, found
    return proposal, outcome


def _free(proposal: Proposal) -> tuple[Change, ...]:
    """Return the changes of a proposal that may be dropped: groups go with those that name them."""
    return tuple(change for change in proposal.changes if change.kind != "group.add")
