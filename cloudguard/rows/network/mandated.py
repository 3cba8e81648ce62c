"""Rules that the provider writes and insists on: advice, unless something that is not the cluster's stands there."""

from __future__ import annotations

from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.results.finding import Severity
from cloudguard.rows.context import Context
from cloudguard.rows.network.problem import Problem

_FEW = 3
_ANY = AddressSet.everything()


class MandatedRules:
    """Rates problems by such rules, and knows what is unknown of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._excused = False

    @property
    def unknown(self) -> tuple[str, ...]:
        """Whether something else stands there, where a problem was excused and that was not read."""
        if not self._excused or self._context.snapshot.topology.neighbours is not None:
            return ()
        return ("what stands in the subnets of the hosts, which a rule of the provider lets in, is not all known",)

    def rated(self, problem: Problem, severity: Severity, message: str) -> tuple[Severity, str, str]:
        """Return the severity, message and advice of a problem: low by such rules alone, unless something stands there.

        The advice is what to do instead of editing these rules.
        """
        if not self._responsible(problem):
            return severity, message, ""
        writers = [one.rule.written_by for one in problem.attributions if one.rule]
        remedy = "; ".join(sorted({one.instead for one in writers if one} - {""}))
        if severity <= Severity.LOW:
            return severity, message, remedy
        names = self._standing_there(problem)
        if names:
            more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
            verb = "stands" if len(names) == 1 else "stand"
            return severity, f"{message}; {', '.join(names[:_FEW])}{more} {verb} there today", remedy
        self._excused = True
        return Severity.LOW, message, remedy

    def _responsible(self, problem: Problem) -> bool:
        """Whether only such rules are, and reach no further than the cluster's own subnets and pods."""
        reach = self._context.reach
        own = reach.senders.ranges({target.key.subnet for target in reach.classes}) | self._context.cluster.pod_ranges
        rules = [attribution.rule for attribution in problem.attributions]
        return all(
            rule is not None and rule.provider_mandated and (reach.filters.peers(rule) or _ANY) - self._empty <= own
            for rule in rules
        )

    @property
    def _empty(self) -> AddressSet:
        """Addresses of networks that none of their subnets has: nothing stands there."""
        found = AddressSet.nothing()
        for network in self._context.snapshot.topology.networks:
            subnets = [one for one in self._context.snapshot.topology.subnets if one.network == network.id]
            if subnets:
                found |= network.ranges - AddressSet.union(one.ranges for one in subnets)
        return found

    def _standing_there(self, problem: Problem) -> tuple[str, ...]:
        """Return what stands today where a problem's senders may be, by name."""
        addresses = problem.packets.addresses()
        neighbours = self._context.snapshot.topology.neighbours or ()
        found = (one for one in neighbours if any(part & addresses for part in one.addresses))
        return tuple(sorted({one.owner or one.id for one in found}))
