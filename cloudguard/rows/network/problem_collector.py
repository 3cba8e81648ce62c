"""The collector of a row's excess by problem. It makes a finding with evidence and witness from each problem."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from cloudguard.needs.in_force import is_everyone
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.explanation import Attribution, attribute
from cloudguard.reachability.narrowing.changes import RuleExcess
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.reachability.senders import SenderKind
from cloudguard.results.finding import Severity
from cloudguard.results.report import Undecided
from cloudguard.rows.finding_builder import FindingBuilder
from cloudguard.rows.network.evidence import evidence_of, witness, witness_rank
from cloudguard.rows.network.phrases import services_text, subject
from cloudguard.rows.network.problem import Assessment, Problem, ProblemKind
from cloudguard.rows.network.undecided import cause_of
from cloudguard.rows.network.unguarded import guard_procedure
from cloudguard.rows.network.width import own_addresses, width_of
from cloudguard.rows.pending_finding import PendingFinding

_RATED = frozenset({SenderKind.GROUP, SenderKind.INTERNET})
"""Senders whose undecided traffic does not count if it would be advice at most."""
KindOf: TypeAlias = Callable[[Attribution], ProblemKind | None]
"""A function that returns the kind of problem of an attribution, or None if it is no problem."""
_Key: TypeAlias = tuple[str, str]
"""The ids of a resource and of its rule ("": the resource has no rule)."""


class ProblemCollector:
    """The excess of one row by problem, and lines about what is unknown.

    ``expected`` are addresses that a witness uses only if there are no others.
    """

    def __init__(self, reach: Reachability, row: str, expected: AddressSet | None = None) -> None:
        self._reach = reach
        self._row = row
        self._unexpected = AddressSet.everything() - (expected or AddressSet.nothing())
        self._own = own_addresses(reach)
        self._problems: dict[tuple[str, str, str], Problem] = {}
        self._attributed = defaultdict[_Key, ServiceSet](ServiceSet)
        self._reported = defaultdict[_Key, list[Attribution]](list)
        """By resource and rule: excess of internal senders that is not reported, because it is for the internet."""
        self._unknown: dict[str, list[Problem] | None] = {}
        """Lines about undecided traffic, each with the problems that it might be. None: it might be any problem."""
        self._undecided: dict[str, Undecided] = {}

    @property
    def unknown(self) -> tuple[str, ...]:
        """A line for each fact that could not be decided."""
        return tuple(self._unknown)

    @property
    def undecided_connections(self) -> tuple[Undecided, ...]:
        """An ``Undecided`` for each line of ``unknown``, in the same order."""
        return tuple(self._undecided[line] for line in self._unknown)

    def add(self, path: Path, excess: Bounds, kind_of: KindOf) -> None:
        """Record excess traffic on a path.

        A rule that is reported for the internet is not reported again for internal senders, so add the paths from the
        internet first.
        """
        for each in attribute(self._reach, path, excess.lower) if excess.lower else ():
            attribution = self._unreported(each)
            kind = kind_of(attribution) if attribution.packets else None
            if kind is not None:
                key = (kind.check.id, kind.name, attribution.resource.id)
                problem = self._problems.setdefault(key, Problem(*kind, attribution.resource))
                problem.attributions.append(attribution)
        if excess.undecided:
            self._record_undecided(path, excess.undecided, kind_of)

    def _unreported(self, attribution: Attribution) -> Attribution:
        """Return the attribution without services that are already reported for the same resource and rule.

        Call it for senders from the internet first.
        """
        key = _key(attribution)
        if not attribution.path.sender.inside:
            self._attributed[key] |= attribution.packets.services()
            return attribution
        known = self._attributed[key]
        if not known:
            return attribution
        self._reported[key].append(replace(attribution, packets=attribution.packets.only(known)))
        return replace(attribution, packets=attribution.packets.only(ServiceSet.everything() - known))

    def _record_undecided(self, path: Path, packets: PacketSet, kind_of: KindOf) -> None:
        """Record undecided traffic. For some senders, also record the problems that it might be."""
        services = services_text(packets.services())
        because = cause_of(self._reach, path, packets)
        target = subject([path.target])
        line = f"whether {path.sender.name} can reach {services} on {target}: {because}"
        self._undecided[line] = Undecided(line, path.sender.name, services, target, because)
        possible = self._possible(path, packets, kind_of) if path.sender.kind in _RATED else None
        known = self._unknown.get(line, [])
        self._unknown[line] = None if known is None or possible is None else known + possible

    def _possible(self, path: Path, packets: PacketSet, kind_of: KindOf) -> list[Problem] | None:
        """Return the problems if the sender sent all possible packets, or None if these are unknown."""
        certain = replace(path, allowed=exactly(path.allowed.upper))
        attributions = [*attribute(self._reach, certain, packets)]
        if not path.sender.uncertain or packets - PacketSet.union(attribution.packets for attribution in attributions):
            return None
        kinds = ((kind_of(attribution), attribution) for attribution in attributions)
        return [
            Problem(*kind, attribution.resource, attributions=[attribution])
            for kind, attribution in kinds
            if kind is not None
        ]

    def pending_findings(self, assess: Callable[[Problem], Assessment]) -> tuple[PendingFinding, ...]:
        """Return a finding for each problem, rated and worded by ``assess``.

        Undecided traffic that would be advice at most is removed from ``unknown``.
        """
        for line, possible in [*self._unknown.items()]:
            if possible is not None and all(assess(problem).severity <= Severity.LOW for problem in possible):
                del self._unknown[line]
        problems = (split for _, problem in sorted(self._problems.items()) for split in _by_senders(problem))
        return tuple(self._finding(problem, assess(problem)) for problem in problems)

    def undecided(self, assess: Callable[[Problem], Assessment], why: str) -> tuple[str, ...]:
        """Return a line for each problem that would fail the row if it were certain, and the lines of ``unknown``.

        ``why`` says why it is unknown.
        """
        rated = (assess(problem) for _, problem in sorted(self._problems.items()))
        lines = (f"whether {assessment.message}: {why}" for assessment in rated if assessment.severity > Severity.LOW)
        return (*lines, *self.unknown)

    def _finding(self, problem: Problem, assessment: Assessment) -> PendingFinding:
        builder = FindingBuilder(
            check=problem.check,
            severity=assessment.severity,
            resource=problem.resource,
            message=assessment.message,
            witness=witness(self._reach, max(problem.attributions, key=witness_rank), self._unexpected),
            evidence=evidence_of(problem),
            key=(problem.resource.id, problem.name, *filter(None, [problem.part])),
            hosts=(host.id for host in problem.hosts),
            advice=assessment.advice,
            width=width_of(self._reach, problem, self._reported_with(problem), self._own),
            latent=assessment.latent,
        )
        excesses = self._excesses(problem, assessment) if assessment.mend else ()
        changes = guard_procedure(self._row, problem, assessment) if assessment.mend else ()
        return PendingFinding(builder.build(self._reach.cluster), excesses, changes)

    def _reported_with(self, problem: Problem) -> list[Attribution]:
        """Return the excess of internal senders that is not reported because ``problem`` is."""
        keys = dict.fromkeys(_key(each) for each in problem.attributions if not each.path.sender.inside)
        return [attribution for key in keys for attribution in self._reported[key]]

    def _excesses(self, problem: Problem, assessment: Assessment) -> tuple[RuleExcess, ...]:
        """Return the excess of a problem, one ``RuleExcess`` for each rule that can be edited."""
        worth_an_edit, excesses = assessment.severity > Severity.LOW, dict[_Key, RuleExcess]()
        for attribution in problem.attributions:
            filter_, rule = attribution.filter, attribution.rule
            if filter_ is None or rule is None or not (filter_.editable or filter_.written_by):
                continue
            excess = RuleExcess(self._row, filter_, rule, assessment.keep, worth_an_edit=worth_an_edit)
            known = excesses.get(_key(attribution), excess)
            services = known.services | attribution.packets.services()
            excesses[_key(attribution)] = replace(known, services=services)
        return tuple(excesses.values())


def _key(attribution: Attribution) -> _Key:
    """Return the ids of the resource and of the rule ("" if there is none) of an attribution."""
    return attribution.resource.id, attribution.rule.id if attribution.rule else ""


def _by_senders(problem: Problem) -> Iterator[Problem]:
    """Yield a problem, or two parts of it.

    It is split if some rules let in everyone or internal senders, and other rules only some public addresses.
    """
    some, rest = list[Attribution](), list[Attribution]()
    for each in problem.attributions:
        wide = each.path.sender.inside or is_everyone(each.packets.addresses())
        (rest if wide else some).append(each)
    if not rest or not some or is_everyone(AddressSet.union(each.packets.addresses() for each in some)):
        yield problem
        return
    yield replace(problem, attributions=rest)
    yield replace(problem, attributions=some, part="some addresses")
