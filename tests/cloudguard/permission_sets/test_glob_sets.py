"""The laws of glob sets, which agree with the naive matcher on every short string."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudguard.permission_sets.glob_search import UndecidedError
from cloudguard.permission_sets.glob_sets import EVERYTHING, NOTHING, GlobSet, glob_set
from cloudguard.permission_sets.globs import glob, literal, segmented, wild
from draws import examples
from oracle_permissions import glob_matches
from strategies import glob_sets, glob_texts, laws

many = examples(300)
WORDS = tuple("".join(word) for length in range(6) for word in product("aby", repeat=length))
"""Every word of up to five characters. "y" is in no pattern and stands for all other characters."""


def words(*sets: GlobSet) -> list[str]:
    """Return the words in each set, one set after another."""
    return [word for right in sets for word in WORDS if word in right]


@many
@given(st.lists(st.lists(glob_texts(), min_size=1, max_size=2), max_size=2), st.lists(glob_texts(), max_size=2))
def test_membership_agrees_with_the_naive_matcher(required: list[list[str]], excluded: list[str]) -> None:
    right = glob_set([map(glob, texts) for texts in required], map(glob, excluded))
    assert words(right) == [
        word
        for word in WORDS
        if all(any(glob_matches(text, word) for text in texts) for texts in required)
        and not any(glob_matches(text, word) for text in excluded)
    ]


@many
@given(glob_sets(), glob_sets())
def test_intersection_has_the_words_in_both(a: GlobSet, b: GlobSet) -> None:
    assert set(words(a & b)) == {*words(a)} & {*words(b)}
    assert a.isdisjoint(b) == (not a & b) or not a or not b


@many
@given(glob_sets(), glob_sets())
def test_difference_has_disjoint_parts_and_loses_nothing(a: GlobSet, b: GlobSet) -> None:
    parts = a - b
    assert sorted(words(*parts)) == sorted({*words(a)} - {*words(b)})
    assert all(part.is_empty() is False and part.isdisjoint(b) for part in parts)
    assert (a <= b) == (not parts)


@many
@given(glob_sets())
def test_a_witness_is_a_shortest_member_that_is_not_blank(a: GlobSet) -> None:
    found = a.witness()
    assert (found is None) == (not a) == (a.is_empty() is True)
    if found is None:
        assert not words(a)
    else:
        assert found in a
        assert len(found) <= min(map(len, filter(None, words(a))), default=len(found))
        assert found or words(a) == [""]


@laws
@given(glob_sets())
def test_the_intersection_of_the_conjuncts_is_the_set(a: GlobSet) -> None:
    both = EVERYTHING
    for conjunct in a.conjuncts():
        assert len(EVERYTHING - conjunct) <= 1
        both &= conjunct
    assert words(both) == words(a)


@laws
@given(glob_sets())
def test_everything_and_nothing_are_neutral(a: GlobSet) -> None:
    assert a & EVERYTHING == a == EVERYTHING & a
    assert a & NOTHING is NOTHING
    assert a - EVERYTHING == () == NOTHING - a
    assert NOTHING <= a <= EVERYTHING
    assert sorted(words(*(a - NOTHING))) == sorted(words(a))
    assert all(part <= a for part in a - NOTHING)


def test_a_case_insensitive_pattern_is_a_wider_set() -> None:
    folded, upper = glob_set([[literal("ab", fold=True)]]), glob_set([[literal("AB")]])
    assert upper <= folded
    assert not folded <= upper


def test_a_literal_star_is_inside_a_wildcard() -> None:
    assert glob_set([[literal("a*")]]) <= glob_set([[glob("a*")]])
    assert not glob_set([[glob("a*")]]) <= glob_set([[literal("a*")]])


def test_a_wildcard_in_a_segment_matches_no_colon() -> None:
    pattern, wide, exact = (segmented(wild(f"n:{text}:r/*")) for text in ("p:s:*:1?", "*:s:*:*", "*:s:*:??"))
    assert pattern is not None
    assert wide is not None
    assert exact is not None
    assert not glob_set([[glob("n:p*:s:*:12:r/*")]]) <= glob_set([[wide]])
    assert glob_set([[pattern]]) <= glob_set([[exact]])
    assert glob_set([[pattern]]) <= glob_set([[glob("n:p:s:*:1?:r/*")]])
    assert not glob_set([[glob("n:p:s:*:1?:r/*")]]) <= glob_set([[pattern]])


def test_a_pattern_with_two_hundred_stars_is_evaluated() -> None:
    stars = glob_set([[glob("*".join("ab" * 100))]])
    assert stars.witness() == "ab" * 100
    assert stars <= glob_set([[glob("*".join("ab" * 50))]])


def test_a_set_that_a_search_cannot_decide_is_not_empty() -> None:
    required = [[glob("*a" + "?" * 18 + "b*c")], [glob("*b" + "?" * 18 + "a*c")]]
    hard = glob_set(required, [glob("*a" + "?" * 17 + "c*"), glob("*~*")])
    assert hard.is_empty() is None
    assert hard
    with pytest.raises(UndecidedError):
        hard.witness()
