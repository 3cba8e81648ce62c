"""Reads of different kinds, run in parallel, each keeping its type."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from cloudguard_aws.api import Api

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


def two(api: Api, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Run two reads at once."""
    return cast("tuple[A, B]", _all(api, first, second))


def three(api: Api, first: Callable[[], A], second: Callable[[], B], third: Callable[[], C]) -> tuple[A, B, C]:
    """Run three reads at once."""
    return cast("tuple[A, B, C]", _all(api, first, second, third))


def four(
    api: Api,
    first: Callable[[], A],
    second: Callable[[], B],
    third: Callable[[], C],
    fourth: Callable[[], D],
) -> tuple[A, B, C, D]:
    """Run four reads at once."""
    return cast("tuple[A, B, C, D]", _all(api, first, second, third, fourth))


def _all(api: Api, *thunks: Callable[[], object]) -> tuple[object, ...]:
    return tuple(api.gather(*thunks))
