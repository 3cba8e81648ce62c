"""What a condition asks of one context key: that it may be absent, and which values it may have when present.

A value is a text, a point on a line, or, for a multivalued key, a non-empty set of texts of which all are in
one language and some in each of others.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cloudguard.permission_sets import glob_sets
from cloudguard.permission_sets.glob_search import UndecidedError
from cloudguard.permission_sets.glob_sets import EVERYTHING, NOTHING, GlobSet
from cloudguard.permission_sets.globs import glob
from cloudguard.permission_sets.value_ranges import ValueSet

ValueSets = tuple[ValueSet, ...]
"""At most one of each kind, in order of kind."""
_REMEMBERED = 1 << 15


class Constraint:
    """``absent``: the key may be absent. Present, its text (each of its texts) is in ``text``.

    ``some`` is asked of a multivalued key: for each of them, one of its texts is in it. ``values`` holds what is
    asked of the value read as a number, a date, an address or a truth value.
    """

    __slots__ = ("_hash", "absent", "some", "text", "values")

    def __init__(
        self,
        *,
        absent: bool,
        text: GlobSet = EVERYTHING,
        some: frozenset[GlobSet] = frozenset(),
        values: ValueSets = (),
    ) -> None:
        self.absent = absent
        self.text = text
        self.some = some
        self.values = values
        self._hash = hash((absent, text, some, values))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Constraint) and self._key() == other._key()

    def _key(self) -> tuple[bool, GlobSet, frozenset[GlobSet], ValueSets]:
        return self.absent, self.text, self.some, self.values

    def __repr__(self) -> str:
        return f"Constraint({self})"

    def __str__(self) -> str:
        kinds = [str(values.kind) for values in self.values]
        texts = [] if self.text == EVERYTHING else [str(self.text)]
        present = "" if self.text == NOTHING else " and ".join([*texts, *kinds, *map(str, self.some)]) or "present"
        return " or ".join(filter(None, ("absent" if self.absent else "", present)))

    def replaced(
        self,
        *,
        absent: bool | None = None,
        text: GlobSet | None = None,
        some: frozenset[GlobSet] | None = None,
        values: ValueSets | None = None,
    ) -> Constraint:
        """Return a copy with some parts changed."""
        return Constraint(
            absent=self.absent if absent is None else absent,
            text=self.text if text is None else text,
            some=self.some if some is None else some,
            values=self.values if values is None else values,
        )


FREE = Constraint(absent=True)
ABSENT = Constraint(absent=True, text=NOTHING)
PRESENT = Constraint(absent=False)
NEVER = Constraint(absent=False, text=NOTHING)


def one_of(values: ValueSet) -> Constraint:
    """The key is present and its value, read as their kind, is one of ``values``."""
    return Constraint(absent=False, values=(values,))


@lru_cache(maxsize=_REMEMBERED)
def present_possible(asked: Constraint) -> bool | None:
    """Whether a value fits ``asked``; None: undecided."""
    if not all(asked.values):
        return False
    parts = [glob_sets.inhabited(glob_sets.meet(asked.text, some)) for some in asked.some]
    parts.append(glob_sets.inhabited(asked.text))
    if False in parts:
        return False
    mixed = len(asked.values) + (asked.text not in (EVERYTHING, NOTHING)) > 1
    return None if None in parts or mixed else True


@lru_cache(maxsize=_REMEMBERED)
def possible(asked: Constraint) -> bool | None:
    """Whether the key can be absent or have a value; None: undecided, also where it is read in two ways."""
    return True if asked.absent else present_possible(asked)


def undecided(asked: Constraint) -> bool:
    """Whether it is not known that some value fits, and absence would not do either."""
    return possible(asked) is None


def _values_met(left: ValueSets, right: ValueSets) -> ValueSets:
    met = {values.kind: values for values in left}
    for values in right:
        met[values.kind] = met[values.kind] & values if values.kind in met else values
    return tuple(met[kind] for kind in sorted(met))


@lru_cache(maxsize=_REMEMBERED)
def meet(left: Constraint, right: Constraint) -> Constraint:
    """Return what fits both."""
    if right == FREE or left is right:
        return left
    both = Constraint(
        absent=left.absent and right.absent,
        text=glob_sets.meet(left.text, right.text),
        some=left.some | right.some,
        values=_values_met(left.values, right.values),
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
    yield from _values_minus(left, right.values)


def _values_minus(left: Constraint, right: ValueSets) -> Iterator[Constraint]:
    for values in right:
        outside = ValueSet.everything(values.kind) - values
        yield left.replaced(values=_values_met(left.values, (outside,)))
        left = left.replaced(values=_values_met(left.values, (values,)))


def _many_minus(left: Constraint, right: Constraint) -> Iterator[Constraint]:
    """Not all texts in an atom: some text in its complement; no text in it: all in its complement."""
    for atom in glob_sets.atoms(right.text):
        if not glob_sets.inside(left.text, atom):
            yield left.replaced(some=left.some | {glob_sets.negated(atom)} - {EVERYTHING})
            left = left.replaced(text=glob_sets.meet(left.text, atom))
    for atom in sorted(right.some - left.some, key=str):
        yield left.replaced(text=glob_sets.meet(left.text, glob_sets.negated(atom)))
        left = left.replaced(some=left.some | {atom})
    yield from _values_minus(left, right.values)


def holds(asked: Constraint, given: tuple[str, ...] | None) -> bool:
    """Whether a key with the values ``given`` (None: absent) fits."""
    if not given:
        return asked.absent
    if not all(glob_sets.contains(asked.text, text) for text in given):
        return False
    if not all(any(glob_sets.contains(some, text) for text in given) for some in asked.some):
        return False
    try:
        return all(ValueSet.read(values.kind, text) & values for values in asked.values for text in given)
    except (ValueError, OverflowError):
        return False


def sample(asked: Constraint) -> tuple[str, ...] | None:
    """Return values that fit, None for absence (which is preferred); raises UndecidedError."""
    if asked.absent:
        return None
    for values in asked.values:
        point = values.witness()
        if point is None:
            raise UndecidedError
        return (point,)
    parts = sorted(asked.some, key=str) or [EVERYTHING]
    return tuple(dict.fromkeys(text(glob_sets.meet(asked.text, some)) for some in parts))


def text(whole: GlobSet) -> str:
    """Return a member, one that is not empty if there is any."""
    found = glob_sets.witness(glob_sets.meet(whole, _SOME_TEXT)) or glob_sets.witness(whole)
    if found is None:
        raise UndecidedError
    return found


_SOME_TEXT = glob_sets.glob_set([[glob("?*")]])
