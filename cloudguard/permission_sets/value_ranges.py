"""Sets of the numbers, dates, addresses and truth values that conditions allow, as intervals between cuts."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from math import inf

from cloudguard import intervals
from cloudguard.intervals import ADDRESS_END, Interval, address_text, cidr_interval
from cloudguard.values import dataclass

Cut = tuple[Fraction | float, int]
"""A cut between real numbers: ``(x, 0)`` is directly before x, ``(x, 1)`` is directly after x."""

_LARGEST_EXPONENT = 400
_EXACT = Context(prec=500)
_TRUTH_VALUES = ("false", "true")


class Kind(StrEnum):
    """The kind of a value. Dates are seconds since 1970 in UTC, addresses are points, truth values are 0 or 1."""

    NUMBER = "number"
    DATE = "date"
    ADDRESS = "address"
    TRUTH = "truth value"


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A set of values of one kind. ``intervals`` are canonical. Only sets of the same kind can be combined."""

    kind: Kind
    intervals: tuple[Interval[Cut], ...] = ()

    @classmethod
    def everything(cls, kind: Kind) -> ValueSet:
        """Return every value of a kind."""
        return cls(kind, (_EVERYTHING[kind],))

    @classmethod
    def read(cls, kind: Kind, text: str, comparison: str = "=") -> ValueSet:
        """Return the values v for which "v ``comparison`` ``text``" is true, with "=", "<", "<=", ">" or ">=".

        Addresses (``text`` may be a CIDR) and truth values have only "=". Raises ValueError or OverflowError if
        ``text`` cannot be read.
        """
        if kind is Kind.ADDRESS:
            return cls(kind, (_whole_numbers(*cidr_interval(text.strip(), host_bits=True)),))
        if kind is Kind.TRUTH:
            point = _TRUTH_VALUES.index(text.strip().lower())
            return cls(kind, (_whole_numbers(point, point + 1),))
        value = _number(text) if kind is Kind.NUMBER else _date(text)
        before, after = (value, 0), (value, 1)
        lowest, highest = _EVERYTHING[kind]
        compared: dict[str, Interval[Cut]] = {
            "=": (before, after),
            "<": (lowest, before),
            "<=": (lowest, after),
            ">": (after, highest),
            ">=": (before, highest),
        }
        return cls(kind, (compared[comparison],))

    def __bool__(self) -> bool:
        return bool(self.intervals)

    def __or__(self, other: ValueSet) -> ValueSet:
        return ValueSet(self.kind, intervals.union(self.intervals + other.intervals))

    def __and__(self, other: ValueSet) -> ValueSet:
        return ValueSet(self.kind, intervals.intersection(self.intervals, other.intervals))

    def __sub__(self, other: ValueSet) -> ValueSet:
        return ValueSet(self.kind, intervals.difference(self.intervals, other.intervals))

    def __le__(self, other: ValueSet) -> bool:
        return not self - other

    def witness(self) -> str | None:
        """Return a value in the text form of its condition operator, or None if the set is empty."""
        if not self.intervals:
            return None
        point = _point(*self.intervals[0])
        if self.kind is Kind.TRUTH:
            return _TRUTH_VALUES[int(point)]
        if self.kind is Kind.ADDRESS:
            return address_text(int(point))
        return _date_text(point) if self.kind is Kind.DATE else _number_text(point)


def _whole_numbers(start: int, end: int) -> Interval[Cut]:
    """Return the interval of the integers ``start`` to ``end - 1``, for kinds whose values are all integers."""
    return (Fraction(start), 0), (Fraction(end), 0)


_REAL: Interval[Cut] = ((-inf, 0), (inf, 0))
_EVERYTHING = {
    Kind.NUMBER: _REAL,
    Kind.DATE: _REAL,
    Kind.ADDRESS: _whole_numbers(0, ADDRESS_END),
    Kind.TRUTH: _whole_numbers(0, 2),
}


def _number(text: str) -> Fraction:
    """Return a decimal number. Raises ValueError if ``text`` is not a number or is out of range."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation as error:
        message = f"{text!r} is not a number"
        raise ValueError(message) from error
    if not value.is_finite() or abs(value.adjusted()) > _LARGEST_EXPONENT:
        message = f"{text!r} is out of range"
        raise ValueError(message)
    return Fraction(value)


def _date(text: str) -> Fraction:
    """Return an ISO 8601 date (UTC if it has no offset), or seconds since 1970, as seconds since 1970.

    Raises ValueError if ``text`` is neither.
    """
    if text.strip().lstrip("-").isdecimal():
        return _number(text)
    moment = datetime.fromisoformat(text.strip())
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    passed = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return Fraction(passed.days * 86_400 + passed.seconds) + Fraction(passed.microseconds, 1_000_000)


def _point(start: Cut, end: Cut) -> Fraction:
    """Return a number between two cuts: the lowest one if there is a lowest."""
    (low, after), (high, _) = start, end
    if isinstance(low, Fraction):
        if not after:
            return low
        return low + 1 if not isinstance(high, Fraction) or low + 1 < high else (low + high) / 2
    return high - 1 if isinstance(high, Fraction) else Fraction(0)


def _number_text(value: Fraction) -> str:
    return format(_EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)), "f")


def _date_text(seconds: Fraction) -> str:
    try:
        return datetime.fromtimestamp(float(seconds), UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return _number_text(seconds)
