"""Reads of different kinds, run in parallel, each keeping its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


class Gatherer(Protocol):
    """A provider's reader, which runs reads in parallel."""

    def gather(self, *thunks: Callable[[], Any]) -> list[Any]:
        """Run ``thunks`` and return their results in order."""
        ...


def two(api: Gatherer, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Run two reads at once."""
    return cast("tuple[A, B]", _all(api, first, second))


def three(api: Gatherer, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C]) -> tuple[A, B, C]:
    """Run three reads at once."""
    return cast("tuple[A, B, C]", _all(api, first, second, third))


def four(
    api: Gatherer,
    first: Callable[[], A],
    second: Callable[[], B],
    third: Callable[[], C],
    fourth: Callable[[], D],
) -> tuple[A, B, C, D]:
    """Run four reads at once."""
    return cast("tuple[A, B, C, D]", _all(api, first, second, third, fourth))


def _all(api: Gatherer, *thunks: Callable[[], object]) -> tuple[object, ...]:
    return tuple(api.gather(*thunks))
