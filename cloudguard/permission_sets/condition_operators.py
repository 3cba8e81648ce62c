"""Condition operators: an operator, a key and its values become constraints on that key.

A negated operator holds where the key is absent; so do "...IfExists" and "ForAllValues:". Values are
alternatives. What cannot be decided (a variable whose value is not known, an operator or value that cannot be
read) becomes a doubt. Source: the policy language's reference, "Condition operators" and "Multivalued context keys".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from cloudguard.permission_sets.condition_keys import ABSENT, FREE, PRESENT, Constraint, one_of
from cloudguard.permission_sets.glob_sets import EVERYTHING, glob_set
from cloudguard.permission_sets.globs import MANY, Pattern, ReservedCharacterError, pattern, plain, segmented, wild
from cloudguard.permission_sets.value_ranges import Kind, ValueSet

Variables = Mapping[str, str]
"""Known values of policy variables, by lower-case name."""
_VARIABLE = re.compile(r"\$\{([^}]*)\}")


class Assumption(NamedTuple):
    """Something that could not be decided; two with the same cause and serial are true or false together."""

    cause: str
    serial: int = 0


class Alternative(NamedTuple):
    """One way for a condition to hold: the key fits ``asked`` and ``doubt``, if there is one, is true."""

    asked: Constraint
    doubt: Assumption | None


class Marked(NamedTuple):
    """A text with its variables replaced; one that is not known became a run of any characters."""

    text: str
    known: bool


def resolved(text: str, variables: Variables, *, wildcards: bool) -> Marked:
    """Replace the variables of ``text``; ``wildcards``: read its stars and question marks as such.

    Raises ReservedCharacterError.
    """
    read = wild if wildcards else plain
    parts: list[str] = []
    end, known = 0, True
    for found in _VARIABLE.finditer(text):
        parts.append(read(text[end : found.start()]))
        name = found[1].partition(",")[0].strip().lower()
        value = name if name in {"*", "?", "$"} else variables.get(name)
        known = known and value is not None
        parts.append(MANY if value is None else plain(value))
        end = found.end()
    return Marked("".join((*parts, read(text[end:]))), known)


@dataclass(frozen=True, slots=True)
class Values:
    """A condition's values: those ``known``, and those that are not, as ``wider`` ones that hold them."""

    known: frozenset[Pattern] | ValueSet
    wider: frozenset[Pattern] | ValueSet
    doubtful: bool


Reader = Callable[[Iterable[str], Variables], Values]


def _texts(
    values: Iterable[str], variables: Variables, *, wildcards: bool = False, fold: bool = False, segments: bool = False
) -> Values:
    known: set[Pattern] = set()
    wider: set[Pattern] = set()
    for value in values:
        try:
            marked = resolved(value, variables, wildcards=wildcards)
        except ReservedCharacterError:
            wider.add(pattern(MANY))
            continue
        read = segmented(marked.text) if segments and marked.known else pattern(marked.text, fold=fold)
        (known if marked.known and read is not None else wider).add(pattern(MANY) if read is None else read)
    return Values(frozenset(known), frozenset(known | wider), bool(wider))


def _points(kind: Kind, comparison: str, values: Iterable[str], variables: Variables) -> Values:
    known = ValueSet(kind)
    doubtful = False
    for value in values:
        try:
            marked = resolved(value, variables, wildcards=False)
            if not marked.known:
                doubtful = True
                continue
            known |= ValueSet.read(kind, marked.text, comparison)
        except (ValueError, OverflowError):
            doubtful = True
    return Values(known, ValueSet.everything(kind) if doubtful else known, doubtful)


@dataclass(frozen=True, slots=True)
class Operator:
    """How an operator reads its values; ``kind`` None: as texts."""

    read: Reader
    kind: Kind | None = None
    negated: bool = False


def _table() -> dict[str, Operator]:
    table: dict[str, Operator] = {}
    readers: dict[tuple[str, str], Reader] = {
        ("string", "equals"): _texts,
        ("string", "equalsignorecase"): partial(_texts, fold=True),
        ("string", "like"): partial(_texts, wildcards=True),
        ("arn", "equals"): partial(_texts, wildcards=True, segments=True),
        ("arn", "like"): partial(_texts, wildcards=True, segments=True),
    }
    for (family, name), reader in readers.items():
        table[family + name] = Operator(reader)
        table[f"{family}not{name}"] = Operator(reader, negated=True)
    table["binaryequals"] = Operator(_texts)
    signs = {"equals": "=", "lessthan": "<", "lessthanequals": "<=", "greaterthan": ">", "greaterthanequals": ">="}
    for family, kind in (("numeric", Kind.NUMBER), ("date", Kind.DATE)):
        for name, sign in signs.items():
            table[family + name] = Operator(partial(_points, kind, sign), kind)
        table[f"{family}notequals"] = Operator(table[f"{family}equals"].read, kind, negated=True)
    addresses = partial(_points, Kind.ADDRESS, "=")
    table["ipaddress"] = Operator(addresses, Kind.ADDRESS)
    table["notipaddress"] = Operator(addresses, Kind.ADDRESS, negated=True)
    table["bool"] = Operator(partial(_points, Kind.TRUTH, "="), Kind.TRUTH)
    return table


OPERATORS = _table()
_ANY, _ALL = "foranyvalue", "forallvalues"


def alternatives(
    operator: str, key: str, values: tuple[str, ...], variables: Variables, *, multivalued: bool
) -> tuple[Alternative, ...]:
    """Return the ways in which the condition holds; none: it never does. Never raises."""
    mode, _, name = operator.lower().rpartition(":")
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    doubt = Assumption(f"{key} ({operator}): {', '.join(sorted(values))}")
    if name == "null" and not mode and not if_exists:
        return _null(values, doubt)
    known = OPERATORS.get(name)
    if known is None or mode not in {"", _ANY, _ALL}:
        return (Alternative(FREE, doubt),)
    absent = if_exists or mode == _ALL or (known.negated and mode != _ANY)
    if multivalued and (not mode or known.kind):
        ways = [Alternative(PRESENT, doubt)]
    else:
        ways = _present_ways(known, known.read(values, variables), doubt, some=multivalued and mode == _ANY)
    return _with_absence(ways) if absent else tuple(ways)


def _null(values: tuple[str, ...], doubt: Assumption) -> tuple[Alternative, ...]:
    ways = {"true": Alternative(ABSENT, None), "false": Alternative(PRESENT, None)}
    return tuple(ways.get(value.lower(), Alternative(FREE, doubt)) for value in dict.fromkeys(values))


def _present_ways(operator: Operator, values: Values, doubt: Assumption, *, some: bool) -> list[Alternative]:
    if operator.negated:
        outside = _asked(values.known, negated=True, some=some)
        return [Alternative(outside, doubt if values.doubtful else None)]
    ways: list[Alternative] = []
    if values.known:
        ways.append(Alternative(_asked(values.known, negated=False, some=some), None))
    if values.doubtful:
        ways.append(Alternative(_asked(values.wider, negated=False, some=some), doubt))
    return ways


def _asked(values: frozenset[Pattern] | ValueSet, *, negated: bool, some: bool) -> Constraint:
    """The key is present and its value is one of ``values``, or not."""
    if isinstance(values, ValueSet):
        return one_of(ValueSet.everything(values.kind) - values if negated else values)
    texts = glob_set((), values) if negated else glob_set([values])
    if some:
        return PRESENT if texts is EVERYTHING else Constraint(absent=False, some=frozenset((texts,)))
    return Constraint(absent=False, text=texts)


def _with_absence(ways: list[Alternative]) -> tuple[Alternative, ...]:
    if ways and ways[0].doubt is None:
        return (Alternative(ways[0].asked.replaced(absent=True), None), *ways[1:])
    return (Alternative(ABSENT, None), *ways)
