"""Hypothesis strategies for sets. The values are close together, so that sets often overlap, touch or nest."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from ipaddress import ip_address, ip_network
from itertools import combinations_with_replacement

from hypothesis import strategies as st

import oracle
from cloudguard.intervals import ADDRESS_END, V4_END, address_point
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.bounds import Bounds
from cloudguard.packet_sets.ordered_rules import Decided, first_match
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import OTHER, ServiceSet
from cloudguard.permission_sets.actions import ActionTable
from cloudguard.permission_sets.boxes import Box, Scope
from cloudguard.permission_sets.condition_keys import Constraint
from cloudguard.permission_sets.condition_operators import Assumption
from cloudguard.permission_sets.glob_sets import GlobSet, glob_set
from cloudguard.permission_sets.globs import glob
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.resource_names import ResourceNames
from cloudguard.permission_sets.space import Space
from cloudguard.permission_sets.value_ranges import Kind, ValueSet
from draws import examples

laws = examples(50)
"""The Hypothesis settings of the laws: the number of cases for each law."""

BASES = (
    "0.0.0.0",  # noqa: S104 - the lowest address, no socket
    "9.255.255.0",
    "10.0.0.0",
    "10.0.1.0",
    "198.51.100.0",
    "255.255.255.0",
    "::",
    "2001:db8::",
    "2001:db8:0:1::",
    "fd00::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00",
)
PORTS = (0, 1, 21, 22, 23, 443, 65_534, 65_535)
SMALL = (0, 1, 3, 4, 254, 255)
PROTOCOLS = (0, 1, 2, 4, 6, 17, 50, 58, 59, 255)
HOLES = tuple(OTHER + number for number in (1, 6, 17, 58))


def _ranges(values: Iterable[int]) -> list[str]:
    """Return all texts ``7`` and ``7-9`` with ends from ``values``."""
    return [str(low) if low == high else f"{low}-{high}" for low, high in combinations_with_replacement(values, 2)]


TERMS = (
    ["tcp", "udp", "icmp", "icmpv6", "all", "none"]
    + [f"{name}/{ports}" for name in ("tcp", "udp") for ports in _ranges(PORTS)]
    + [f"{name}/{kinds}" for name in ("icmp", "icmpv6") for kinds in _ranges(SMALL)]
    + [f"icmp/{kinds}/{codes}" for kinds in (0, 3, "3-4", 255) for codes in _ranges((0, 4, 255))]
    + [f"proto/{numbers}" for numbers in _ranges(PROTOCOLS)]
)

CIDRS = sorted(
    {
        str(
            ip_network(
                f"{ip_address(base) + offset}/{length + (96 if ':' in base and length > 12 else 0)}", strict=False
            )
        )
        for base in BASES
        for length in (0, 1, 4, 8, 12, 22, 23, 24, 25, 28, 30, 31, 32)
        for offset in (0, 1, 7, 200, 255)
    }
)

POINTS = sorted(
    {0, V4_END - 1, V4_END, ADDRESS_END - 1}
    | {address_point(base) + offset for base in BASES for offset in (0, 1, 7, 200, 255)}
)

SERVICE_POINTS = sorted(
    {65_536 * family + port for family in range(4) for port in PORTS}
    | {65_536 * family + 256 * kind + code for family in (2, 3) for kind in SMALL for code in SMALL}
    | {OTHER + number for number in PROTOCOLS if OTHER + number not in HOLES}
)


def service_terms() -> st.SearchStrategy[str]:
    """Return single terms of the service grammar."""
    return st.sampled_from(TERMS)


def service_texts() -> st.SearchStrategy[str]:
    """Return texts of the service grammar."""
    return st.lists(service_terms(), min_size=1, max_size=3).map(",".join)


def services() -> st.SearchStrategy[ServiceSet]:
    """Return sets of services."""
    return service_texts().map(ServiceSet.parse)


def service_points() -> st.SearchStrategy[int]:
    """Return points of the service axis, without points that do not exist."""
    return st.one_of(st.sampled_from(SERVICE_POINTS), st.integers(0, OTHER - 1))


def cidrs() -> st.SearchStrategy[str]:
    """Return IPv4 and IPv6 CIDRs."""
    return st.sampled_from(CIDRS)


def address_points() -> st.SearchStrategy[int]:
    """Return points of the address axis."""
    return st.one_of(st.sampled_from(POINTS), st.integers(0, ADDRESS_END - 1))


def address_intervals() -> st.SearchStrategy[tuple[int, int]]:
    """Return intervals of addresses. They need not be CIDRs, and may contain IPv4 and IPv6 addresses."""
    points = st.sampled_from(POINTS)
    return st.tuples(points, points).map(lambda ends: (min(ends), max(ends) + 1))


def addresses() -> st.SearchStrategy[AddressSet]:
    """Return sets of addresses: of CIDRs, and of intervals that may overlap partly."""
    return st.one_of(
        st.lists(cidrs(), max_size=2).map(AddressSet.of),
        st.lists(address_intervals(), max_size=2).map(AddressSet.of_intervals),
    )


VALUES = {
    Kind.NUMBER: ("-1", "0", "0.5", "1", "2", "1e30"),
    Kind.DATE: ("0", "1970-01-01", "1969-12-31T23:59:59.5Z", "2026-01-01T00:00:00+01:00", "9" * 30),
    Kind.ADDRESS: (
        "10.0.0.0/8",
        "10.0.0.1",
        "10.0.0.2/31",
        "0.0.0.0/0",
        "255.255.255.255",
        "::/0",
        "::",
        "2001:db8::/32",
    ),
    Kind.TRUTH: ("true", "false"),
}


@st.composite
def value_sets(draw: st.DrawFn) -> tuple[ValueSet, ValueSet, ValueSet]:
    """Return three sets of values of one kind."""
    kind = draw(st.sampled_from(list(Kind)))
    comparisons = ("=", "<", "<=", ">", ">=") if kind in {Kind.NUMBER, Kind.DATE} else ("=",)
    read = st.builds(ValueSet.read, st.just(kind), st.sampled_from(VALUES[kind]), st.sampled_from(comparisons))
    sets = st.lists(read, max_size=3).map(lambda parts: reduce(ValueSet.__or__, parts, ValueSet(kind)))
    return draw(sets), draw(sets), draw(sets)


def glob_texts() -> st.SearchStrategy[str]:
    """Return short globs of two letters."""
    return st.text("ab*?", max_size=4)


def _conjuncts() -> st.SearchStrategy[GlobSet]:
    alternatives = st.lists(glob_texts().map(glob), min_size=1, max_size=2)
    return st.one_of(
        alternatives.map(lambda found: glob_set([found])), alternatives.map(lambda found: glob_set((), found))
    )


def glob_sets() -> st.SearchStrategy[GlobSet]:
    """Return glob sets over two letters."""
    patterns = glob_texts().map(glob)
    required = st.lists(st.lists(patterns, min_size=1, max_size=2), max_size=2)
    return st.builds(glob_set, required, st.lists(patterns, max_size=2))


def _constraints(*, multivalued: bool) -> st.SearchStrategy[Constraint]:
    some = st.frozensets(_conjuncts(), max_size=2) if multivalued else st.just(frozenset[GlobSet]())
    return st.builds(Constraint, absent=st.booleans(), text=glob_sets(), some=some, multivalued=st.just(multivalued))


@st.composite
def constraints(draw: st.DrawFn) -> tuple[Constraint, Constraint, bool]:
    """Return two constraints on one key, and whether the key is multivalued."""
    multivalued = draw(st.booleans())
    constraint = _constraints(multivalued=multivalued)
    return draw(constraint), draw(constraint), multivalued


def resource_names() -> st.SearchStrategy[ResourceNames]:
    """Return sets of resource names that differ in three segments."""
    texts = st.sampled_from(("*", "a*", "*b", "?", "a", "ab", ""))
    part = st.one_of(texts.map(lambda text: glob_set([[glob(text)]])), _conjuncts())
    fixed = st.just(glob_set([[glob("*")]]))
    return st.tuples(part, fixed, part, fixed, fixed, part).map(ResourceNames)


ASSUMPTIONS = (Assumption("one"), Assumption("another"))


def scopes() -> st.SearchStrategy[Scope]:
    """Return scopes of names, two keys and two assumptions. The key "several" is multivalued."""
    keys = {"single": _constraints(multivalued=False), "several": _constraints(multivalued=True)}
    context = st.fixed_dictionaries({}, optional=keys)
    assumptions = st.dictionaries(st.sampled_from(ASSUMPTIONS), st.booleans(), max_size=2)
    return st.builds(Scope, resource_names(), context, assumptions)


def small_space(limit: int = 100_000) -> Space:
    """Return a space of three actions on resources of any name. The key "several" is multivalued."""
    table = ActionTable({"s": ("Get", "List", "Put")})
    return Space(table, lambda _: None, lambda key: key == "several", limit=limit)


SPACE = small_space()


def permission_sets() -> st.SearchStrategy[PermissionSet]:
    """Return permission sets of ``SPACE``."""
    boxes = st.builds(Box, st.integers(1, SPACE.table.everything), scopes())
    return st.lists(boxes, max_size=3).map(lambda parts: PermissionSet.of(SPACE, parts))


def pairs() -> st.SearchStrategy[list[tuple[AddressSet, ServiceSet]]]:
    """Return lists of (addresses, services), the rectangles of a packet set."""
    return st.lists(st.tuples(addresses(), services()), max_size=4)


def packet_sets() -> st.SearchStrategy[PacketSet]:
    """Return packet sets, each with its own axis."""
    return pairs().map(PacketSet.of)


def rule_lists(most: int = 8) -> st.SearchStrategy[list[oracle.Rule]]:
    """Return lists of rules as in a cloud's console."""
    return st.lists(
        st.tuples(st.booleans(), st.lists(cidrs(), min_size=1, max_size=2).map(tuple), service_texts()), max_size=most
    )


def read(rule: oracle.Rule) -> tuple[bool, AddressSet, ServiceSet]:
    """Return the rule with parsed sets."""
    permit, ranges_, text = rule
    return permit, AddressSet.of(ranges_), ServiceSet.parse(text)


def decisions() -> st.SearchStrategy[Decided]:
    """Return the decisions of short lists of ordered rules."""
    return rule_lists(4).map(lambda rules: first_match([read(rule) for rule in rules]))


@st.composite
def bounds_of_truths(draw: st.DrawFn) -> tuple[Bounds, PacketSet]:
    """Return bounds, and a packet set that is between them."""
    truth, less, more = draw(packet_sets()), draw(packet_sets()), draw(packet_sets())
    return Bounds(truth - less, truth | more), truth
