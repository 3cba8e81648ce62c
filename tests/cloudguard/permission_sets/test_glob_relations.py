"""The fast tests on two patterns agree with naive matching of every short string."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from cloudguard.permission_sets import glob_relations, glob_sets, globs
from cloudguard.permission_sets.globs import Pattern
from draws import seeds
from oracle_permissions import glob_matches

WORDS = tuple("".join(word) for length in range(7) for word in product("a:y", repeat=length))
"""Every word of up to six characters. "y" is in no pattern and stands for all other characters."""


def drawn(random: Random) -> tuple[Pattern, frozenset[str]]:
    """Return a drawn pattern, whose wildcards match colons or not, and the set of ``WORDS`` that it matches."""
    text = "".join(random.choice("aa:*?") for _ in range(random.randint(0, 4)))
    colons = "**" in text or random.random() < 2 / 3
    pattern = globs.glob(text) if colons else globs.format_pattern(text)
    return pattern, frozenset(word for word in WORDS if glob_matches(text, word, wild_colon=colons))


@pytest.mark.parametrize("seed", seeds(10))
def test_decisions_of_the_fast_tests_are_right(seed: int) -> None:
    random, decided = Random(seed), 0
    for _ in range(100):
        (left, mine), (right, others) = drawn(random), drawn(random)
        found = glob_relations.overlap(left, right)
        decided += found is not None
        if found is not None:
            assert found == bool(mine & others), (left, right)
        assert found == glob_relations.overlap(right, left)
        assert not glob_relations.covers(left, right) or others <= mine
    assert decided > 80


@pytest.mark.parametrize("seed", seeds(10))
def test_samples_match_their_pattern(seed: int) -> None:
    random = Random(seed)
    for _ in range(100):
        pattern, _ = drawn(random)
        assert all(globs.matches(pattern, text) for text in globs.samples(pattern))


def test_case_insensitive_letters_are_undecided() -> None:
    folded = globs.glob("Ab*", fold=True)
    assert glob_relations.overlap(folded, globs.glob("x*")) is None
    assert globs.samples(folded) == ("ab", "ab~")


def test_only_case_insensitive_letters_cover_case_insensitive_ones() -> None:
    assert glob_relations.covers(globs.glob("A*", fold=True), globs.glob("ab*", fold=True))
    assert glob_relations.covers(globs.glob("a*", fold=True), globs.glob("AB"))
    assert not glob_relations.covers(globs.glob("a*"), globs.glob("ab", fold=True))
    assert not glob_relations.has_run(globs.glob("a*", fold=True))
    assert glob_sets.glob_set([[globs.glob("a*", fold=True)], [globs.glob("A*")]]).is_empty() is False


def test_colons_decide_if_they_can_be_counted() -> None:
    assert glob_relations.overlap(globs.format_pattern("a*:*"), globs.glob("a:?:*")) is False
    assert glob_relations.overlap(globs.format_pattern("*a:*"), globs.glob(":*")) is None
    assert glob_relations.overlap(globs.format_pattern("?:"), globs.glob(":?")) is None
    assert glob_relations.overlap(globs.format_pattern("*a*"), globs.glob("?*")) is True


def test_fragments_must_follow_in_order() -> None:
    assert glob_relations.overlap(globs.glob("a?c?e"), globs.glob("*b*d*"))
    assert not glob_relations.overlap(globs.glob("a?c?e"), globs.glob("*d*bc*"))
    assert not glob_relations.overlap(globs.glob("ab?"), globs.glob("ab*?yy"))
    assert not glob_relations.overlap(globs.glob("ab"), globs.glob("a??"))
    assert not glob_relations.overlap(globs.glob("*ab?"), globs.glob("*ba?"))
