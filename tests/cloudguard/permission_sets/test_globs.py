"""Languages of globs against every short string, matched the naive way."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from cloudguard.permission_sets.glob_search import UndecidedError, shortest
from cloudguard.permission_sets.glob_sets import (
    EVERYTHING,
    NOTHING,
    GlobSet,
    contains,
    glob_set,
    inhabited,
    inside,
    meet,
    minus,
    witness,
)
from cloudguard.permission_sets.globs import ReservedCharacterError, glob, literal, matches, segmented, shown, wild
from oracle_permissions import glob_matches

WORDS = tuple("".join(word) for length in range(6) for word in product("aby", repeat=length))
"""Every word up to five characters; "y" is in no pattern and stands for all other characters."""


def random_pattern(random: Random) -> str:
    return "".join(random.choice("aabb*?") for _ in range(random.randint(0, 4)))


def random_language(random: Random) -> tuple[GlobSet, frozenset[str]]:
    """Return a language, and which of ``WORDS`` are in it by the naive matcher."""
    groups = [[random_pattern(random) for _ in range(random.randint(1, 2))] for _ in range(random.randint(0, 2))]
    misses = [random_pattern(random) for _ in range(random.randint(0, 2))]
    words = frozenset(
        word
        for word in WORDS
        if all(any(glob_matches(p, word) for p in group) for group in groups)
        and not any(glob_matches(p, word) for p in misses)
    )
    return glob_set([[glob(p) for p in group] for group in groups], [glob(p) for p in misses]), words


@pytest.mark.parametrize("seed", range(20))
def test_operations_agree_with_every_short_word(seed: int) -> None:
    random = Random(seed)
    for _ in range(25):
        (left, left_words), (right, right_words) = random_language(random), random_language(random)
        assert {word for word in WORDS if contains(left, word)} == left_words
        assert {word for word in WORDS if contains(meet(left, right), word)} == left_words & right_words
        pieces = minus(left, right)
        found = [word for piece in pieces for word in WORDS if contains(piece, word)]
        assert sorted(found) == sorted(left_words - right_words), "disjoint pieces, nothing lost"
        assert inside(left, right) == (not pieces)
        assert all(inhabited(piece) for piece in pieces)


@pytest.mark.parametrize("seed", range(10))
def test_witness_is_a_shortest_member(seed: int) -> None:
    random = Random(1000 + seed)
    for _ in range(50):
        whole, words = random_language(random)
        found = witness(whole)
        if found is None:
            assert not words
        else:
            assert contains(whole, found)
            assert len(found) <= min(map(len, words), default=len(found))


def test_letters_fold_where_asked() -> None:
    assert matches(glob("Ab*", fold=True), "aBxyz")
    assert not matches(glob("Ab*"), "abc")
    assert matches(literal("É", fold=True), "É")
    folded, upper = glob_set([[literal("ab", fold=True)]]), glob_set([[literal("AB")]])
    assert inside(upper, folded)
    assert not inside(folded, upper)


def test_a_literal_star_is_no_wildcard() -> None:
    assert not matches(literal("a*"), "ab")
    assert matches(literal("a*"), "a*")
    assert inside(glob_set([[literal("a*")]]), glob_set([[glob("a*")]]))
    assert not inside(glob_set([[glob("a*")]]), glob_set([[literal("a*")]]))


def test_segments_keep_their_colons() -> None:
    pattern = segmented(wild("n:p:s:*:1?:r/*"))
    assert pattern is not None
    assert matches(pattern, "n:p:s::12:r/x:y")
    assert not matches(pattern, "n:p:s:a:b:12:r/x")
    assert not matches(pattern, "n:p:s:a:1::r/x")
    assert witness(glob_set([[pattern]])) == "n:p:s::1x:r/"
    assert segmented(wild("n:p:*")) is None
    assert not inside(glob_set([[glob("n:p*:s:*:12:r/*")]]), glob_set([[segmented(wild("n:*:s:*:*:*")) or glob("")]]))
    assert inside(glob_set([[pattern]]), glob_set([[segmented(wild("n:*:s:*:??:*")) or glob("")]]))
    assert inside(glob_set([[pattern]]), glob_set([[glob("n:p:s:*:1?:r/*")]]))
    assert not inside(glob_set([[glob("n:p:s:*:1?:r/*")]]), glob_set([[pattern]]))


def test_runs_of_wildcards_are_one_pattern() -> None:
    assert glob("a***b") == glob("a*b")
    assert glob("*?*?") == glob("??*")
    assert shown(glob("*?")) == "?*"


def test_reserved_characters_are_refused() -> None:
    with pytest.raises(ReservedCharacterError):
        glob("a\ufdd0")


def test_everything_and_nothing() -> None:
    assert inhabited(EVERYTHING)
    assert not inhabited(NOTHING)
    assert minus(EVERYTHING, EVERYTHING) == ()
    assert witness(glob_set([[glob("a*")]], [glob("*")])) is None


def test_two_hundred_stars_are_answered() -> None:
    stars = glob("*".join("ab" * 100))
    assert witness(glob_set([[stars]])) == "ab" * 100
    assert inside(glob_set([[stars]]), glob_set([[glob("*".join("ab" * 50))]]))
    hard = [[glob("*a" + "?" * n + "*")] for n in range(10, 40)]
    assert inhabited(glob_set(hard, [glob("*a" + "?" * 45 + "b*")])) in {True, None}


def test_the_budget_ends_a_search_undecided() -> None:
    with pytest.raises(UndecidedError):
        shortest([[glob("*a??????????????b")], [glob("*b??????????????a??")]], [glob("*a?????????????c*")], budget=100)
