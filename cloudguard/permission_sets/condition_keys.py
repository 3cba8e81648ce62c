"""Constraints: the values that conditions allow for one context key, and whether it may be absent.

A value is a text. It may also be read as a number, a date, an address or a truth value. A multivalued key has a
non-empty set of texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cloudguard.permission_sets.glob_sets import EVERYTHING, NOTHING, GlobSet
from cloudguard.permission_sets.value_ranges import ValueSet

_CACHE_SIZE = 1 << 15


class Constraint:
    """The allowed values of one context key. ``absent``: the key may be absent. All texts of the key are in ``text``.

    ``some``: each of these sets contains at least one of the texts (multivalued keys only). ``values``: sets that
    contain every text, read as a number, date, address or truth value; at most one set of each kind, in order.
    ``multivalued``: whether the key is multivalued. It is False in a constraint for which this makes no difference.
    """

    __slots__ = ("_hash", "absent", "multivalued", "some", "text", "values")

    def __init__(
        self,
        *,
        absent: bool,
        text: GlobSet = EVERYTHING,
        some: frozenset[GlobSet] = frozenset(),
        values: tuple[ValueSet, ...] = (),
        multivalued: bool = False,
    ) -> None:
        self.absent = absent
        self.text = text
        self.some = some
        self.values = values
        self.multivalued = multivalued and (bool(some) or text not in (EVERYTHING, NOTHING))
        self._hash = hash((absent, text, some, values, self.multivalued))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Constraint) and self._key() == other._key()

    def _key(self) -> tuple[object, ...]:
        return self.absent, self.text, self.some, self.values, self.multivalued

    def replaced(
        self,
        *,
        absent: bool | None = None,
        text: GlobSet | None = None,
        some: frozenset[GlobSet] | None = None,
        values: tuple[ValueSet, ...] | None = None,
        multivalued: bool = False,
    ) -> Constraint:
        """Return a copy with some fields changed."""
        return Constraint(
            absent=self.absent if absent is None else absent,
            text=self.text if text is None else text,
            some=self.some if some is None else some,
            values=self.values if values is None else values,
            multivalued=multivalued or self.multivalued,
        )

    def allows(self, texts: tuple[str, ...] | None) -> bool:
        """Whether the key may have ``texts`` as its values. None: whether the key may be absent."""
        if not texts:
            return self.absent
        if not all(text in self.text for text in texts) or not all(any(t in some for t in texts) for some in self.some):
            return False
        try:
            return all(ValueSet.read(values.kind, text) & values for values in self.values for text in texts)
        except (ValueError, OverflowError):
            return False

    def is_empty(self) -> bool | None:
        """Whether the key cannot be absent and cannot have a value. None: undecided."""
        return False if self.absent else _excludes_values(self)

    def __bool__(self) -> bool:
        """Whether the constraint may allow anything: False only if it is certainly empty."""
        return self.is_empty() is not True

    def __and__(self, other: Constraint) -> Constraint:
        """Return the intersection, or ``NEVER`` if it is certainly empty."""
        return _intersection(self, other)

    def __sub__(self, other: Constraint) -> tuple[Constraint, ...]:
        """Return the difference as disjoint parts. No part is certainly empty."""
        return _difference(self, other)

    def __le__(self, other: Constraint) -> bool:
        """Whether ``other`` certainly allows everything that this constraint allows."""
        return not self - other

    def witness(self) -> tuple[str, ...] | None:
        """Return allowed values. ``()`` means absence and is preferred. None: nothing is allowed.

        Raises UndecidedError if the search for a value exceeds its budget.
        """
        if self.absent:
            return ()
        if self.values:
            value = self.values[0].witness()
            return None if value is None else (value,)
        witnesses = [(self.text & some).witness() for some in sorted(self.some, key=str) or (EVERYTHING,)]
        texts = tuple(dict.fromkeys(text for text in witnesses if text is not None))
        return texts if None not in witnesses else None

    def __repr__(self) -> str:
        return f"Constraint({self})"

    def __str__(self) -> str:
        kinds = [str(values.kind) for values in self.values]
        texts = [] if self.text == EVERYTHING else [str(self.text)]
        present = "" if self.text == NOTHING else " and ".join([*texts, *kinds, *map(str, self.some)]) or "present"
        return " or ".join(filter(None, ("absent" if self.absent else "", present)))


FREE = Constraint(absent=True)
ABSENT = Constraint(absent=True, text=NOTHING)
PRESENT = Constraint(absent=False)
NEVER = Constraint(absent=False, text=NOTHING)


@lru_cache(maxsize=_CACHE_SIZE)
def _excludes_values(constraint: Constraint) -> bool | None:
    """Whether no value is allowed. None: undecided. This includes values that are read in two ways."""
    if not all(constraint.values):
        return True
    empty = [(constraint.text & some).is_empty() for some in constraint.some]
    empty.append(constraint.text.is_empty())
    if True in empty:
        return True
    mixed = len(constraint.values) + (constraint.text not in (EVERYTHING, NOTHING)) > 1
    return None if None in empty or mixed else False


@lru_cache(maxsize=_CACHE_SIZE)
def _intersection(left: Constraint, right: Constraint) -> Constraint:
    if right == FREE or left is right:
        return left
    both = Constraint(
        absent=left.absent and right.absent,
        text=left.text & right.text,
        some=left.some | right.some,
        values=_common_values(left.values, right.values),
        multivalued=left.multivalued or right.multivalued,
    )
    return both if _excludes_values(both) is not True else (ABSENT if both.absent else NEVER)


def _common_values(left: tuple[ValueSet, ...], right: tuple[ValueSet, ...]) -> tuple[ValueSet, ...]:
    common = {values.kind: values for values in left}
    for values in right:
        common[values.kind] = common[values.kind] & values if values.kind in common else values
    return tuple(common[kind] for kind in sorted(common))


@lru_cache(maxsize=_CACHE_SIZE)
def _difference(left: Constraint, right: Constraint) -> tuple[Constraint, ...]:
    if left is right or right == FREE:
        return ()
    present = left.replaced(absent=False)
    multivalued = left.multivalued or right.multivalued
    constraints = _multivalued_difference(present, right) if multivalued else _single_difference(present, right)
    possible = [constraint for constraint in constraints if _excludes_values(constraint) is not True]
    if left.absent and not right.absent:
        possible[:1] = [possible[0].replaced(absent=True)] if possible else [ABSENT]
    return tuple(possible)


def _single_difference(left: Constraint, right: Constraint) -> Iterator[Constraint]:
    for text in left.text - right.text:
        yield left.replaced(text=text)
    yield from _values_difference(left.replaced(text=left.text & right.text), right.values)


def _multivalued_difference(left: Constraint, right: Constraint) -> Iterator[Constraint]:
    """Yield the parts of ``left`` outside ``right`` for a multivalued key.

    "Not all texts are in a conjunct" means that some text is in its complement. "No text is in ``some``" means that all
    texts are in its complement.
    """
    for conjunct in right.text.conjuncts():
        if not left.text <= conjunct:
            yield left.replaced(some=left.some | {_complement(conjunct)} - {EVERYTHING}, multivalued=True)
            left = left.replaced(text=left.text & conjunct, multivalued=True)
    for some in sorted(right.some - left.some, key=str):
        yield left.replaced(text=left.text & _complement(some), multivalued=True)
        left = left.replaced(some=left.some | {some}, multivalued=True)
    yield from _values_difference(left, right.values)


def _complement(conjunct: GlobSet) -> GlobSet:
    return next(iter(EVERYTHING - conjunct), NOTHING)


def _values_difference(left: Constraint, right: tuple[ValueSet, ...]) -> Iterator[Constraint]:
    for values in right:
        outside = ValueSet.everything(values.kind) - values
        yield left.replaced(values=_common_values(left.values, (outside,)))
        left = left.replaced(values=_common_values(left.values, (values,)))
