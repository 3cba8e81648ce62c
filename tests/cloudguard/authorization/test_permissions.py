"""Permission sets agree with the naive evaluator, request by request."""

from __future__ import annotations

from random import Random

import pytest

from cloudguard.authorization.effective import EffectivePermissions, effective, space_of
from cloudguard.authorization.effective import allowed as allowed_by
from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement
from cloudguard.permission_sets.space import Request, Space
from drawn_policies import ACTIONS, FORMATS, RESOURCES, VALUES, SmallCatalog, draw_context, draw_policies, holder
from draws import seeds
from oracle_permissions import Context, allowed, resource_matches

SETS, POINTS = 18, 120


def request(action: str, name: str, context: Context) -> Request:
    return Request(action, name, tuple(sorted(context.items())))


READ_AS_VALUES = ("size", "now", "ip")
"""The keys whose values the conditions read as numbers, dates or addresses."""


def context_of(found: Request) -> dict[str, tuple[str, ...]]:
    """Return the context of a witness.

    If one of ``READ_AS_VALUES`` must only be present, every value is a witness. The set gives any text, which the
    oracle can't read: take one of the key's values.
    """
    return {
        key: VALUES[key][:1] if key in READ_AS_VALUES and values == ("x",) else values
        for key, values in found.context
        if values is not None
    }


def draw_request(random: Random) -> Request:
    return request(random.choice(ACTIONS), random.choice(RESOURCES), draw_context(random))


def granted(space: Space, policies: tuple[PolicyDocument, ...]) -> EffectivePermissions:
    attached = [policy for policy in policies if policy.kind is not PolicyKind.ORGANIZATION_LIMIT]
    levels = [(policy.id,) for policy in policies if policy.kind is PolicyKind.ORGANIZATION_LIMIT]
    return effective(space, holder(attached), {policy.id: policy for policy in policies}, {}, levels)


def space_for(*policies: PolicyDocument, catalog: SmallCatalog | None = None) -> Space:
    statements = [statement for policy in policies for statement in policy.statements]
    return space_of(catalog or SmallCatalog(), [*statements, Statement("all", Effect.ALLOW, actions=ACTIONS)])


@pytest.mark.parametrize("seed", seeds(5))
def test_every_operation_agrees_with_the_naive_evaluator(seed: int) -> None:
    random = Random(seed)
    for _ in range(SETS):
        mine, other = draw_policies(random), draw_policies(random)
        space = space_for(*mine, *other)
        left, right = granted(space, mine).permissions, granted(space, other).permissions
        union, common, excess = left | right, left & right, left - right
        assert (left <= right) == (not excess)
        for _ in range(POINTS):
            point = draw_request(random)
            context = context_of(point)
            here = allowed(mine, point.action, point.name, context)
            there = allowed(other, point.action, point.name, context)
            assert left.has(point) == here, f"{mine}\n{point}"
            assert union.has(point) == (here or there), f"{mine}\n{other}\n{point}"
            assert common.has(point) == (here and there), f"{mine}\n{other}\n{point}"
            assert excess.has(point) == (here and not there), f"{mine}\n{other}\n{point}"


@pytest.mark.parametrize("seed", seeds(5))
@pytest.mark.parametrize("forms", [{}, FORMATS])
def test_the_witness_of_a_difference_is_in_the_left_set_only(seed: int, forms: dict[str, tuple[str, ...]]) -> None:
    random = Random(500 + seed)
    seen = 0
    for _ in range(SETS):
        mine, other = draw_policies(random), draw_policies(random)
        space = space_for(*mine, *other, catalog=SmallCatalog(forms))
        left, right = granted(space, mine).permissions, granted(space, other).permissions
        excess = left - right
        found = excess.witness()
        assert (found is None) == (not excess)
        if found is not None and not found.assuming:
            seen += 1
            context = context_of(found)
            assert allowed(mine, found.action, found.name, context), (mine, found)
            assert not allowed(other, found.action, found.name, context), (other, found)
            assert excess.has(found)
            known = forms.get(found.action)
            assert known is None or any(resource_matches(form, found.name) for form in known or ("*",))
    assert seen > SETS // 4


def test_an_assumption_about_a_certain_permission_is_dropped() -> None:
    unread = Condition("NoSuchOperator", "key", ("x",))
    sure = Statement("sure", Effect.ALLOW, actions=("store:*",), resources=("*",))
    doubtful = Statement("in doubt", Effect.ALLOW, ("store:GetObject",), resources=("*",), conditions=(unread,))
    space = space_of(SmallCatalog(), (sure, doubtful))
    assert allowed_by(space, (doubtful,), {}).assumptions != ()
    for statements in ((sure, doubtful), (doubtful, sure)):
        assert allowed_by(space, statements, {}).assumptions == ()
