"""What a condition asks of one context key: that it may be absent, and which values it may have when present.

A value is a text, a point on a line, or, for a multivalued key, a non-empty set of texts of which all are in
one language and some in each of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from cloudguard.permission_sets import glob_sets, value_ranges
from cloudguard.permission_sets.glob_search import UndecidedError
from cloudguard.permission_sets.glob_sets import EVERYTHING, NOTHING, GlobSet
from cloudguard.permission_sets.globs import glob
from cloudguard.permission_sets.value_ranges import WHOLE, Kind, Ranges

Lines = tuple[tuple[Kind, Ranges], ...]
_REMEMBERED = 1 << 15


class Constraint:
    """``absent``: the key may be absent. Present, its text (each of its texts) is in ``text``.

    ``some`` is asked of a multivalued key: for each of them, one of its texts is in it. ``lines`` holds what is
    asked of the value read as a number, a date, an address or a truth value.
    """

    __slots__ = ("_hash", "absent", "lines", "some", "text")

    def __init__(
        self, *, absent: bool, text: GlobSet = EVERYTHING, some: frozenset[GlobSet] = frozenset(), lines: Lines = ()
    ) -> None:
        self.absent = absent
        self.text = text
        self.some = some
        self.lines = lines
        self._hash = hash((absent, text, some, lines))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Constraint) and self._key() == other._key()

    def _key(self) -> tuple[bool, GlobSet, frozenset[GlobSet], Lines]:
        return self.absent, self.text, self.some, self.lines

    def __repr__(self) -> str:
        return f"Constraint({self})"

    def __str__(self) -> str:
        kinds = [str(kind) for kind, _ in self.lines]
        texts = [] if self.text == EVERYTHING else [str(self.text)]
        present = "" if self.text == NOTHING else " and ".join([*texts, *kinds, *map(str, self.some)]) or "present"
        return " or ".join(filter(None, ("absent" if self.absent else "", present)))

    def replaced(
        self,
        *,
        absent: bool | None = None,
        text: GlobSet | None = None,
        some: frozenset[GlobSet] | None = None,
        lines: Lines | None = None,
    ) -> Constraint:
        """Return a copy with some parts changed."""
        return Constraint(
            absent=self.absent if absent is None else absent,
            text=self.text if text is None else text,
            some=self.some if some is None else some,
            lines=self.lines if lines is None else lines,
        )


FREE = Constraint(absent=True)
ABSENT = Constraint(absent=True, text=NOTHING)
PRESENT = Constraint(absent=False)
NEVER = Constraint(absent=False, text=NOTHING)


def on_line(kind: Kind, points: Ranges) -> Constraint:
    """The key is present and its value, read as ``kind``, is one of ``points``."""
    return Constraint(absent=False, lines=((kind, points),))


@lru_cache(maxsize=_REMEMBERED)
def present_possible(asked: Constraint) -> bool | None:
    """Whether a value fits ``asked``; None: undecided."""
    if not all(points for _, points in asked.lines):
        return False
    parts = [glob_sets.inhabited(glob_sets.meet(asked.text, some)) for some in asked.some]
    parts.append(glob_sets.inhabited(asked.text))
    if False in parts:
        return False
    mixed = len(asked.lines) + (asked.text not in (EVERYTHING, NOTHING)) > 1
    return None if None in parts or mixed else True


@lru_cache(maxsize=_REMEMBERED)
def possible(asked: Constraint) -> bool | None:
    """Whether the key can be absent or have a value; None: undecided, also where it is read in two ways."""
    return True if asked.absent else present_possible(asked)


def undecided(asked: Constraint) -> bool:
    """Whether it is not known that some value fits, and absence would not do either."""
    return possible(asked) is None


def _lines_met(left: Lines, right: Lines) -> Lines:
    met = dict(left)
    for kind, points in right:
        met[kind] = value_ranges.meet(met.get(kind, WHOLE[kind]), points)
    return tuple(sorted(met.items()))


@lru_cache(maxsize=_REMEMBERED)
def meet(left: Constraint, right: Constraint) -> Constraint:
    """Return what fits both."""
    if right == FREE or left is right:
        return left
    both = Constraint(
        absent=left.absent and right.absent,
        text=glob_sets.meet(left.text, right.text),
        some=left.some | right.some,
        lines=_lines_met(left.lines, right.lines),
    )
    return both if present_possible(both) is not False else (ABSENT if both.absent else NEVER)


@lru_cache(maxsize=_REMEMBERED)
def minus(left: Constraint, right: Constraint, *, multivalued: bool) -> tuple[Constraint, ...]:
    """Return what fits ``left`` and not ``right``, as disjoint constraints."""
    if left is right or right == FREE:
        return ()
    present = left.replaced(absent=False)
    split = _many_minus(present, right) if multivalued else _one_minus(present, right)
    pieces = [piece for piece in split if present_possible(piece) is not False]
    if left.absent and not right.absent:
        pieces[:1] = [pieces[0].replaced(absent=True)] if pieces else [ABSENT]
    return tuple(pieces)


def _one_minus(left: Constraint, right: Constraint) -> Iterator[Constraint]:
    for text in glob_sets.minus(left.text, right.text):
        yield left.replaced(text=text)
    left = left.replaced(text=glob_sets.meet(left.text, right.text))
    yield from _lines_minus(left, right.lines)


def _lines_minus(left: Constraint, lines: Lines) -> Iterator[Constraint]:
    for kind, points in lines:
        held = dict(left.lines).get(kind, WHOLE[kind])
        yield left.replaced(lines=_lines_met(left.lines, ((kind, value_ranges.minus(held, points)),)))
        left = left.replaced(lines=_lines_met(left.lines, ((kind, points),)))


def _many_minus(left: Constraint, right: Constraint) -> Iterator[Constraint]:
    """Not all texts in an atom: some text in its complement; no text in it: all in its complement."""
    for atom in glob_sets.atoms(right.text):
        if not glob_sets.inside(left.text, atom):
            yield left.replaced(some=left.some | {glob_sets.negated(atom)} - {EVERYTHING})
            left = left.replaced(text=glob_sets.meet(left.text, atom))
    for atom in sorted(right.some - left.some, key=str):
        yield left.replaced(text=glob_sets.meet(left.text, glob_sets.negated(atom)))
        left = left.replaced(some=left.some | {atom})
    yield from _lines_minus(left, right.lines)


def holds(asked: Constraint, values: tuple[str, ...] | None, read: Mapping[Kind, Iterable[Ranges]]) -> bool:
    """Whether a key with ``values`` (None: absent) fits; ``read`` gives them as points of each kind."""
    if not values:
        return asked.absent
    if not all(glob_sets.contains(asked.text, value) for value in values):
        return False
    if not all(any(glob_sets.contains(some, value) for value in values) for some in asked.some):
        return False
    return all(value_ranges.meet(point, points) for kind, points in asked.lines for point in read[kind])


def sample(asked: Constraint) -> tuple[str, ...] | None:
    """Return values that fit, None for absence (which is preferred); raises UndecidedError."""
    if asked.absent:
        return None
    for kind, points in asked.lines:
        return (value_ranges.sample(kind, points),)
    parts = sorted(asked.some, key=str) or [EVERYTHING]
    return tuple(dict.fromkeys(text(glob_sets.meet(asked.text, some)) for some in parts))


def text(whole: GlobSet) -> str:
    """Return a member, one that is not empty if there is any."""
    found = glob_sets.witness(glob_sets.meet(whole, _SOME_TEXT)) or glob_sets.witness(whole)
    if found is None:
        raise UndecidedError
    return found


_SOME_TEXT = glob_sets.glob_set([[glob("?*")]])
