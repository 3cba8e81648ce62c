"""What a glance tells of two patterns against every short string, matched the naive way."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from cloudguard.sets import glances, globs, languages
from cloudguard.sets.globs import Pattern
from oracle_permissions import glob_matches

WORDS = tuple("".join(word) for length in range(7) for word in product("a:y", repeat=length))
"""Every word up to six characters; "y" is in no pattern and stands for all other characters."""


def drawn(random: Random) -> tuple[Pattern, frozenset[str]]:
    """Return a pattern, whose wildcards take colons or do not, and which of ``WORDS`` it matches, naively."""
    text = "".join(random.choice("aa:*?") for _ in range(random.randint(0, 4)))
    colons = "**" in text or random.random() < 2 / 3
    pattern = globs.glob(text) if colons else globs.shaped(text)
    return pattern, frozenset(word for word in WORDS if glob_matches(text, word, wild_colon=colons))


@pytest.mark.parametrize("seed", range(20))
def test_what_is_told_is_true(seed: int) -> None:
    random, told = Random(seed), 0
    for _ in range(100):
        (left, mine), (right, others) = drawn(random), drawn(random)
        seen = glances.meets(left, right)
        told += seen is not None
        if seen is not None:
            assert seen == bool(mine & others), (left, right)
        assert seen == glances.meets(right, left)
        assert not glances.covers(left, right) or others <= mine
        begun = glances.beginning(left)
        assert all(word.startswith(begun) for word in mine)
    assert told > 80


@pytest.mark.parametrize("seed", range(10))
def test_members_are_members(seed: int) -> None:
    random = Random(seed)
    for _ in range(100):
        pattern, _ = drawn(random)
        assert all(globs.matches(pattern, text) for text in globs.members(pattern))


def test_letters_that_fold_are_left_open() -> None:
    folded = globs.glob("Ab*", fold=True)
    assert glances.meets(folded, globs.glob("x*")) is None
    assert glances.beginning(folded) == ""
    assert globs.members(folded) == ("ab", "ab~")


def test_letters_that_fold_are_covered_only_by_such() -> None:
    assert glances.covers(globs.glob("A*", fold=True), globs.glob("ab*", fold=True))
    assert glances.covers(globs.glob("a*", fold=True), globs.glob("AB"))
    assert not glances.covers(globs.glob("a*"), globs.glob("ab", fold=True))
    assert not glances.has_run(globs.glob("a*", fold=True))
    assert languages.inhabited(languages.language([[globs.glob("a*", fold=True)], [globs.glob("A*")]]))


def test_colons_decide_where_they_can_be_counted() -> None:
    assert glances.meets(globs.shaped("a*:*"), globs.glob("a:?:*")) is False
    assert glances.meets(globs.shaped("*a:*"), globs.glob(":*")) is None
    assert glances.meets(globs.shaped("?:"), globs.glob(":?")) is None
    assert glances.meets(globs.shaped("*a*"), globs.glob("?*")) is True


def test_stretches_are_laid_out_in_turn() -> None:
    assert glances.meets(globs.glob("a?c?e"), globs.glob("*b*d*"))
    assert not glances.meets(globs.glob("a?c?e"), globs.glob("*d*bc*"))
    assert not glances.meets(globs.glob("ab?"), globs.glob("ab*?yy"))
    assert not glances.meets(globs.glob("ab"), globs.glob("a??"))
    assert not glances.meets(globs.glob("*ab?"), globs.glob("*ba?"))
