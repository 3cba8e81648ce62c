"""Parts of rules: one for each peer of a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from cloudguard.model.filters import Filter, Rule
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.results.change import PeerOf, RulePeer, RuleTraffic


@dataclass(frozen=True, slots=True)
class Part:
    """One peer of a rule, and what it is about on the guarded side: ``groups``, or addresses (``own``); none for all.

    ``id`` is the id of the model's rule, "" for an added one. ``order`` is its rule's, or that of the rule that it
    takes over from.
    """

    id: str
    traffic: RuleTraffic
    groups: tuple[str, ...] = ()
    own: AddressSet = NO_ADDRESSES
    description: str = ""
    uncertain: str = ""
    order: int = 0

    @classmethod
    def of(cls, rule: Rule) -> Part:
        """Return a rule of the model as a part of the rule that it was read from."""
        peer = RulePeer(PeerOf(rule.peer.kind), str(rule.peer))
        traffic = RuleTraffic(rule.direction, rule.services, peer, rule.action)
        return cls(
            rule.id,
            traffic,
            rule.target_groups,
            rule.target_ranges,
            rule.description,
            rule.uncertain,
            rule.order,
        )

    def instead(self, traffic: RuleTraffic) -> Part:
        """Return an added part that takes over from this one."""
        return replace(self, id="", traffic=traffic, uncertain="")


def name_of_rule(id_: str) -> str:
    """Return the name of the rule that a rule of the model was read from: "ssh" of "ssh#2"."""
    name, mark, number = id_.rpartition("#")
    return name if mark and number.isdecimal() else id_


def parts_of(guard: Filter) -> dict[str, list[Part]]:
    """Return the rules of a filter by their names, each as its parts."""
    found: dict[str, list[Part]] = {}
    for rule in guard.rules:
        found.setdefault(name_of_rule(rule.id), []).append(Part.of(rule))
    return found


def as_rules(parts: Iterable[Part], one_rule: Callable[[RulePeer], object]) -> list[tuple[Part, ...]]:
    """Return parts of one rule as those of the fewest rules that say the same, each the parts of one.

    ``one_rule`` returns what peers that one rule may name have in common; those read from one rule may stay in one.
    """
    by_target: dict[tuple[object, ...], list[Part]] = {}
    for part in parts:
        own = part.traffic
        together = "" if part.id else one_rule(own.peer)
        key = (own.direction, own.action, own.services, together, part.groups, part.own)
        by_target.setdefault(key, []).append(part)
    by_peers: dict[tuple[object, ...], list[Part]] = {}
    for (direction, action, services, *_, groups, _own), found in by_target.items():
        peers = tuple(dict.fromkeys(part.traffic.peer for part in found))
        by_peers.setdefault((direction, action, services, peers, bool(groups)), []).extend(found)
    return [tuple(found) for found in by_peers.values()]
