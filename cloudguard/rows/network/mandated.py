"""Provider-mandated rules. A problem with them is advice if only the cluster's own hosts are in the allowed ranges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from cloudguard.model.filters import Rule
from cloudguard.model.network import Interface
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.reachability.allowed_traffic import EVERYWHERE
from cloudguard.reachability.paths import Path
from cloudguard.results.finding import Severity
from cloudguard.results.wording import few
from cloudguard.rows.context import Context
from cloudguard.rows.network.problem import Assessment, Problem


class MandatedRules:
    """The rating of problems with provider-mandated rules, and what is unknown about these rules."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._excused = False
        self._uncertain = dict[str, None]()

    @property
    def unknown(self) -> tuple[str, ...]:
        """The reasons why a problem that was rated low may not be low: unknown interfaces in the hosts' subnets."""
        if not self._excused:
            return ()
        rule = "a rule of the provider lets these subnets in"
        if self._context.snapshot.topology.neighbours is None:
            return (f"not all interfaces in the hosts' subnets are known, and {rule}",)
        return tuple(f"{why}, it is in the hosts' subnets, and {rule}" for why in self._uncertain)

    def rated(self, problem: Problem, assessment: Assessment) -> Assessment:
        """Return the assessment of a problem with provider-mandated rules.

        The severity becomes low if these rules alone let the senders in, and only the cluster is in the allowed ranges.
        The advice says what to do instead of an edit of these rules.
        """
        if not self._only_mandated_rules(problem):
            return assessment
        writers = [attribution.rule.written_by for attribution in problem.attributions if attribution.rule]
        remedy = "; ".join(sorted({writer.instead for writer in writers if writer} - {""}))
        assessment = replace(assessment, advice=remedy or assessment.advice)
        if assessment.severity <= Severity.LOW:
            return assessment
        if names := self._in_allowed_ranges(problem):
            verb = "is" if len(names) == 1 else "are"
            return replace(assessment, message=f"{assessment.message}; {few(names)} {verb} in these ranges today")
        self._excused = True
        self._uncertain |= dict.fromkeys(nic.uncertain for nic in self._neighbours_in(problem))
        return replace(assessment, severity=Severity.LOW)

    def _only_mandated_rules(self, problem: Problem) -> bool:
        """Whether provider-mandated rules into the cluster's own subnets and pods alone let all of the excess in.

        Another rule that lets in a part of the same, such as a copy for a log, changes nothing.
        """
        mandated = defaultdict[tuple[Path, str], PacketSet](PacketSet.nothing)
        others = list[tuple[tuple[Path, str], PacketSet]]()
        for attribution in problem.attributions:
            key = attribution.path, attribution.filter.id if attribution.filter else ""
            if attribution.rule is not None and self._lets_in_only_the_cluster(attribution.rule):
                mandated[key] |= attribution.packets
            else:
                others.append((key, attribution.packets))
        return bool(mandated) and not any(packets - mandated[key] for key, packets in others)

    def _lets_in_only_the_cluster(self, rule: Rule) -> bool:
        """Whether a rule is provider-mandated and lets in only the cluster's own subnets and pods."""
        reach = self._context.reach
        own_addresses = (
            reach.senders.ranges({target.key.subnet for target in reach.classes}) | self._context.cluster.pod_ranges
        )
        return (
            rule.provider_mandated
            and (reach.filters.peers(rule) or EVERYWHERE) - self._unused_addresses <= own_addresses
        )

    @property
    def _unused_addresses(self) -> AddressSet:
        """Addresses of networks that are in none of their subnets, so that no host can have them."""
        addresses = AddressSet.nothing()
        for network in self._context.snapshot.topology.networks:
            subnets = [subnet for subnet in self._context.snapshot.topology.subnets if subnet.network == network.id]
            if subnets:
                addresses |= network.ranges - AddressSet.union(subnet.ranges for subnet in subnets)
        return addresses

    def _in_allowed_ranges(self, problem: Problem) -> tuple[str, ...]:
        """Return the names of hosts outside the cluster that have one of the problem's sender addresses today."""
        certain = (interface for interface in self._neighbours_in(problem) if not interface.uncertain)
        return tuple(sorted({interface.owner or interface.id for interface in certain}))

    def _neighbours_in(self, problem: Problem) -> Iterator[Interface]:
        """Yield the interfaces outside the cluster that have one of the problem's sender addresses."""
        addresses = problem.packets.addresses()
        neighbours = self._context.snapshot.topology.neighbours or ()
        return (interface for interface in neighbours if any(part & addresses for part in interface.addresses))
