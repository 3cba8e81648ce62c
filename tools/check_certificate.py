"""Check a plan's certificate with the standard library: no step opens closed access or stops needed traffic.

``python tools/check_certificate.py FILE`` prints "holds" (exit status 0), or the first bad step and its packets (3; 2:
not a certificate). Sets are disjoint half-open intervals. Addresses: IPv4 in [0, 2^32), then IPv6. Services: tcp ports
in [0, 65536), then as many for udp, for icmp and for icmpv6 (256 x type + code), then protocol numbers. A rule names
addresses or a group, whose members are the senders in it; anyone, if it is not ``complete``. A need must pass a guard:
filters in sequence, the first of which that decides must permit. An ordered filter decides by its first matching rule;
another only permits, and leaves other packets to the next. A step changes one filter. Each is checked by itself: if it
allows less, it allows less in every guard.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, NamedTuple

HOLDS, BAD, FAILS, V4_END, PORTS = 0, 2, 3, 1 << 32, 1 << 16
EVERYWHERE = ((0, V4_END + (1 << 128)),)
FAMILIES = ("tcp", "udp", "icmp", "icmpv6", "proto")


class Sender:
    """A sender with any of ``addresses``, as a member of ``groups``."""

    def __init__(self, name: str, addresses: Iterable[Sequence[int]], groups: Iterable[str] = ()) -> None:
        self.name, self.groups, self.addresses = name, frozenset(groups), sorted((a, b) for a, b in addresses)
        self.starts, self.ends = [start for start, _ in self.addresses], [end for _, end in self.addresses]
        self.start, self.end = min(self.starts, default=0), max(self.ends, default=0)


class Rule(NamedTuple):
    """A rule. ``services``: a bit mask. ``group``: "" if it names addresses, all from ``start`` to before ``end``."""

    id: str
    action: str
    order: int
    addresses: Sequence[tuple[int, int]]
    group: str
    services: int
    start: int
    end: int

    def meets(self, sender: Sender, services: int) -> bool:
        """Return whether the rule has some of ``services``, and may match an address of ``sender``."""
        return self.start < sender.end and self.end > sender.start and self.services & services != 0

    def of(self, sender: Sender) -> Sequence[tuple[int, int]]:
        """Return the addresses of ``sender`` that the rule matches."""
        if self.group:
            return sender.addresses if self.group in sender.groups else ()
        near = ((a, b, bisect_right(sender.ends, a), bisect_left(sender.starts, b)) for a, b in self.addresses)
        return [(max(a, c), min(b, d)) for a, b, low, high in near for c, d in sender.addresses[low:high]]


@dataclass(eq=False)
class Filter:
    """A filter: rules before the first step and declared traffic, current rules, and all rules that it ever has."""

    ordered: bool
    allowed: dict[str, Rule]
    rules: dict[str, Rule]
    ever: list[Rule]


class Need:
    """``services`` that ``sender`` needs through ``guard``. ``now`` holds the matching rules between any two edges."""

    def __init__(self, why: str, sender: Sender, services: int, guard: list[Filter]) -> None:
        self.why, self.sender, self.services, self.guard = why, sender, services, guard
        met = [span for each in guard for rule in each.ever if rule.meets(sender, services) for span in rule.of(sender)]
        self.edges = sorted({edge for span in (*sender.addresses, *met) for edge in span})
        self.now: dict[int, dict[tuple[int, str], Rule]] = {edge: {} for edge in self.edges}
        touched = {edge for each in guard for edge in self.change(each, (), each.rules.values())}
        self.before = {edge: self.passes(edge) for edge in touched}

    def passes(self, edge: int) -> int:
        """Return the services that pass from ``edge`` on."""
        return passing(self.guard, [(place, rule) for (place, _), rule in self.now[edge].items()])[0] & self.services

    def change(self, guard: Filter, gone: Iterable[Rule], put: Iterable[Rule]) -> Iterator[int]:
        """Remove and add rules of ``guard``. Yield the edges where they match, some more than once."""
        place = self.guard.index(guard)
        for rule, there in (*((rule, False) for rule in gone), *((rule, True) for rule in put)):
            for start, end in rule.of(self.sender) if rule.meets(self.sender, self.services) else ():
                for edge in self.edges[bisect_left(self.edges, start) : bisect_left(self.edges, end)]:
                    rules = self.now[edge]
                    rules.update({(place, rule.id): rule}) if there else rules.pop((place, rule.id), None)
                    yield edge


def passing(guard: Sequence[Filter], rules: Sequence[tuple[int, Rule]]) -> tuple[int, int]:
    """Return the services that a guard permits by rules (each with its filter's place), and does not decide."""
    permitted, rest = 0, -1
    for place, other in enumerate(guard):
        left, skipped, of_filter = rest, 0, [rule for at, rule in rules if at == place]
        for rule in sorted(of_filter, key=lambda rule: rule.order) if other.ordered else of_filter:
            permitted |= rule.services & left if rule.action == "permit" else 0
            skipped |= rule.services & left if rule.action == "next" else 0
            left &= ~rule.services if other.ordered else -1
        rest = left | skipped
    return permitted, rest


def excess(guard: Filter, rules: Sequence[Sequence[tuple[Rule, Sequence[tuple[int, int]]]]], edge: int) -> int:
    """Return the services that the first of two lists of rules permits or leaves open from an address, alone."""
    at = ([(0, rule) for rule, spans in each for start, end in spans if start <= edge < end] for each in rules)
    (permits, leaves), (permitted, undecided) = (passing([guard], each) for each in at)
    return permits & ~permitted | (permits | leaves) & ~(permitted | undecided)


class Certificate:
    """A certificate. Raises KeyError, TypeError or ValueError if ``data`` is not a certificate."""

    def __init__(self, data: dict[str, Any]) -> None:
        if data["schema"] != "cloudguard/certificate/v1":
            raise ValueError(data["schema"])
        rules = [rule for table in (*data["filters"], *data["steps"]) for rule in table["rules"]]
        holders = (*rules, *data["declared"], *data["needs"])
        self.edges = sorted({0, *(edge for each in holders for span in each["services"] for edge in span)})
        self.bit = {edge: number for number, edge in enumerate(self.edges)}
        senders = {row["id"]: Sender(row["id"], row["addresses"], row["groups"]) for row in data["senders"]}
        loose = {rule.get("group", "") for rule in rules} - {each["id"] for each in data["groups"] if each["complete"]}
        anyone = (Sender(f"any member of {name}", EVERYWHERE, (name,)) for name in sorted(loose - {""}))
        self.views = [Sender("anyone", EVERYWHERE), *senders.values(), *anyone]
        self.filters = {each["id"]: self.filter(each, data["declared"]) for each in data["filters"]}
        self.steps = [(step, [self.rule(each) for each in step["rules"]]) for step in data["steps"]]
        for step, put in self.steps:
            self.filters[step["filter"]].ever += put
        guarded = ((need, [self.filters[name] for name in need["guard"]]) for need in data["needs"])
        needs = [Need(need["why"], senders[need["sender"]], self.rule(need).services, guard) for need, guard in guarded]
        self.needs = {name: [need for need in needs if guard in need.guard] for name, guard in self.filters.items()}

    def filter(self, data: dict[str, Any], declared: list[dict[str, Any]]) -> Filter:
        """Return a filter with its declared traffic."""
        rules = {each["id"]: self.rule(each) for each in data["rules"]}
        allowed = {f"declared {n}": self.rule(each) for n, each in enumerate(declared) if each["filter"] == data["id"]}
        return Filter(data["ordered"], {**allowed, **rules}, rules, [*rules.values()])

    def rule(self, data: dict[str, Any]) -> Rule:
        """Return a rule. Its services are a bit mask, with one bit for each interval between two edges."""
        peer = sorted((a, b) for a, b in data.get("addresses", ())), data.get("group", "")
        services = sum((1 << self.bit[end]) - (1 << self.bit[start]) for start, end in data["services"])
        ends = EVERYWHERE[0] if peer[1] else (peer[0][0][0], peer[0][-1][1]) if peer[0] else (0, 0)
        return Rule(data.get("id", ""), data.get("action", "permit"), data.get("order", -1), *peer, services, *ends)

    def faults(self) -> Iterator[str]:
        """Yield the packets that each step opens and the needed packets that it loses."""
        for number, (step, put) in enumerate(self.steps, 1):
            guard, name = self.filters[step["filter"]], f"step {number} ({step['change']})"
            gone = [guard.rules.pop(each) for each in step["drop"]]
            guard.rules.update((rule.id, rule) for rule in put)
            for rule in (*gone, *put):
                yield from (f"{name} opens {step['filter']}: {packet}" for packet in self.opened(guard, rule))
            moved = Sender("", [span for r in (*gone, *put) for span in (EVERYWHERE if r.group else r.addresses)])
            for need in self.needs[step["filter"]]:
                if moved.start < need.sender.end and moved.end > need.sender.start:
                    edges = sorted({*need.change(guard, gone, put)})
                    lost = ((edge, need.before.get(edge, 0) & ~need.passes(edge)) for edge in edges)
                    yield from (f"{name} loses {pkt}, needed for {need.why}" for pkt in self.packets(lost, need.sender))

    def opened(self, guard: Filter, rule: Rule) -> Iterator[str]:
        """Yield the packets that ``guard`` allows after ``rule`` was added or removed, and must not allow."""
        views = self.views if guard.ordered or rule.group else self.views[:1]
        old = guard.allowed.get(rule.id)  # was the rule there, and allowed as much?
        there = old is not None and rule[3:5] == old[3:5] and not rule.services & ~old.services
        for sender in views if guard.ordered or (rule.id in guard.rules and not there) else ():
            some = Sender(sender.name, rule.of(sender), sender.groups)
            listed = guard.rules.values() if guard.ordered else [rule], guard.allowed.values() if some.addresses else ()
            rules = [[(each, each.of(some)) for each in side if each.meets(some, rule.services)] for side in listed]
            edges = {edge for each in rules for _, spans in each for span in spans for edge in span}
            excesses = ((edge, excess(guard, rules, edge) & rule.services) for edge in sorted(edges))
            yield from self.packets(excesses, sender)

    def packets(self, services_at: Iterable[tuple[int, int]], sender: Sender) -> Iterator[str]:
        """Yield, for each address, the first of its services as text."""
        for number, services in ((number, services) for number, services in services_at if services):
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
