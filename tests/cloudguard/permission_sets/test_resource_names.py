"""The laws of sets of resource names, and the patterns and formats that define them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given

from cloudguard.permission_sets.globs import wild
from cloudguard.permission_sets.resource_names import (
    EVERY_NAME,
    NO_NAMES,
    NO_RESOURCE,
    ResourceNames,
    resource_format,
    resource_pattern,
)
from oracle_permissions import resource_matches
from strategies import laws, resource_names

NAMES = [f"{first}:p:{third}:::{last}" for first, third, last in product(("", "a", "b", "ab", "y"), repeat=3)]


def names(*sets: ResourceNames) -> list[str]:
    """Return the names in each set, one set after another."""
    return [name for names in sets for name in NAMES if name in names]


@laws
@given(resource_names(), resource_names())
def test_intersection_has_the_names_in_both(a: ResourceNames, b: ResourceNames) -> None:
    assert {*names(a & b)} == {*names(a)} & {*names(b)}
    assert a.isdisjoint(b) == (not a & b) or not a or not b


@laws
@given(resource_names(), resource_names())
def test_difference_has_disjoint_parts_and_loses_nothing(a: ResourceNames, b: ResourceNames) -> None:
    parts = a - b
    assert sorted(names(*parts)) == sorted({*names(a)} - {*names(b)})
    assert all(part and part.isdisjoint(b) for part in parts) or not a
    assert (a <= b) == (not parts)


@laws
@given(resource_names())
def test_every_name_and_no_names_are_neutral(a: ResourceNames) -> None:
    assert a & EVERY_NAME is a
    assert names(EVERY_NAME & a) == names(a)
    assert a & NO_NAMES is NO_NAMES
    assert not NO_NAMES
    assert NO_NAMES <= a <= EVERY_NAME


@pytest.mark.parametrize("pattern", ["*", "a*", "a:*", "?:p:*", "*b:p:*:*", "a:p:*:::*b", "ab:p:a:::b", "a*:*b", "a"])
def test_a_pattern_matches_as_the_oracle_says(pattern: str) -> None:
    nameses = resource_pattern(wild(pattern))
    for name in (*NAMES, "*", "a:b:c:d:e:f:g", "a:::::b:b"):
        assert any(name in part for part in nameses) == resource_matches(pattern, name), name


def test_no_resource_is_the_name_star() -> None:
    assert "*" in NO_RESOURCE
    assert "a:p:a:::b" not in NO_RESOURCE
    assert "a:b" not in EVERY_NAME


def test_one_star_in_a_format_matches_one_segment_and_two_match_several() -> None:
    names = resource_format("n:p:store:::*/**")
    assert "n:p:store:::b/x:y/z" in names
    assert "n:p:store:::b" not in names
    assert "n:p:store:::b:c/x" not in names
    assert resource_format("*") is EVERY_NAME
