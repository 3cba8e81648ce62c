"""What a glance tells of two patterns against every short string, matched the naive way."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from cloudguard.permission_sets import glob_relations, glob_sets, globs
from cloudguard.permission_sets.globs import Pattern
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
        seen = glob_relations.meets(left, right)
        told += seen is not None
        if seen is not None:
            assert seen == bool(mine & others), (left, right)
        assert seen == glob_relations.meets(right, left)
        assert not glob_relations.covers(left, right) or others <= mine
        begun = glob_relations.beginning(left)
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
    assert glob_relations.meets(folded, globs.glob("x*")) is None
    assert glob_relations.beginning(folded) == ""
    assert globs.members(folded) == ("ab", "ab~")


def test_letters_that_fold_are_covered_only_by_such() -> None:
    assert glob_relations.covers(globs.glob("A*", fold=True), globs.glob("ab*", fold=True))
    assert glob_relations.covers(globs.glob("a*", fold=True), globs.glob("AB"))
    assert not glob_relations.covers(globs.glob("a*"), globs.glob("ab", fold=True))
    assert not glob_relations.has_run(globs.glob("a*", fold=True))
    assert glob_sets.inhabited(glob_sets.glob_set([[globs.glob("a*", fold=True)], [globs.glob("A*")]]))


def test_colons_decide_where_they_can_be_counted() -> None:
    assert glob_relations.meets(globs.shaped("a*:*"), globs.glob("a:?:*")) is False
    assert glob_relations.meets(globs.shaped("*a:*"), globs.glob(":*")) is None
    assert glob_relations.meets(globs.shaped("?:"), globs.glob(":?")) is None
    assert glob_relations.meets(globs.shaped("*a*"), globs.glob("?*")) is True


def test_stretches_are_laid_out_in_turn() -> None:
    assert glob_relations.meets(globs.glob("a?c?e"), globs.glob("*b*d*"))
    assert not glob_relations.meets(globs.glob("a?c?e"), globs.glob("*d*bc*"))
    assert not glob_relations.meets(globs.glob("ab?"), globs.glob("ab*?yy"))
    assert not glob_relations.meets(globs.glob("ab"), globs.glob("a??"))
    assert not glob_relations.meets(globs.glob("*ab?"), globs.glob("*ba?"))
