"""A search for the shortest string that matches some globs and not others.

It simulates the automaton of the globs with bit masks. Every pattern has a range of bits, one for each position in the
pattern. A state is the set of active positions, as one int. The alphabet is the literal characters of the patterns, and
one character that stands for all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from cloudguard.permission_sets.globs import (
    ANYTHING,
    FOLD,
    MANY,
    MANY_IN_SEGMENT,
    ONE,
    ONE_IN_SEGMENT,
    SEPARATOR,
    Pattern,
)

BUDGET = 20_000
"""The maximum number of steps of one search. A step takes about 2 microseconds."""
_WIDE = 1024
"""The number of bits of a state that cost one step."""
_PREFERRED = "xyzabcdefghijklmnopqrstuvw0123456789-_XYZ"


class UndecidedError(Exception):
    """The search exceeded its budget, so that it is unknown whether a string exists."""


@dataclass(slots=True)
class Automaton:
    """The product of the automata of all patterns. Masks are sets of positions."""

    size: int = 0
    start: int = 0
    literals: dict[str, int] = field(default_factory=dict[str, int])
    """By character: the positions that match only this character."""
    any_one: int = 0
    any_in_segment: int = 0
    runs: int = 0
    runs_in_segment: int = 0
    superseded: dict[int, int] = field(default_factory=dict[int, int])
    """By the bit of a run: the positions that no longer matter after the run is active."""
    required: list[int] = field(default_factory=list[int])
    """The positions of each set of alternatives. One alternative of each set must match."""
    accepts: list[int] = field(default_factory=list[int])
    """The final positions of each set of alternatives."""
    rejects: int = 0
    """The final positions of the excluded patterns."""
    dead: int = 0
    """The runs at the end of excluded patterns. After one is active, its pattern matches every longer string."""

    def require(self, alternatives: Iterable[Pattern]) -> None:
        """Require the string to match one of ``alternatives``."""
        begin, accept, final_runs = self.size, 0, 0
        for pattern in alternatives:
            final = self._add(pattern)
            accept |= final
            final_runs |= final & self.runs
        mask = (1 << self.size) - (1 << begin)
        while final_runs:
            bit = final_runs & -final_runs
            final_runs ^= bit
            self.superseded[bit] = mask & ~bit
        self.required.append(mask)
        self.accepts.append(accept)

    def exclude(self, pattern: Pattern) -> None:
        """Require the string not to match ``pattern``."""
        final = self._add(pattern)
        self.rejects |= final
        self.dead |= final & self.runs

    def _add(self, pattern: Pattern) -> int:
        """Add the positions of ``pattern`` and return the bit of its final position."""
        base = self.size
        bit = 1 << base
        self.start |= bit
        fold = pattern[:1] == FOLD
        for char in pattern[1:] if fold else pattern:
            if char == MANY:
                self.runs |= bit
                self.superseded[bit] = bit - (1 << base)
            elif char == MANY_IN_SEGMENT:
                self.runs_in_segment |= bit
            else:
                self._add_character(char, bit, fold=fold)
                bit <<= 1
        self.size = bit.bit_length()
        return bit

    def _add_character(self, char: str, bit: int, *, fold: bool) -> None:
        if char == ONE:
            self.any_one |= bit
        elif char == ONE_IN_SEGMENT:
            self.any_in_segment |= bit
        else:
            for case in {char, char.upper()} if fold and char.isascii() else (char,):
                self.literals[case] = self.literals.get(case, 0) | bit

    def alphabet(self) -> list[tuple[str, int, int, int]]:
        """Return each character with three masks of positions.

        The masks are the positions that match only this character, that match it, and that stay active on it. The last
        character stands for all characters that no pattern contains.
        """
        if self.runs_in_segment | self.any_in_segment:
            self.literals.setdefault(SEPARATOR, 0)
        runs, ones = self.runs | self.runs_in_segment, self.any_one | self.any_in_segment
        rows = [
            (char, mask, mask | (self.any_one if char == SEPARATOR else ones), self.runs if char == SEPARATOR else runs)
            for char, mask in sorted(self.literals.items())
        ]
        others = chain(_PREFERRED, map(chr, range(0xA1, 0xD800)))
        return [*rows, (next(char for char in others if char not in self.literals), -1, ones, runs)]


def shortest(required: Iterable[Iterable[Pattern]], excluded: Iterable[Pattern], budget: int = BUDGET) -> str | None:
    """Return a shortest string that matches one pattern of each item of ``required`` and none of ``excluded``.

    None: there is no such string. Raises UndecidedError after ``budget`` steps.
    """
    machine = Automaton()
    for alternatives in tuple(required) or ((ANYTHING,),):
        machine.require(alternatives)
    for pattern in excluded:
        machine.exclude(pattern)
    start = _pruned(machine, 0, machine.start)
    if not start:
        return None
    if _accepts(machine, start):
        return ""
    return _search(machine, start, budget)


def _search(machine: Automaton, start: int, budget: int) -> str | None:
    alphabet = machine.alphabet()
    cost = 1 + machine.size // _WIDE
    parents: dict[int, tuple[int, str]] = {}
    frontier = [start]
    while frontier:
        following: list[int] = []
        for state in frontier:
            for char, after in _successors(machine, alphabet, state):
                budget -= cost
                if after in parents or after == start:
                    continue
                parents[after] = (state, char)
                if _accepts(machine, after):
                    return _text(parents, after, start)
                following.append(after)
            budget -= cost
            if budget < 0:
                raise UndecidedError
        frontier = following
    return None


def _successors(machine: Automaton, alphabet: list[tuple[str, int, int, int]], state: int) -> Iterator[tuple[str, int]]:
    """Yield characters, each with the state after it, if that is not 0. The separator is tried if it matters."""
    in_segment = machine.runs_in_segment | machine.any_in_segment
    for char, literal, matching, staying in alphabet:
        if state & literal or (char == SEPARATOR and state & in_segment):
            after = _pruned(machine, state, ((state & matching) << 1) | (state & staying))
            if after:
                yield char, after


def _pruned(machine: Automaton, before: int, after: int) -> int:
    """Return ``after`` without the positions that newly active runs supersede, or 0 if no continuation can match."""
    if after & machine.dead:
        return 0
    fresh = after & machine.runs & ~before
    while fresh:
        bit = fresh & -fresh
        fresh ^= bit
        if after & bit:
            after &= ~machine.superseded[bit]
    return after if all(after & positions for positions in machine.required) else 0


def _accepts(machine: Automaton, state: int) -> bool:
    return not state & machine.rejects and all(state & accept for accept in machine.accepts)


def _text(parents: dict[int, tuple[int, str]], state: int, start: int) -> str:
    chars: list[str] = []
    while state != start:
        state, char = parents[state]
        chars.append(char)
    return "".join(reversed(chars))
