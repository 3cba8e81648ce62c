"""The laws of permission sets, tested on every request of a small space and every outcome of two assumptions."""

from __future__ import annotations

from hypothesis import given

from cloudguard.permission_sets.boxes import EVERYWHERE, Box, Scope
from cloudguard.permission_sets.permissions import TOO_MANY_PARTS, PermissionSet
from cloudguard.permission_sets.space import Request
from oracle_requests import all_requests
from strategies import ASSUMPTIONS, SPACE, laws, permission_sets, small_space


@laws
@given(permission_sets(), permission_sets())
def test_operators_agree_with_sets_of_requests(a: PermissionSet, b: PermissionSet) -> None:
    left, right = all_requests(a), all_requests(b)
    assert all_requests(a | b) == left | right
    assert all_requests(a & b) == left & right
    assert all_requests(a - b) == left - right
    assert not a <= b or left <= right
    assert not a.isdisjoint(b) or not left & right
    assert a & b <= a <= a | b


@laws
@given(permission_sets())
def test_a_set_lies_between_its_bounds(a: PermissionSet) -> None:
    assert a.lower <= a <= a.upper
    assert not a.lower.assumptions
    assert not a.upper.assumptions
    assert not a - a
    assert all_requests(a) == all_requests(PermissionSet(a.space, a.boxes))


@laws
@given(permission_sets(), permission_sets())
def test_a_witness_is_in_the_set(a: PermissionSet, b: PermissionSet) -> None:
    for request in (a.witness(), (a - b).witness()):
        if request is not None:
            assert a.has(request) is not False
            assert request.assuming or a.has(request)
    assert (a.witness() is None) == (not a)
    assert ((a - b).witness() is None) == (not a - b)


def test_a_difference_beyond_the_limit_depends_on_an_assumption() -> None:
    space = small_space(limit=0)
    all_of_it = PermissionSet.of(space, [Box(space.table.everything, EVERYWHERE)])
    permissions = PermissionSet.of(space, [Box(space.table.everything, Scope().assuming(ASSUMPTIONS[0]))])
    assert (all_of_it - permissions).assumptions == (TOO_MANY_PARTS,)
    assert not (all_of_it - permissions).lower


def test_an_unlisted_action_is_undecided_unless_the_set_is_empty() -> None:
    everything = PermissionSet.of(SPACE, [Box(SPACE.table.everything, EVERYWHERE)])
    assert everything.has(Request("t:Other", "*")) is None
    assert (everything - everything).has(Request("t:Other", "*")) is False
