"""Patterns: the strings that they match, their text form, and the shortest string that matches several patterns."""

from __future__ import annotations

import pytest

from cloudguard.permission_sets.glob_search import UndecidedError, shortest
from cloudguard.permission_sets.globs import (
    ReservedCharacterError,
    glob,
    literal,
    matches,
    pattern_text,
    segmented,
    wild,
)


def test_letters_are_case_insensitive_on_request() -> None:
    assert matches(glob("Ab*", fold=True), "aBxyz")
    assert not matches(glob("Ab*"), "abc")
    assert matches(literal("É", fold=True), "É")


def test_a_literal_star_is_no_wildcard() -> None:
    assert not matches(literal("a*"), "ab")
    assert matches(literal("a*"), "a*")


def test_a_wildcard_in_a_segment_matches_no_colon() -> None:
    pattern = segmented(wild("n:p:s:*:1?:r/*"))
    assert pattern is not None
    assert matches(pattern, "n:p:s::12:r/x:y")
    assert not matches(pattern, "n:p:s:a:b:12:r/x")
    assert not matches(pattern, "n:p:s:a:1::r/x")
    assert shortest([[pattern]], []) == "n:p:s::1x:r/"
    assert segmented(wild("n:p:*")) is None


def test_equal_runs_of_wildcards_are_equal_patterns() -> None:
    assert glob("a***b") == glob("a*b")
    assert glob("*?*?") == glob("??*")
    assert pattern_text(glob("*?")) == "?*"


def test_reserved_characters_are_refused() -> None:
    with pytest.raises(ReservedCharacterError):
        glob("a\ufdd0")


def test_the_budget_ends_a_search_undecided() -> None:
    with pytest.raises(UndecidedError):
        shortest([[glob("*a??????????????b")], [glob("*b??????????????a??")]], [glob("*a?????????????c*")], budget=100)
