"""The shortest string that fits some globs and misses others, by bit-parallel simulation of their automaton.

Every pattern takes a stretch of bits, one a position; a state is the set of live positions, one integer.
The alphabet is the literal characters that occur and one character that stands for all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from cloudguard.permission_sets.globs import ANYTHING, FOLD, MANY, MANY_INSIDE, ONE, ONE_INSIDE, SEPARATOR, Pattern

BUDGET = 20_000
"""Steps of one search; about 2 microseconds each."""
_WIDE = 1024
"""Bits of a state that cost one step."""
_PREFERRED = "xyzabcdefghijklmnopqrstuvw0123456789-_XYZ"


class UndecidedError(Exception):
    """The search met its budget: whether a string exists is not known."""


@dataclass(slots=True)
class Automaton:
    """The product of all patterns of one question; masks are over state bits."""

    size: int = 0
    start: int = 0
    literals: dict[str, int] = field(default_factory=dict[str, int])
    """Positions that take just this character."""
    any_one: int = 0
    any_inside: int = 0
    runs: int = 0
    runs_inside: int = 0
    clears: dict[int, int] = field(default_factory=dict[int, int])
    """For the bit of a run: the bits that no longer matter once it is live."""
    groups: list[int] = field(default_factory=list[int])
    accepts: list[int] = field(default_factory=list[int])
    rejects: int = 0
    hopeless: int = 0
    """Runs that end a pattern to be missed: once live, every longer string matches it."""

    def add_group(self, patterns: Iterable[Pattern]) -> None:
        """Ask that the string match one of ``patterns``."""
        begin, accept, ends = self.size, 0, 0
        for pattern in patterns:
            final = self._add(pattern)
            accept |= final
            ends |= final & self.runs
        mask = (1 << self.size) - (1 << begin)
        while ends:
            bit = ends & -ends
            ends ^= bit
            self.clears[bit] = mask & ~bit
        self.groups.append(mask)
        self.accepts.append(accept)

    def add_miss(self, pattern: Pattern) -> None:
        """Ask that the string not match ``pattern``."""
        final = self._add(pattern)
        self.rejects |= final
        self.hopeless |= final & self.runs

    def _add(self, pattern: Pattern) -> int:
        """Lay ``pattern`` out after the last one and return the bit of its end."""
        base = self.size
        bit = 1 << base
        self.start |= bit
        fold = pattern[:1] == FOLD
        for char in pattern[1:] if fold else pattern:
            if char == MANY:
                self.runs |= bit
                self.clears[bit] = bit - (1 << base)
            elif char == MANY_INSIDE:
                self.runs_inside |= bit
            else:
                self._take(char, bit, fold=fold)
                bit <<= 1
        self.size = bit.bit_length()
        return bit

    def _take(self, char: str, bit: int, *, fold: bool) -> None:
        if char == ONE:
            self.any_one |= bit
        elif char == ONE_INSIDE:
            self.any_inside |= bit
        else:
            for case in {char, char.upper()} if fold and char.isascii() else (char,):
                self.literals[case] = self.literals.get(case, 0) | bit

    def other(self) -> str:
        """Return a character that no pattern names."""
        return next(char for char in chain(_PREFERRED, map(chr, range(0xA1, 0xD800))) if char not in self.literals)

    def alphabet(self) -> list[tuple[str, int, int, int]]:
        """Characters as (character, positions naming it, positions taking it, positions staying), the rest last."""
        if self.runs_inside | self.any_inside:
            self.literals.setdefault(SEPARATOR, 0)
        loops, ones = self.runs | self.runs_inside, self.any_one | self.any_inside
        rows = [
            (
                char,
                mask,
                mask | (self.any_one if char == SEPARATOR else ones),
                self.runs if char == SEPARATOR else loops,
            )
            for char, mask in sorted(self.literals.items())
        ]
        return [*rows, (self.other(), -1, ones, loops)]


def _settled(machine: Automaton, before: int, after: int) -> int:
    """Return ``after`` without the positions that newly live runs make idle; 0 where no string can follow."""
    if after & machine.hopeless:
        return 0
    fresh = after & machine.runs & ~before
    while fresh:
        bit = fresh & -fresh
        fresh ^= bit
        if after & bit:
            after &= ~machine.clears[bit]
    return after if all(after & group for group in machine.groups) else 0


def _follow(machine: Automaton, rows: list[tuple[str, int, int, int]], state: int) -> Iterator[tuple[str, int]]:
    """Yield (character, next state), next states being live; a separator is tried wherever it is told apart."""
    inside = machine.runs_inside | machine.any_inside
    for char, named, taken, stays in rows:
        if state & named or (char == SEPARATOR and state & inside):
            after = _settled(machine, state, ((state & taken) << 1) | (state & stays))
            if after:
                yield char, after


def _accepts(machine: Automaton, state: int) -> bool:
    return not state & machine.rejects and all(state & accept for accept in machine.accepts)


def _spelt(parents: dict[int, tuple[int, str]], state: int, start: int) -> str:
    chars: list[str] = []
    while state != start:
        state, char = parents[state]
        chars.append(char)
    return "".join(reversed(chars))


def shortest(groups: Iterable[Iterable[Pattern]], misses: Iterable[Pattern], budget: int = BUDGET) -> str | None:
    """Return a shortest string that matches a pattern of every group and none of ``misses``; None: there is none.

    Raises UndecidedError after ``budget`` steps.
    """
    machine = Automaton()
    for group in tuple(groups) or ((ANYTHING,),):
        machine.add_group(group)
    for pattern in misses:
        machine.add_miss(pattern)
    start = _settled(machine, 0, machine.start)
    if not start:
        return None
    if _accepts(machine, start):
        return ""
    return _search(machine, start, budget)


def _search(machine: Automaton, start: int, budget: int) -> str | None:
    rows = machine.alphabet()
    cost = 1 + machine.size // _WIDE
    parents: dict[int, tuple[int, str]] = {}
    layer = [start]
    while layer:
        following: list[int] = []
        for state in layer:
            for char, after in _follow(machine, rows, state):
                budget -= cost
                if after in parents or after == start:
                    continue
                parents[after] = (state, char)
                if _accepts(machine, after):
                    return _spelt(parents, after, start)
                following.append(after)
            budget -= cost
            if budget < 0:
                raise UndecidedError
        layer = following
    return None
