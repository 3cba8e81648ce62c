"""The smallest plan: changes that no requested finding needs are dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cloudguard.planning.outcome import Outcome
from cloudguard.planning.proposal import Proposal, Proposer
from cloudguard.reachability.host_classes import HostClass
from cloudguard.results.change import Change

MOST_TRIALS = 32
MOST_RULES = 10_000
"""The largest number of trials, and of rules that are judged in all trials together: one or two seconds of work."""


def smallest(proposer: Proposer, proposal: Proposal, outcome: Outcome) -> tuple[Proposal, Outcome]:
    """Return ``proposal`` without the changes that no mended finding needs, and its outcome.

    First, all changes that mend no finding are tried for removal. Then changes are tried one by one, the last first.
    """
    useless = [change for change in _droppable(proposal) if outcome.gone.isdisjoint(change.mends)]
    if useless:
        proposal, outcome = _without(proposer, proposal, outcome, useless)
    topology = proposer.case.snapshot.topology
    rules = 1 + sum(len(guard.rules) for guard in topology.filters)
    chains = frozenset(guard.id for guard in topology.filters if guard.in_chain)
    likely = [*_likely_unnecessary(_droppable(proposal), proposer.prover.first.classes, chains)][::-1]
    others = [change for change in reversed(_droppable(proposal)) if change not in likely]
    for change in (*likely, *others)[: min(MOST_TRIALS, MOST_RULES // rules)]:
        proposal, outcome = _without(proposer, proposal, outcome, [change])
    return proposal, outcome


def _without(
    proposer: Proposer, proposal: Proposal, outcome: Outcome, dropped: Iterable[Change]
) -> tuple[Proposal, Outcome]:
    """Return the proposal without ``dropped``, and its outcome, if it holds and mends as much; else the arguments."""
    names = {change.id for change in dropped}
    trial = proposer.of(tuple(change for change in _droppable(proposal) if change.id not in names))
    reached = proposer.outcome(trial)
    return (trial, reached) if reached.gone >= outcome.gone and proposer.holds(trial) else (proposal, outcome)


def _droppable(proposal: Proposal) -> tuple[Change, ...]:
    """Return the changes that can be dropped. A new group is dropped together with the changes that refer to it."""
    return tuple(change for change in proposal.changes if change.kind != "group.add")


def _likely_unnecessary(
    changes: Sequence[Change], classes: Iterable[HostClass], chains: frozenset[str]
) -> Iterator[Change]:
    """Yield the changes that other changes most likely make unnecessary.

    These are edits of a filter whose traffic another edited filter on the same path also stops: a filter of the load
    balancer before the host, or a filter of the same chain. Changes of other resources than filters are included.
    """
    edited = {change.resource.id for change in changes}
    crossed = set[str]()
    for host_class in classes:
        filters = edited.intersection(host_class.key.filters)
        of_balancers = edited.intersection(
            name for registration in host_class.key.registrations for name in registration.balancer.all_filters
        )
        crossed |= filters | of_balancers if filters and of_balancers else set[str]()
        crossed |= filters if len(filters & chains) > 1 else set[str]()
    yield from (change for change in changes if change.resource.kind != "filter" or change.resource.id in crossed)
