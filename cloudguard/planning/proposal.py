"""The proved part of the candidates: changes that break an obligation are left out, and the rest is proved again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from cloudguard.model.filters import Action, Direction
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.planning.candidates import Candidates
from cloudguard.planning.case import Case, Choice
from cloudguard.planning.edits.group_changes import group_changes
from cloudguard.planning.edits.rule_edits import without_repeats
from cloudguard.planning.outcome import Outcome, outcome_of
from cloudguard.planning.proof.obligations import Ordered, Prover, responsible
from cloudguard.planning.proof.order import ordered
from cloudguard.reachability.explanation import rule_traffic
from cloudguard.reachability.narrowing.peer_names import new_group
from cloudguard.results.change import Change, RuleTraffic
from cloudguard.results.finding import Finding
from cloudguard.values import dataclass


@dataclass(frozen=True, eq=False)
class Proposal:
    """Changes that are made together, their edits in order, and the snapshot after them."""

    changes: tuple[Change, ...]
    order: Ordered
    after: Snapshot


class Proposer:
    """Makes proposals for one case, and judges them.

    ``requested``: the findings that the plan must mend. ``choice``: the choice of the user that asks for them.
    """

    def __init__(self, case: Case, requested: Sequence[Finding] = (), choice: Choice | None = None) -> None:
        self.case, self.requested, self.choice = case, requested, choice or Choice()
        self.prover = Prover(case.context, case.change_forms)
        topology = case.snapshot.topology
        self._filters = {guard.id: guard for guard in topology.filters}
        self._subnets = {subnet.id: subnet for subnet in topology.subnets}
        self._present: Mapping[str, frozenset[RuleTraffic]] = {
            guard.id: frozenset(
                rule_traffic(rule)
                for rule in guard.rules
                if rule.direction is Direction.INGRESS and rule.action is Action.PERMIT and not rule.uncertain
            )
            for guard in topology.filters
        }

    @cached_property
    def members(self) -> Mapping[str, AddressSet]:
        """All addresses that the cluster's hosts in a group may have, by its id, or by a new group's value."""
        addresses: dict[str, list[AddressSet]] = {}
        for host_class in self.prover.first.classes:
            new_groups = {new_group(host_class).value, new_group(host_class, in_subnet=True).value}
            for group in (*host_class.key.groups, *new_groups):
                addresses.setdefault(group, []).append(host_class.possible_addresses)
        return {group: AddressSet.union(each) for group, each in addresses.items()}

    def proved(self, candidates: Candidates) -> Proposal:
        """Return the proposal of all changes of ``candidates`` that break no obligation.

        The other changes are removed from ``candidates``, with the violation as the reason.
        """
        while True:
            proposal = self.of(candidates.changes)
            broken = [*self.prover.violations(proposal.order)]
            if not broken:
                return proposal
            for violation in broken:
                candidates.leave(responsible(violation, candidates.changes) or candidates.changes, violation.text)

    def holds(self, proposal: Proposal) -> bool:
        """Whether ``proposal`` breaks no obligation."""
        return not any(True for _ in self.prover.violations(proposal.order))

    def outcome(self, proposal: Proposal) -> Outcome:
        """Return the outcome of ``proposal`` for the requested findings."""
        return outcome_of(self.case.at(proposal.after), self.requested, with_advice=self.choice.with_advice)

    def of(self, changes: tuple[Change, ...]) -> Proposal:
        """Return the proposal of ``changes``, with the changes that create the new groups that they name."""
        once = without_repeats(changes, self._filters, self._present)
        groups = group_changes(once, self.prover.first.classes, self._subnets, self.case.snapshot.cluster.name)
        together = (*groups, *once)
        order = ordered(together, self._filters, self.case.change_forms)
        return Proposal(together, order, self.prover.points(order)[2])
