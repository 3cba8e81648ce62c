"""Sets of points on a line (numbers, dates, addresses, truth values), as sorted disjoint intervals.

An end is a cut: (value, 0) lies just before the value, (value, 1) just after it. Lines of whole numbers
(addresses, truth values) use cuts of the first sort only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address, ip_network
from math import inf

Cut = tuple[Fraction | float, int]
Ranges = tuple[tuple[Cut, Cut], ...]
"""From a cut to a cut; sorted, disjoint, none empty."""

_IPV6 = 1 << 40
"""Where IPv6 addresses begin on the line of addresses; IPv4 ones begin at 0."""
_LARGEST_EXPONENT = 400
_EXACT = Context(prec=500)


class Kind(StrEnum):
    """What a line measures. Dates are seconds since 1970 in UTC, truth values 0 and 1."""

    NUMBER = "number"
    DATE = "date"
    ADDRESS = "address"
    TRUTH = "truth value"


def _whole_numbers(first: int, last: int) -> tuple[Cut, Cut]:
    return (Fraction(first), 0), (Fraction(last + 1), 0)


_REAL: Ranges = (((-inf, 0), (inf, 0)),)
WHOLE: dict[Kind, Ranges] = {
    Kind.NUMBER: _REAL,
    Kind.DATE: _REAL,
    Kind.ADDRESS: (_whole_numbers(0, (1 << 32) - 1), _whole_numbers(_IPV6, _IPV6 + (1 << 128) - 1)),
    Kind.TRUTH: (_whole_numbers(0, 1),),
}
"""Every point of each line."""


def meet(left: Ranges, right: Ranges) -> Ranges:
    """Return the intersection."""
    pairs = ((max(a, c), min(b, d)) for a, b in left for c, d in right)
    return tuple(sorted(pair for pair in pairs if pair[0] < pair[1]))


def join(left: Ranges, right: Ranges) -> Ranges:
    """Return the union."""
    merged: list[tuple[Cut, Cut]] = []
    for low, high in sorted(left + right):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def minus(left: Ranges, right: Ranges) -> Ranges:
    """Return ``left`` without ``right``."""
    for low, high in right:
        outside: Ranges = (((-inf, 0), low), (high, (inf, 1)))
        left = meet(left, outside)
    return left


def compared(sign: str, value: Fraction) -> Ranges:
    """Return the points that stand to ``value`` as ``sign`` says: "=", "<", "<=", ">", ">="."""
    before, after = (value, 0), (value, 1)
    spans: dict[str, tuple[Cut, Cut]] = {
        "=": (before, after),
        "<": ((-inf, 0), before),
        "<=": ((-inf, 0), after),
        ">": (after, (inf, 0)),
        ">=": (before, (inf, 0)),
    }
    return (spans[sign],)


def number(text: str) -> Fraction:
    """Read a decimal number; raises ValueError."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        message = f"{text!r} is no number"
        raise ValueError(message) from error
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
        message = f"{text!r} is out of range"
        raise ValueError(message)
    return Fraction(value)


def date(text: str) -> Fraction:
    """Read an ISO 8601 date (UTC unless it says otherwise) or seconds since 1970; raises ValueError."""
    if text.strip().lstrip("-").isdecimal():
        return number(text)
    moment = datetime.fromisoformat(text.strip())
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    passed = aware - epoch
    return Fraction(passed.days * 86_400 + passed.seconds) + Fraction(passed.microseconds, 1_000_000)


def network(text: str) -> Ranges:
    """Read an address or a CIDR; raises ValueError."""
    block = ip_network(text.strip(), strict=False)
    base = int(block.network_address) + (0 if block.version == 4 else _IPV6)  # noqa: PLR2004 - the versions of IP
    return (_whole_numbers(base, base + block.num_addresses - 1),)


def truth(text: str) -> Ranges:
    """Read "true" or "false" in any case; raises ValueError."""
    index = ("false", "true").index(text.strip().lower())
    return (_whole_numbers(index, index),)


def sample(kind: Kind, ranges: Ranges) -> str:
    """Return a point of ``ranges`` (not empty) as its condition operator takes it."""
    value = _point(ranges)
    if kind is Kind.TRUTH:
        return ("false", "true")[int(value)]
    if kind is Kind.ADDRESS:
        whole = int(value)
        return str(IPv4Address(whole) if whole < _IPV6 else IPv6Address(whole - _IPV6))
    if kind is Kind.DATE:
        return _moment(value)
    return _decimal(value)


def _point(ranges: Ranges) -> Fraction:
    (low, side), (high, _) = ranges[0]
    if isinstance(low, Fraction):
        if side == 0:
            return low
        return low + 1 if not isinstance(high, Fraction) or low + 1 < high else (low + high) / 2
    return high - 1 if isinstance(high, Fraction) else Fraction(0)


def _decimal(value: Fraction) -> str:
    return format(_EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)), "f")


def _moment(value: Fraction) -> str:
    try:
        return datetime.fromtimestamp(float(value), UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return _decimal(value)
