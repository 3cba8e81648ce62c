"""Check a plan's certificate with the standard library: no step opens closed access or stops needed traffic.

``python tools/check_certificate.py FILE`` prints "holds" (exit status 0), or the first bad step and its packets (3; 2:
not a certificate). ``cloudguard plan … -f certificate`` writes one. Sets are disjoint half-open intervals. Addresses:
IPv4 in [0, 2^32), then IPv6. Services: tcp ports in [0, 65536), then as many for udp, for icmp and for icmpv6 (256 x
type + code), then protocol numbers. A rule names addresses or a group. Its members are the senders in it; anyone, if it
is not ``complete``. A need must pass a guard: filters in sequence, the first of which that decides must permit. An
ordered filter decides by its first matching rule; another filter only permits, and leaves other packets to the next.
Each filter is checked by itself: if it allows less, it allows less in every guard. A step changes one filter.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

HOLDS, BAD, FAILS = 0, 2, 3
V4_END, PORTS = 1 << 32, 1 << 16
EVERYWHERE = ((0, V4_END + (1 << 128)),)
FAMILIES = ("tcp", "udp", "icmp", "icmpv6", "proto")
Rules: TypeAlias = "Sequence[Sequence[Rule]]"


class Sender:
    """A sender with any of ``addresses``, as a member of ``groups``."""

    def __init__(self, name: str, addresses: Iterable[Sequence[int]], groups: Iterable[str] = ()) -> None:
        self.name, self.groups, self.addresses = name, frozenset(groups), sorted((a, b) for a, b in addresses)
        self.starts, self.ends = [start for start, _ in self.addresses], [end for _, end in self.addresses]


class Rule(NamedTuple):
    """A rule. ``services``: a bit mask of the certificate's services. ``group``: "" if the rule names addresses."""

    id: str
    action: str
    order: int
    addresses: Sequence[tuple[int, int]]
    group: str
    services: int

    def of(self, sender: Sender) -> Sequence[tuple[int, int]]:
        """Return the addresses of ``sender`` that the rule matches."""
        if self.group:
            return sender.addresses if self.group in sender.groups else ()
        near = ((a, b, bisect_right(sender.ends, a), bisect_left(sender.starts, b)) for a, b in self.addresses)
        return [(max(a, c), min(b, d)) for a, b, low, high in near for c, d in sender.addresses[low:high]]


@dataclass(eq=False)
class Filter:
    """A filter. ``allowed``: its rules before the first step and the declared traffic. ``rules``: its current rules."""

    ordered: bool
    allowed: dict[str, Rule]
    rules: dict[str, Rule]


@dataclass
class Need:
    """``services`` that ``sender`` needs through ``guard``; the matching rules of each filter: at first, and now."""

    why: str
    sender: Sender
    services: int
    guard: list[Filter]
    before: list[list[Rule]]
    now: list[dict[str, Rule]]


def matching(rules: Iterable[Rule], sender: Sender, services: int) -> list[Rule]:
    """Return the rules that match some of ``services`` from ``sender``, in order, each with its matching addresses."""
    found = [rule._replace(addresses=part) for rule in rules if rule.services & services and (part := rule.of(sender))]
    return sorted(found, key=lambda rule: rule.order)


def passing(guard: Sequence[Filter], rules: Sequence[Iterable[Rule]], address: int) -> tuple[int, int]:
    """Return the services that a guard permits from an address, and the services that it does not decide."""
    permitted, rest = 0, -1
    for one, each in zip(guard, rules, strict=True):
        left, skipped = rest, 0
        for rule in each:
            if any(start <= address < end for start, end in rule.addresses):
                permitted |= rule.services & left if rule.action == "permit" else 0
                skipped |= rule.services & left if rule.action == "next" else 0
                left &= ~rule.services if one.ordered else -1
        rest = left | skipped
    return permitted, rest


def excess(guard: list[Filter], left: Rules, right: Rules, sender: Sender, services: int) -> Iterator[tuple[int, int]]:
    """Yield addresses of ``sender``, each with the ``services`` that only the rules ``left`` permit or leave open."""
    spans = [*sender.addresses, *(span for rules in (*left, *right) for rule in rules for span in rule.addresses)]
    for edge in sorted({edge for span in spans for edge in span}):
        (permits, leaves), (permitted, undecided) = (passing(guard, rules, edge) for rules in (left, right))
        if more := (permits & ~permitted | (permits | leaves) & ~(permitted | undecided)) & services:
            yield edge, more


class Certificate:
    """A certificate. Raises KeyError, TypeError or ValueError if ``data`` is not a certificate."""

    last = Filter(ordered=True, allowed={}, rules={"": Rule("", "deny", 0, EVERYWHERE, "", -1)})

    def __init__(self, data: dict[str, Any]) -> None:
        if data["schema"] != "cloudguard/certificate/v1":
            raise ValueError(data["schema"])
        self.steps = data["steps"]
        rules = [rule for one in (*data["filters"], *self.steps) for rule in one["rules"]]
        holders = (*rules, *data["declared"], *data["needs"])
        self.edges = sorted({0, *(edge for each in holders for span in each["services"] for edge in span)})
        self.bit = {edge: number for number, edge in enumerate(self.edges)}
        senders = {one["id"]: Sender(one["id"], one["addresses"], one["groups"]) for one in data["senders"]}
        loose = {rule.get("group", "") for rule in rules} - {each["id"] for each in data["groups"] if each["complete"]}
        anyone = (Sender(f"any member of {name}", EVERYWHERE, (name,)) for name in sorted(loose - {""}))
        self.views = [Sender("anyone", EVERYWHERE), *senders.values(), *anyone]
        self.filters = {each["id"]: self.filter(each, data["declared"]) for each in data["filters"]}
        needs = [self.need(each, senders[each["sender"]]) for each in data["needs"]]
        self.needs = {name: [need for need in needs if one in need.guard] for name, one in self.filters.items()}

    def filter(self, data: dict[str, Any], declared: list[dict[str, Any]]) -> Filter:
        """Return a filter with its declared traffic."""
        rules = {each["id"]: self.rule(each) for each in data["rules"]}
        allowed = {f"declared {n}": self.rule(each) for n, each in enumerate(declared) if each["filter"] == data["id"]}
        return Filter(data["ordered"], {**allowed, **rules}, rules)

    def need(self, data: dict[str, Any], sender: Sender) -> Need:
        """Return a need."""
        guard, services = [*(self.filters[name] for name in data["guard"]), self.last], self.mask(data)
        before = [matching(one.rules.values(), sender, services) for one in guard]
        return Need(data["why"], sender, services, guard, before, [{rule.id: rule for rule in each} for each in before])

    def rule(self, data: dict[str, Any]) -> Rule:
        """Return a rule."""
        peer = data.get("addresses", ()), data.get("group", "")
        return Rule(data.get("id", ""), data.get("action", "permit"), data.get("order", -1), *peer, self.mask(data))

    def mask(self, data: dict[str, Any]) -> int:
        """Return services as a bit mask, with one bit for each interval between two edges of the certificate."""
        return sum((1 << self.bit[end]) - (1 << self.bit[start]) for start, end in data["services"])

    def faults(self) -> Iterator[str]:
        """Yield the packets that each step opens and the needed packets that it loses."""
        for number, step in enumerate(self.steps, 1):
            guard, name = self.filters[step["filter"]], f"step {number} ({step['change']})"
            gone, put = [guard.rules.pop(each) for each in step["drop"]], [self.rule(each) for each in step["rules"]]
            guard.rules.update((rule.id, rule) for rule in put)
            for found in (found for rule in (*gone, *put) for found in self.opened(guard, rule)):
                yield f"{name} opens {step['filter']}: {found}"
            for need in self.needs[step["filter"]]:
                for found in self.lost(need, need.now[need.guard.index(guard)], gone, put):
                    yield f"{name} loses {found}, needed for {need.why}"

    def opened(self, guard: Filter, rule: Rule) -> Iterator[str]:
        """Yield the packets that ``guard`` allows after ``rule`` was added or removed, and must not allow."""
        views = self.views if guard.ordered or rule.group else self.views[:1]
        old = guard.allowed.get(rule.id, self.last.rules[""])
        there = rule[3:5] == old[3:5] and not rule.services & ~old.services  # the rule was there, and allowed as much
        for sender in views if guard.ordered or (rule.id in guard.rules and not there) else ():
            if part := rule.of(sender):
                some = Sender(sender.name, part, sender.groups)
                now = matching(guard.rules.values() if guard.ordered else [rule], some, rule.services)
                allowed = matching(guard.allowed.values(), some, rule.services)
                yield from self.packets(excess([guard], [now], [allowed], some, rule.services), sender)

    def lost(self, need: Need, now: dict[str, Rule], gone: list[Rule], put: list[Rule]) -> Iterator[str]:
        """Yield the packets of a need that passed at first, and do not after a step. ``now``: the filter's rules."""
        went, came = [rule for rule in gone if now.pop(rule.id, None)], matching(put, need.sender, need.services)
        now.update((rule.id, rule) for rule in came)
        if went or came:
            after = [sorted(rules.values(), key=lambda rule: rule.order) for rules in need.now]
            yield from self.packets(excess(need.guard, need.before, after, need.sender, need.services), need.sender)

    def packets(self, found: Iterable[tuple[int, int]], sender: Sender) -> Iterator[str]:
        """Yield, for each address, the first of its services as text."""
        for number, services in found:
            family, port = divmod(self.edges[(services & -services).bit_length() - 1], PORTS)
            address = IPv4Address(number) if number < V4_END else IPv6Address(number - V4_END)
            yield f"{FAMILIES[family]}/{port} from {address} ({sender.name})"


def main(arguments: list[str]) -> int:
    """Check the file in ``arguments``, print the result and return the exit status."""
    try:
        fault = next(Certificate(json.loads(Path(arguments[0]).read_bytes())).faults(), "")
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        print(f"no certificate: {type(error).__name__}: {error}", file=sys.stderr)
        return BAD
    print(fault or "holds")
    return FAILS if fault else HOLDS


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
