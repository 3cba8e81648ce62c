"""The laws of constraints on a context key with one or several values, tested on every small set of texts."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given

from cloudguard.permission_sets.condition_keys import ABSENT, FREE, NEVER, PRESENT, Constraint
from cloudguard.permission_sets.glob_sets import glob_set
from cloudguard.permission_sets.globs import glob
from cloudguard.permission_sets.value_ranges import Kind, ValueSet
from strategies import constraints, laws

WORDS = ("", "a", "b", "ab", "ba", "aa", "y", "ay", "yb")
POINTS = (None, *combinations(WORDS, 1), *combinations(WORDS, 2), *combinations(WORDS, 3))
"""The possible values of a key: none, one text, or (for a multivalued key) several."""

Pair = tuple[Constraint, Constraint, bool]


def points(constraint: Constraint, *, multivalued: bool) -> set[tuple[str, ...] | None]:
    """Return the points that a constraint allows."""
    tried = (point for point in POINTS if multivalued or point is None or len(point) == 1)
    return {point for point in tried if constraint.allows(point)}


@laws
@given(constraints())
def test_intersection_allows_what_both_allow(drawn: Pair) -> None:
    a, b, multivalued = drawn
    left, right = points(a, multivalued=multivalued), points(b, multivalued=multivalued)
    assert points(a & b, multivalued=multivalued) == left & right


@laws
@given(constraints())
def test_difference_has_disjoint_parts_and_loses_nothing(drawn: Pair) -> None:
    a, b, multivalued = drawn
    parts = [points(constraint, multivalued=multivalued) for constraint in a - b]
    assert set[tuple[str, ...] | None]().union(*parts) == points(a, multivalued=multivalued) - points(
        b, multivalued=multivalued
    )
    assert all(not left & right for left, right in combinations(parts, 2))
    assert (a <= b) == (not parts)
    assert a & b <= a


@laws
@given(constraints())
def test_a_witness_is_allowed(drawn: Pair) -> None:
    a, _, multivalued = drawn
    found = a.witness()
    assert (found is None) == (not a)
    assert a.allows(found) if found is not None else not points(a, multivalued=multivalued)


def test_values_are_parsed_and_a_value_that_cannot_be_parsed_is_not_allowed() -> None:
    (kind, few) = (Kind.NUMBER, ValueSet.read(Kind.NUMBER, "3", "<="))
    constraint = Constraint(absent=False, values=(few,))
    assert constraint.allows(("2",))
    assert not constraint.allows(("4",))
    assert not constraint.allows(("many",))
    assert constraint.witness() == ("2",)
    (above,) = PRESENT - constraint
    assert above.allows(("4",))
    assert not above & constraint
    assert Constraint(absent=False, values=(ValueSet(kind),)).witness() is None


def test_constraints_on_text_and_on_number_together_are_undecided() -> None:
    number = Constraint(absent=False, values=(ValueSet.read(Kind.NUMBER, "3"),))
    mixed = number & Constraint(absent=False, text=glob_set([[glob("a*")]]))
    assert mixed.is_empty() is None
    assert mixed


def test_absence_is_a_value() -> None:
    assert FREE - PRESENT == (ABSENT,)
    assert FREE - ABSENT == (PRESENT,)
    assert ABSENT & PRESENT == NEVER
    assert not NEVER
    assert NEVER.witness() is None
    assert FREE.witness() == ABSENT.witness() == ()
