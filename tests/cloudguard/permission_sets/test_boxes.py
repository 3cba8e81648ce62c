"""The laws of scopes, tested on requests: a resource name, the values of two keys, and two assumptions."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given

from cloudguard.permission_sets.boxes import EVERYWHERE, NOWHERE, Scope
from oracle_requests import requests
from strategies import ASSUMPTIONS, laws, scopes


@laws
@given(scopes(), scopes())
def test_intersection_has_the_requests_in_both(a: Scope, b: Scope) -> None:
    assert requests(a & b) == requests(a) & requests(b)
    assert not (a.isdisjoint(b) and requests(a) & requests(b))
    assert not a & b or not a.isdisjoint(b)


@laws
@given(scopes(), scopes())
def test_difference_has_disjoint_parts_and_loses_nothing(a: Scope, b: Scope) -> None:
    parts = [requests(scope) for scope in a - b]
    assert set[tuple[object, ...]]().union(*parts) == requests(a) - requests(b)
    assert all(not left & right for left, right in combinations(parts, 2))


@laws
@given(scopes(), scopes())
def test_inclusion_leaves_no_difference(a: Scope, b: Scope) -> None:
    assert a & b <= a or not a & b
    assert not a <= b or requests(a) <= requests(b)
    assert a <= EVERYWHERE


@laws
@given(scopes())
def test_a_scope_with_members_needs_no_assumption(a: Scope) -> None:
    assert a.assuming_members() == (a or NOWHERE)
    assert a or not requests(a)
    assert a & EVERYWHERE == a
    assert requests(a) <= requests(a.without_assumptions())


def test_equal_scopes_hash_alike() -> None:
    (assumption, _) = ASSUMPTIONS
    assert EVERYWHERE.assuming(assumption) == EVERYWHERE.assuming(assumption)
    assert EVERYWHERE.assuming(assumption) != EVERYWHERE.assuming(assumption, true=False)
    assert len({EVERYWHERE, Scope(), EVERYWHERE.assuming(assumption)}) == 2
