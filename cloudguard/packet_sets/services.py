"""Sets of services: TCP and UDP ports, ICMP types and codes, and other IP protocols, on one integer axis."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, Self

from cloudguard.intervals import Interval, Intervals, union
from cloudguard.values import dataclass

SERVICE_END: Final = 262_400
"""The service axis is [0, SERVICE_END): tcp p -> p, udp p -> 65536+p, icmp (t, c) -> 131072+256t+c, icmpv6 (t, c) ->
196608+256t+c, other protocol n -> 262144+n."""

PORTS: Final = 65_536
CODES: Final = 256
OTHER: Final = 4 * PORTS

FAMILIES: Final = {"tcp": 0, "udp": PORTS, "icmp": 2 * PORTS, "icmpv6": 3 * PORTS}
"""The first point of each protocol with ports, or with types and codes. Each protocol takes 65,536 points."""

NUMBERS: Final = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmpv6"}
"""The protocol numbers of ``FAMILIES`` (IANA, "Assigned Internet Protocol Numbers"). They have no point after OTHER."""

_UNUSED_POINTS: Final = tuple(sorted(OTHER + number for number in NUMBERS))
_WITH_PORTS: Final = frozenset(("tcp", "udp"))
_TYPE_AND_CODE: Final = 2
_FEW_PROTOCOLS: Final = 2
"""The most protocols with successive numbers that ``str()`` lists one by one, as rules of clouds hold one each."""


@dataclass(frozen=True, slots=True)
class ServiceSet(Intervals):
    """A set of services. ``str()`` returns text that ``parse`` can read."""

    @classmethod
    def everything(cls) -> Self:
        """Return every service of every protocol."""
        edges = (-1, *_UNUSED_POINTS, SERVICE_END)
        return cls(union((low + 1, high) for low, high in pairwise(edges)))

    @classmethod
    def parse(cls, text: str) -> ServiceSet:
        """Return the services of comma-separated terms. Raises ValueError for any other text.

        ``tcp``, ``tcp/443``, ``tcp/30000-32767`` (``udp`` likewise), ``icmp``, ``icmp/8`` (all codes), ``icmp/3/4``
        (``icmpv6`` likewise; types and codes may be ranges), ``proto/4`` (``proto/6`` is ``tcp``), ``all``, ``none``.
        """
        return _parse(text)

    def witness(self) -> int | None:
        """Return the lowest service as a point of the service axis, or None if the set is empty."""
        return self.first() if self else None

    def __str__(self) -> str:
        if self == _EVERYTHING:
            return "all"
        return ",".join(_terms(self)) or "none"


@lru_cache(maxsize=16_384)
def _parse(text: str) -> ServiceSet:
    return ServiceSet.of_intervals(
        interval for term in text.split(",") for interval in _term_intervals(term.strip().lower(), text)
    )


def _term_intervals(term: str, text: str) -> tuple[Interval[int], ...]:
    if term in {"all", "none"}:
        return _EVERYTHING.intervals if term == "all" else ()
    name, *words = term.split("/")
    if name == "proto" and len(words) == 1:
        first, last = _numbers(words[0], CODES - 1, "a protocol number", text)
        return tuple(_protocol_interval(number) for number in range(first, last + 1))
    base = FAMILIES.get(name)
    if base is None or len(words) > (1 if name in _WITH_PORTS else _TYPE_AND_CODE):
        message = f"{text!r} is not a set of services: write tcp/443, udp/30000-32767, icmp/3/4, proto/4, all or none"
        raise ValueError(message)
    if not words:
        return ((base, base + PORTS),)
    if name in _WITH_PORTS:
        first, last = _numbers(words[0], PORTS - 1, "a port", text)
        return ((base + first, base + last + 1),)
    first, last = _numbers(words[0], CODES - 1, "an ICMP type", text)
    low, high = _numbers(words[1], CODES - 1, "an ICMP code", text) if len(words) > 1 else (0, CODES - 1)
    return tuple((base + CODES * kind + low, base + CODES * kind + high + 1) for kind in range(first, last + 1))


def _numbers(word: str, most: int, what: str, text: str) -> tuple[int, int]:
    """Return the ends of ``7`` or ``7-9``, both included."""
    first, dash, last = word.partition("-")
    ends = (first, last if dash else first)
    if all(end.isascii() and end.isdigit() and len(end) <= len(str(most)) for end in ends):
        low, high = int(ends[0]), int(ends[1])
        if low <= high <= most:
            return low, high
    message = f"{word!r} in {text!r}: {what} is a number from 0 to {most}, a range is LOW-HIGH"
    raise ValueError(message)


def _protocol_interval(number: int) -> Interval[int]:
    family = NUMBERS.get(number)
    if family is None:
        return (OTHER + number, OTHER + number + 1)
    return (FAMILIES[family], FAMILIES[family] + PORTS)


def _terms(services: ServiceSet) -> Iterator[str]:
    for name, base in FAMILIES.items():
        of_protocol = services & ServiceSet(((base, base + PORTS),))
        if of_protocol.size == PORTS:
            yield name
            continue
        for start, end in of_protocol.intervals:
            low, high = start - base, end - base
            if name in _WITH_PORTS:
                yield f"{name}/{_range(low, high)}"
            else:
                yield from (f"{name}/{term}" for term in _type_terms(low, high))
    for start, end in (services & ServiceSet(((OTHER, SERVICE_END),))).intervals:
        few = range(start - OTHER, end - OTHER) if end - start <= _FEW_PROTOCOLS else ()
        yield from (f"proto/{number}" for number in few)
        if not few:
            yield f"proto/{_range(start - OTHER, end - OTHER)}"


def _type_terms(low: int, high: int) -> Iterator[str]:
    """Yield ``8``, ``3-4`` or ``3/0-3``: complete types as ranges, incomplete types with their codes."""
    while low < high:
        kind, code = divmod(low, CODES)
        whole = high // CODES
        if code == 0 and whole > kind:
            yield _range(kind, whole)
            low = whole * CODES
        else:
            end = min(high, (kind + 1) * CODES)
            yield f"{kind}/{_range(code, end - kind * CODES)}"
            low = end


def _range(low: int, end: int) -> str:
    return str(low) if end == low + 1 else f"{low}-{end - 1}"


def service_name(point: int) -> str:
    """Return the name of one service, such as ``tcp 443``, ``icmp 3/4`` or ``protocol 4``.

    Raises ValueError if the point is not on the axis.
    """
    if not 0 <= point < SERVICE_END or point in _UNUSED_POINTS:
        message = f"{point} is not a point of the service axis"
        raise ValueError(message)
    if point >= OTHER:
        return f"protocol {point - OTHER}"
    name = next(name for name, base in FAMILIES.items() if base <= point < base + PORTS)
    value = point - FAMILIES[name]
    return f"{name} {value}" if name in _WITH_PORTS else f"{name} {value // CODES}/{value % CODES}"


_EVERYTHING: Final = ServiceSet.everything()
