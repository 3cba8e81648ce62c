"""One direction of a gate: what peers get through, by their address and by the labels they carry, in two bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cloudguard.model.filters import Action
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds, exactly, unknown
from cloudguard.packet_sets.ordered_rules import UNDECIDED, Decided, first_match
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet

EVERYWHERE = AddressSet.everything()


@dataclass(frozen=True)
class AllowedTraffic:
    """Rules that only permit: ``ranges`` by the peer's address, ``labels`` by what the peer carries."""

    by_address: Bounds
    by_group: Mapping[str, ServiceSet]

    def of_group(self, labels: Iterable[str]) -> ServiceSet:
        """Services open to whoever carries any of ``labels``."""
        together = ServiceSet.nothing()
        for label in labels:
            together |= self.by_group.get(label, ServiceSet.nothing())
        return together

    def allows(self, addresses: AddressSet, labels: Iterable[str]) -> Bounds:
        """What peers at ``addresses`` that carry ``labels`` get through."""
        named = self.of_group(labels)
        admitted = self.by_address.within(addresses)
        return admitted | exactly(PacketSet.of([(addresses, named)])) if named else admitted

    def allows_group(self, label: str, addresses: AddressSet) -> Bounds:
        """What peers at ``addresses`` get through because they carry ``label``."""
        named = exactly(PacketSet.of([(addresses, self.of_group((label,)))]))
        return named | unknown(self.by_address.undecided.within(addresses))


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule of a chained filter: whom it is about is told by ``addresses`` or, if it is not "", by ``label``.

    ``sure``: it matches exactly that; else none, any part or all of it.
    """

    action: Action
    services: ServiceSet
    addresses: AddressSet
    group: str = ""
    exact: bool = True


RuleList = tuple[CompiledRule, ...]
"""The rules of one chained filter, in order."""


@dataclass(frozen=True)
class FilterChain(AllowedTraffic):
    """Filters asked in order, the first rule that matches counting in each; what none of them decides is denied."""

    rule_lists: tuple[RuleList, ...] = ()
    _known: dict[frozenset[str], Bounds] = field(default_factory=dict[frozenset[str], Bounds])

    def allows(self, addresses: AddressSet, labels: Iterable[str]) -> Bounds:
        """What peers at ``addresses`` that carry ``labels`` get through."""
        named = {line.group for layer in self.rule_lists for line in layer}
        return self._by(frozenset(labels) & named).within(addresses)

    def allows_group(self, label: str, addresses: AddressSet) -> Bounds:
        """What peers at ``addresses`` get through because they carry ``label``."""
        labelled, plain = self.allows(addresses, (label,)), self.by_address.lower
        return Bounds(labelled.lower - plain, labelled.upper - plain)

    def _by(self, labels: frozenset[str]) -> Bounds:
        if not labels:
            return self.by_address
        found = self._known.get(labels)
        if found is None:
            found = self._known[labels] = decided(self.rule_lists, labels)
        return found


def chain(layers: tuple[RuleList, ...]) -> FilterChain:
    """Return what a chain of filters lets pass."""
    labels: dict[str, ServiceSet] = {}
    for line in (line for layer in layers for line in layer):
        if line.group and line.action is Action.PERMIT:
            labels[line.group] = labels.get(line.group, ServiceSet.nothing()) | line.services
    return FilterChain(decided(layers, frozenset()), labels, layers)


def decided(layers: Iterable[RuleList], labels: frozenset[str]) -> Bounds:
    """Return what peers that carry ``labels``, and no other that a rule names, get through."""
    lower = upper = UNDECIDED
    for layer in layers:
        lines = [line for line in layer if not line.group or line.group in labels]
        lower = lower.then(_decide([(_at_worst(line), line) for line in lines]))
        upper = upper.then(_decide([(_at_best(line), line) for line in lines]))
    return Bounds(lower.permit, upper.permit)


def _at_worst(line: CompiledRule) -> Action | None:
    """Return what a line surely does for a peer; None: nothing. One that may pass on may hide what denies."""
    if line.exact:
        return line.action
    return None if line.action is Action.PERMIT else Action.DENY


def _at_best(line: CompiledRule) -> Action | None:
    if line.exact:
        return line.action
    return None if line.action is Action.DENY else Action.PERMIT


def _decide(lines: Sequence[tuple[Action | None, CompiledRule]]) -> Decided:
    """Return what one filter decides; what matches ``NEXT`` first is left undecided."""
    acting = [(action, line) for action, line in lines if action is not None]
    found = first_match([(action is Action.PERMIT, line.addresses, line.services) for action, line in acting])
    if all(action is not Action.NEXT for action, _ in acting):
        return found
    other = first_match([(action is not Action.DENY, line.addresses, line.services) for action, line in acting])
    return Decided(found.permit, other.deny)
