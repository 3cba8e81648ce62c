"""Collects a row's excess by problem, and makes a finding of each problem with its evidence and witness."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from cloudguard.model.filters import Direction
from cloudguard.packet_sets.bounds import Bounds
from cloudguard.packet_sets.packets import Packet, PacketSet
from cloudguard.packet_sets.services import ServiceSet, service_name
from cloudguard.reachability.explanation import Attribution, attribute, hops
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.narrowing import RuleExcess
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.results.change import Resource
from cloudguard.results.finding import Evidence, Finding, Witness, finding_id
from cloudguard.rows.network.phrases import FEW, services_text, subject, target_text
from cloudguard.rows.network.problem import Assessment, Problem, ProblemKind
from cloudguard.rows.pending_finding import PendingFinding

NOTABLE = tuple(ServiceSet.parse(text) for text in ("tcp/22", "tcp/10250", "tcp/6443", "tcp/443"))
"""Services that make a witness telling, where they are in the set."""


class ProblemCollector:
    """Gathers one row's excess by problem, and what can't be told."""

    def __init__(self, reach: Reachability, row: str) -> None:
        self._reach = reach
        self._row = row
        self._problems: dict[tuple[str, str, str], Problem] = {}
        self._blamed: dict[tuple[str, str], ServiceSet] = {}
        self._open: dict[str, None] = {}

    @property
    def unknown(self) -> tuple[str, ...]:
        """What can't be told, a line each."""
        return tuple(self._open)

    def add(self, way: Path, excess: Bounds, tier: Callable[[Path, Attribution], ProblemKind | None]) -> None:
        """Take in what a way lets in beyond need; what the internet is blamed for is not blamed on the inside again."""
        for found in attribute(self._reach, way, excess.lower) if excess.lower else ():
            one = self._news(way, found)
            told = tier(way, one) if one.part else None
            if told is not None:
                self._enter(told, way, one)
        if excess.undecided:
            self._ask(way, excess.undecided)

    def _news(self, way: Path, one: Attribution) -> Attribution:
        """Return what of a blame the same rule or resource was not blamed for already, the internet's part first."""
        key = (one.resource.id, one.rule.id if one.rule else "")
        known = self._blamed.get(key, ServiceSet.nothing())
        if not way.sender.inside:
            self._blamed[key] = known | one.part.services()
            return one
        return replace(one, part=one.part.only(ServiceSet.everything() - known)) if known else one

    def _enter(self, told: ProblemKind, way: Path, one: Attribution) -> None:
        check, name = told
        problem = self._problems.setdefault((check, name, one.resource.id), Problem(check, name, one.resource))
        problem.attributions.append(one)
        problem.paths.append(way)

    def _ask(self, way: Path, packets: PacketSet) -> None:
        services = services_text(packets.services())
        because = next(iter(_causes(self._reach, way, packets)), "a filter or route on the way could not be read")
        self._open[f"whether {way.sender.name} can reach {services} on {subject([way.target])}: {because}"] = None

    def pending_findings(self, judge: Callable[[Problem], Assessment]) -> tuple[PendingFinding, ...]:
        """Return a finding a problem, worded by ``judge``."""
        return tuple(self._draft(problem, judge(problem)) for _, problem in sorted(self._problems.items()))

    def _draft(self, problem: Problem, judged: Assessment) -> PendingFinding:
        name = finding_id(self._reach.cluster, problem.check, problem.resource.id, problem.kind)
        finding = Finding(
            id=name,
            check=problem.check,
            severity=judged.severity,
            resource=problem.resource,
            message=judged.message,
            witness=witness(self._reach, problem.paths[0], problem.attributions[0]),
            evidence=tuple(_evidence(problem)),
            hosts=tuple(host.id for host in problem.hosts),
            advice=judged.advice,
        )
        return PendingFinding(finding, self._edits(problem, judged) if judged.mend else ())

    def _edits(self, problem: Problem, judged: Assessment) -> tuple[RuleExcess, ...]:
        """Return an edit a blamed rule, with all of its excess."""
        found: dict[tuple[str, str], RuleExcess] = {}
        for one in problem.attributions:
            if one.filter is None or one.rule is None or not (one.filter.editable or one.filter.note):
                continue
            edit = RuleExcess(self._row, one.filter, one.rule, judged.keep, judged.narrow)
            known = found.get((one.filter.id, one.rule.id), edit)
            found[one.filter.id, one.rule.id] = known.also(one.part.services())
        return tuple(found.values())


def _causes(reach: Reachability, way: Path, packets: PacketSet) -> Iterable[str]:
    if not way.sender.exact:
        yield way.sender.name
    for name in way.filters:
        if name not in reach.filters.filters:
            yield f"filter {name} could not be read"
    for one, rule in reach.filters.rules(way.filters, Direction.INGRESS, way.target_groups, way.destination):
        doubt = reach.filters.uncertain(rule, way.destination)
        if doubt and packets.only(rule.services):
            yield f"{one.id}, rule {rule.id}: {doubt}"


def _evidence(problem: Problem) -> Iterable[Evidence]:
    seen: dict[tuple[str, str], Evidence] = {}
    for one in problem.attributions:
        rule = one.rule.id if one.rule else ""
        seen.setdefault((one.resource.id, rule), Evidence(one.resource, rule, one.call, one.fact))
    yield from seen.values()
    strangers = {one.id: one for way in problem.paths for one in way.sender.external_members[:FEW]}
    for stranger in strangers.values():
        resource = Resource("interface", stranger.id, stranger.owner)
        yield Evidence(resource, "", stranger.source.call, f"carries {', '.join(stranger.groups)}")
    for target in problem.targets[:FEW]:
        if isinstance(target, HostClass) and target.hosts:
            host = target.hosts[0]
            fact = "; ".join(host.evidence) or "no evidence of its role"
            yield Evidence(Resource("host", host.id, host.name), "", host.source.call, fact)
        elif isinstance(target, HostClass):
            for pool in target.pools:
                resource = Resource("pool", pool.id, pool.name)
                yield Evidence(resource, "", pool.source.call, "its next host would be reached so")


def witness(reach: Reachability, way: Path, one: Attribution) -> Witness:
    """Return one packet that gets in on ``way`` by what is blamed, and its path."""
    packets = one.part
    telling = next((part for part in map(packets.only, NOTABLE) if part), packets)
    packet = telling.witness() or Packet("0.0.0.0", 0)  # noqa: S104 - an empty set has no witness; callers give none
    place = target_text(way.target)
    via = f" via {way.balancer.kind}/{way.balancer.name}" if way.balancer else ""
    sender = f"{packet.address} ({way.sender.example})" if way.sender.example else packet.address
    service = service_name(packet.service)
    return Witness(
        f"{sender} → {service} on {place}{via}",
        hops(reach, way, packet, one),
        (("origin", way.sender.name), ("source", packet.address), ("service", service), ("target", place)),
        packet.address,
        place,
        service,
    )
