"""Condition operators: an operator, a key and its values are converted to constraints on that key.

A negated operator holds if the key is absent. "...IfExists" and "ForAllValues:" hold then too. Values are alternatives.
Everything undecided (a variable with an unknown value, an operator or value that cannot be read) becomes an assumption.
Source: the policy language's reference, "Condition operators" and "Multivalued context keys".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from cloudguard.permission_sets.condition_keys import ABSENT, FREE, PRESENT, Constraint
from cloudguard.permission_sets.glob_sets import EVERYTHING, glob_set
from cloudguard.permission_sets.globs import (
    ANYTHING,
    MANY,
    Pattern,
    ReservedCharacterError,
    escaped,
    pattern,
    segmented,
    wild,
)
from cloudguard.permission_sets.value_ranges import Kind, ValueSet
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class UnreadValue:
    """The value of a key, which was not read: ``usual`` in ordinary requests, and ``possible`` in all requests."""

    usual: Constraint
    possible: Constraint = FREE


KnownContext = Mapping[str, str | Constraint | UnreadValue]
"""The context that all requests of one identity share, by lower-case key.

A text is the key's value, also for policy variables. A constraint limits an unknown value. A key "tag/*" stands for
each "tag/…" that is not listed itself.
"""
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class Assumption(NamedTuple):
    """Something undecided. Assumptions with the same cause and serial are true or false together."""

    cause: str
    serial: int = 0


class Alternative(NamedTuple):
    """One way for a condition to hold: ``constraint`` allows the key's values, and ``assumption`` (if any) is true."""

    constraint: Constraint
    assumption: Assumption | None


class Resolved(NamedTuple):
    """A part of a pattern (see ``globs.pattern``).

    ``exact``: no variable with an unknown value was replaced by a run.
    """

    part: str
    exact: bool


def resolved(text: str, known: KnownContext, *, wildcards: bool, any_value: bool = False) -> Resolved:
    """Return ``text`` with its variables replaced. ``wildcards``: ``*`` and ``?`` in ``text`` are wildcards.

    ``any_value``: the result matches everything that ``text`` matches for any value of a variable, so a variable whose
    values are those of one pattern is exact. Raises ReservedCharacterError for a reserved noncharacter in ``text``.
    """
    read = wild if wildcards else escaped
    parts: list[str] = []
    end, exact = 0, True
    for match in _VARIABLE.finditer(text):
        parts.append(read(text[end : match.start()]))
        value = _value(match[1], known)
        values = value.text.single if any_value and isinstance(value, Constraint) and not value.absent else None
        exact = exact and (isinstance(value, str) or values is not None)
        parts.append(escaped(value) if isinstance(value, str) else values or MANY)
        end = match.end()
    return Resolved("".join((*parts, read(text[end:]))), exact)


def _value(variable: str, known: KnownContext) -> str | Constraint | UnreadValue | None:
    """Return the known value of a variable, or its default ("key, 'default'") if the key is absent."""
    name, comma, default = variable.partition(",")
    name = name.strip().lower()
    if name in {"*", "?", "$"}:
        return name
    value = _known_value(name, known)
    return default.strip().strip("'") if comma and value == ABSENT else value


def _known_value(key: str, known: KnownContext) -> str | Constraint | UnreadValue | None:
    return known.get(key, known.get(f"{key.partition('/')[0]}/*"))


def has_no_value(text: str, known: KnownContext) -> bool:
    """Whether a variable of ``text`` has no value in any request. The text then matches nothing.

    Source: the policy language's reference, "Policy variables with no value".
    """
    return any(_value(match[1], known) == ABSENT for match in _VARIABLE.finditer(text))


class Values(NamedTuple):
    """Lower and upper bound of a condition's values. ``exact``: they are equal."""

    lower: frozenset[Pattern] | ValueSet
    upper: frozenset[Pattern] | ValueSet
    exact: bool


Reader = Callable[[Iterable[str], KnownContext], Values]


def _read_patterns(
    values: Iterable[str], known: KnownContext, *, wildcards: bool = False, fold: bool = False, segments: bool = False
) -> Values:
    lower: set[Pattern] = set()
    upper: set[Pattern] = set()
    for value in values:
        try:
            text = resolved(value, known, wildcards=wildcards)
        except ReservedCharacterError:
            upper.add(ANYTHING)
            continue
        read = segmented(text.part) if segments and text.exact else pattern(text.part, fold=fold)
        (lower if text.exact and read is not None else upper).add(ANYTHING if read is None else read)
    return Values(frozenset(lower), frozenset(lower | upper), not upper)


def _read_values(kind: Kind, comparison: str, values: Iterable[str], known: KnownContext) -> Values:
    lower, exact = ValueSet(kind), True
    for value in values:
        try:
            text = resolved(value, known, wildcards=False)
            if text.exact:
                lower |= ValueSet.read(kind, text.part, comparison)
            exact = exact and text.exact
        except (ValueError, OverflowError):
            exact = False
    return Values(lower, lower if exact else ValueSet.everything(kind), exact)


@dataclass(frozen=True, slots=True)
class Operator:
    """The way in which an operator reads its values. ``kind`` None: as texts."""

    read: Reader
    kind: Kind | None = None
    negated: bool = False


def _operators() -> dict[str, Operator]:
    """Return the operators by lower-case name, without "IfExists" and without a prefix before a colon."""
    table: dict[str, Operator] = {}
    readers: dict[tuple[str, str], Reader] = {
        ("string", "equals"): _read_patterns,
        ("string", "equalsignorecase"): partial(_read_patterns, fold=True),
        ("string", "like"): partial(_read_patterns, wildcards=True),
        ("arn", "equals"): partial(_read_patterns, wildcards=True, segments=True),
        ("arn", "like"): partial(_read_patterns, wildcards=True, segments=True),
    }
    for (family, name), reader in readers.items():
        table[family + name] = Operator(reader)
        table[f"{family}not{name}"] = Operator(reader, negated=True)
    table["binaryequals"] = Operator(_read_patterns)
    comparisons = {
        "equals": "=",
        "lessthan": "<",
        "lessthanequals": "<=",
        "greaterthan": ">",
        "greaterthanequals": ">=",
    }
    for family, kind in (("numeric", Kind.NUMBER), ("date", Kind.DATE)):
        for name, comparison in comparisons.items():
            table[family + name] = Operator(partial(_read_values, kind, comparison), kind)
        table[f"{family}notequals"] = Operator(table[f"{family}equals"].read, kind, negated=True)
    addresses = partial(_read_values, Kind.ADDRESS, "=")
    table["ipaddress"] = Operator(addresses, Kind.ADDRESS)
    table["notipaddress"] = Operator(addresses, Kind.ADDRESS, negated=True)
    table["bool"] = Operator(partial(_read_values, Kind.TRUTH, "="), Kind.TRUTH)
    return table


OPERATORS = _operators()
_ANY, _ALL = "foranyvalue", "forallvalues"


def alternatives(
    operator: str, key: str, values: tuple[str, ...], known: KnownContext, *, multivalued: bool
) -> tuple[Alternative, ...]:
    """Return the ways in which the condition on ``key`` (lower case) holds. Empty: it never holds. Never raises."""
    pairs = _alternatives(operator, key, values, known, multivalued=multivalued)
    fixed = _known_value(key, known)
    if fixed is None:
        return pairs
    undecided = Assumption(f"{key}, whose value is unknown ({operator}): {', '.join(sorted(values))}")
    if isinstance(fixed, UnreadValue):
        return tuple(_of_unread_key(pairs, fixed, undecided))
    return tuple(_decided(pairs, fixed, undecided))


def _decided(pairs: Iterable[Alternative], fixed: str | Constraint, undecided: Assumption) -> Iterator[Alternative]:
    """Yield the alternatives that hold for the ``fixed`` value of a key, or that hold if ``undecided`` is true."""
    for constraint, assumption in pairs:
        if isinstance(fixed, str):
            if constraint.allows((fixed,)):
                yield Alternative(FREE, assumption)
        elif fixed <= constraint:
            yield Alternative(FREE, assumption)
        elif fixed & constraint:
            yield Alternative(FREE, assumption or undecided)


def _of_unread_key(pairs: Iterable[Alternative], fixed: UnreadValue, undecided: Assumption) -> Iterator[Alternative]:
    """Yield the alternatives that hold for every usual value of a key, or that hold if ``undecided`` is true."""
    for constraint, assumption in pairs:
        if fixed.possible <= constraint:
            yield Alternative(FREE, assumption)
        elif fixed.usual <= constraint:
            yield Alternative(PRESENT, assumption)
            yield Alternative(ABSENT, assumption or undecided)
        elif fixed.possible & constraint:
            yield Alternative(FREE, assumption or undecided)


def _alternatives(
    operator: str, key: str, values: tuple[str, ...], known: KnownContext, *, multivalued: bool
) -> tuple[Alternative, ...]:
    mode, _, name = operator.lower().rpartition(":")
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    assumption = Assumption(f"{key} ({operator}): {', '.join(sorted(values))}")
    if name == "null" and not mode and not if_exists:
        return _null(values, assumption)
    comparison = OPERATORS.get(name)
    if comparison is None or mode not in {"", _ANY, _ALL}:
        return (Alternative(FREE, assumption),)
    absent = if_exists or mode == _ALL or (comparison.negated and mode != _ANY)
    if multivalued and (not mode or comparison.kind):
        pairs = [Alternative(PRESENT, assumption)]
    else:
        compared = [value for value in values if comparison.negated or not has_no_value(value, known)]
        read = comparison.read(compared, known)
        pairs = list(_present(read, assumption, negated=comparison.negated, mode=mode if multivalued else None))
    return _with_absence(pairs) if absent else tuple(pairs)


def _null(values: tuple[str, ...], assumption: Assumption) -> tuple[Alternative, ...]:
    known = {"true": Alternative(ABSENT, None), "false": Alternative(PRESENT, None)}
    return tuple(known.get(value.lower(), Alternative(FREE, assumption)) for value in dict.fromkeys(values))


def _present(values: Values, assumption: Assumption, *, negated: bool, mode: str | None) -> Iterator[Alternative]:
    """Yield the ways in which the condition holds for a key that is present. ``mode`` None: not multivalued."""
    if negated:
        outside = _constraint(values.lower, negated=True, mode=mode)
        yield Alternative(outside, None if values.exact else assumption)
        return
    if values.lower:
        yield Alternative(_constraint(values.lower, negated=False, mode=mode), None)
    if not values.exact:
        yield Alternative(_constraint(values.upper, negated=False, mode=mode), assumption)


def _constraint(values: frozenset[Pattern] | ValueSet, *, negated: bool, mode: str | None) -> Constraint:
    """Return the constraint that the key is present and its value is one of ``values``, or none of them (negated)."""
    if isinstance(values, ValueSet):
        return Constraint(absent=False, values=(ValueSet.everything(values.kind) - values if negated else values,))
    texts = glob_set((), values) if negated else glob_set([values])
    if mode == _ANY:
        some = frozenset((texts,)) - {EVERYTHING}
        return Constraint(absent=False, some=some, multivalued=True)
    return Constraint(absent=False, text=texts, multivalued=mode is not None)


def _with_absence(pairs: list[Alternative]) -> tuple[Alternative, ...]:
    if pairs and pairs[0].assumption is None:
        return (Alternative(pairs[0].constraint.replaced(absent=True), None), *pairs[1:])
    return (Alternative(ABSENT, None), *pairs)
