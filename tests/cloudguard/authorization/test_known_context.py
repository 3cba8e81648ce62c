"""Values that all requests of an identity share decide conditions. An unknown value leaves a condition undecided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest

from cloudguard.authorization.effective import allowed, space_of
from cloudguard.authorization.statements import matched
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard.permission_sets.condition_keys import ABSENT, FREE
from cloudguard.permission_sets.condition_operators import KnownContext
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request
from drawn_policies import (
    ACTIONS,
    RESOURCES,
    SERVICE_CONTEXT,
    VALUES,
    SmallCatalog,
    draw_context,
    draw_statement,
    policy,
)
from draws import seeds
from identities import allow
from oracle_permissions import allowed as really_allowed

KEYS = (*(key.lower() for key in VALUES), "zone")


def drawn(random: Random) -> Statement:
    """Return a drawn statement, sometimes with the key that one service fixes, or with a variable."""
    statement = draw_statement(random)
    if random.random() < 0.3:
        zone = Condition(
            random.choice(("StringEquals", "StringNotEquals")), "Zone", random.choice((("a",), ("b", "c")))
        )
        statement = replace(statement, conditions=(*statement.conditions, zone))
    if random.random() < 0.3:
        variable = Condition("StringEquals", "tag", ("${Tag/Two}", "b"))
        statement = replace(statement, conditions=(*statement.conditions, variable))
    return statement


def filled(statement: Statement, fixed: Mapping[str, tuple[str, ...]]) -> Statement:
    """Return the statement with each variable replaced by its value. The value of an absent key equals nothing."""
    (value,) = fixed.get("tag/two", ("\N{REPLACEMENT CHARACTER}",))
    conditions = tuple(
        replace(each, values=tuple(text.replace("${Tag/Two}", value) for text in each.values))
        for each in statement.conditions
    )
    return replace(statement, conditions=conditions)


def point(
    random: Random, fixed: Mapping[str, tuple[str, ...]], absent: set[str]
) -> tuple[Request, dict[str, tuple[str, ...]]]:
    """Return a request with the fixed keys and without the absent ones, and its context."""
    action, name = random.choice(ACTIONS), random.choice(RESOURCES)
    context = {key: values for key, values in draw_context(random).items() if key not in absent} | dict(fixed)
    context["zone"] = (random.choice("abc"),)
    context |= {key: (value,) for key, value in SERVICE_CONTEXT.get(action.partition(":")[0], {}).items()}
    return Request(action, name, tuple(sorted(context.items()))), context


def sets(mine: list[Statement], other: list[Statement], known: KnownContext) -> tuple[PermissionSet, PermissionSet]:
    where = space_of(SmallCatalog(), [*mine, *other, allow(*ACTIONS)])
    return allowed(where, mine, known), allowed(where, other, known)


@pytest.mark.parametrize("seed", seeds(4))
def test_known_values_give_the_naive_evaluator_s_answer(seed: int) -> None:
    random = Random(7000 + seed)
    for _ in range(15):
        mine, other = ([drawn(random) for _ in range(3)] for _ in range(2))
        fixed = {key.lower(): (random.choice(VALUES[key]),) for key in VALUES if random.random() < 0.5}
        fixed.setdefault("tag/two", ("a",))
        absent = {key for key in KEYS if key not in fixed and random.random() < 0.4} - {"zone"}
        known = {key: value for key, (value,) in fixed.items()} | dict.fromkeys(absent, ABSENT)
        granted, needed = sets(mine, other, known)
        excess = granted - needed
        assert not {key for box in excess.parts for key in box.scope.context} & {*fixed, *absent}
        for _ in range(40):
            request, context = point(random, fixed, absent)
            truth = [
                really_allowed([policy(filled(each, fixed) for each in listed)], request.action, request.name, context)
                for listed in (mine, other)
            ]
            assert granted.has(request) == truth[0], (mine, known, request)
            assert excess.has(request) == (truth[0] and not truth[1]), (mine, other, known, request)


@pytest.mark.parametrize("seed", seeds(4))
def test_with_unknown_values_the_naive_evaluator_s_answer_lies_between_the_bounds(seed: int) -> None:
    random = Random(7500 + seed)
    for _ in range(15):
        mine, other = ([draw_statement(random) for _ in range(3)] for _ in range(2))
        unknown = {key.lower() for key in VALUES if random.random() < 0.5}
        granted, needed = sets(mine, other, dict.fromkeys(unknown, FREE))
        excess = granted - needed
        lower, upper = excess.lower, excess.upper
        for _ in range(40):
            request, context = point(random, {}, set())
            truth = really_allowed([policy(mine)], request.action, request.name, context) and not really_allowed(
                [policy(other)], request.action, request.name, context
            )
            assert truth or not lower.has(request), (mine, other, unknown, request)
            assert upper.has(request) or not truth, (mine, other, unknown, request)


def test_a_value_for_a_key_prefix_applies_to_all_keys_with_the_prefix() -> None:
    tagged = allow("store:*", when=(Condition("StringEquals", "tag/a", ("x",)),))
    where = space_of(SmallCatalog(), [tagged])
    assert not matched(where, tagged, {"tag/*": ABSENT})
    assert not matched(where, tagged, {"tag/*": ABSENT, "tag/a": "y"})
    requests = matched(where, tagged, {"tag/*": ABSENT, "tag/a": "x"})
    assert requests.has(Request("store:GetObject", "n:p:store:::b1/x"))


def test_equal_unknown_conditions_cancel_in_a_difference() -> None:
    when = (Condition("IpAddress", "ip", ("10.0.0.0/8",)),)
    mine, other = allow("store:*", when=when), allow("store:GetObject", when=when)
    where = space_of(SmallCatalog(), [mine, other])
    granted, needed = (matched(where, each, {"ip": FREE}) for each in (mine, other))
    assert not needed - granted
    assert (granted - needed).assumptions == ("ip, whose value is unknown (IpAddress): 10.0.0.0/8",)


def test_a_value_that_one_service_fixes_does_not_apply_to_other_services() -> None:
    elsewhere = Statement(
        "no", Effect.DENY, ("*",), resources=("*",), conditions=(Condition("StringNotEquals", "zone", ("a",)),)
    )
    statements = (allow("*"), elsewhere)
    requests = allowed(space_of(SmallCatalog(), statements, ACTIONS), statements, {})
    assert requests.has(Request("store:GetObject", "n:p:store:::b1/x", (("zone", ("a",)),)))
    assert not requests.only(requests.space.table.mask(["role:*"]))
