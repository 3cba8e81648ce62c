"""The effective permissions of an identity: named cases, and drawn cases between the lower and the upper bound."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest

from cloudguard.authorization.effective import allowed, effective, space_of
from cloudguard.authorization.statements import matched
from cloudguard.model.identity import Condition, Effect, PolicyKind, Statement
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.space import Request, Space
from drawn_policies import (
    ACTIONS,
    FORMATS,
    LISTED,
    RESOURCES,
    SmallCatalog,
    draw_context,
    draw_statement,
    holder,
    policy,
)
from draws import seeds
from identities import BUCKET, VOLUMES, allow, deny
from oracle_permissions import allowed as really_allowed


def space(*statements: Statement, known: bool = True) -> Space:
    return space_of(SmallCatalog(FORMATS if known else {}), statements, (f"{service}:*" for service in LISTED))


def of(*statements: Statement, known: bool = True) -> PermissionSet:
    return allowed(space(*statements, known=known), statements, {})


def within(where: Space, *statements: Statement) -> PermissionSet:
    return allowed(where, statements, {})


def test_the_actions_of_a_service_are_listed_only_for_wildcards() -> None:
    asked: list[str] = []

    class Watched(SmallCatalog):
        def actions(self, service: str) -> Iterable[str]:
            asked.append(service)
            return super().actions(service)

    where = space_of(Watched(), [allow("store:GetObject")], ["Role:PassRole"])
    assert asked == []
    assert [name for name in where.table.names(where.table.everything) if "ass" in name] == ["role:PassRole"]
    assert allowed(where, [allow("role:Pass*")], {}).has(Request("role:PassRole", "n:p:role::1:role/a"))
    for open_ended in (allow("*"), Statement("s", Effect.ALLOW, not_actions=("store:*",), resources=("*",))):
        asked.clear()
        space_of(Watched(), [open_ended], ["role:PassRole"])
        assert "role" in asked
    asked.clear()
    space_of(Watched(), [allow("store:Get*")], ["role:Pass*"])
    assert asked == ["role", "store"]


def test_only_returns_the_part_with_the_given_actions() -> None:
    granted = of(allow("store:GetObject", "role:PassRole"))
    requests = granted.only(granted.space.table.bit("store:GetObject") or 0)
    assert [*granted.space.table.names(requests.actions)] == ["store:GetObject"]
    assert not granted.only(granted.space.table.bit("store:ListAll") or 0)


def test_an_unlisted_action_is_undecided_except_in_the_empty_set() -> None:
    requests = of(allow("store:GetObject"))
    assert requests.has(Request("other:Thing", "n:p:store:::b1/x")) is None
    assert (requests - requests).has(Request("other:Thing", "n:p:store:::b1/x")) is False
    assert requests.has(Request("store:GetObject", "no name at all")) is False


def test_a_witness_without_assumptions_is_preferred() -> None:
    uncertain = allow("store:GetObject", when=(Condition("NoSuchOperator", "key", ("x",)),))
    certain, assumed = allow("store:PutObject"), of(uncertain).witness()
    assert assumed is not None
    assert assumed.assuming
    for requests in (of(uncertain, certain), of(certain, uncertain)):
        request = requests.witness()
        assert request is not None
        assert (request.action, request.assuming) == ("store:PutObject", ())


def test_allowing_everything_and_denying_a_bucket_grants_everything_else() -> None:
    requests = of(allow("*"), deny("*", on=BUCKET))
    assert requests.has(Request("role:PassRole", "n:p:role::1:role/a"))
    assert requests.has(Request("store:GetObject", "n:p:store:::b2/x"))
    assert requests.has(Request("store:GetObject", "n:p:store:::b1/x")) is False
    assert requests.has(Request("store:ListAll", "*"))
    assert not requests.assumptions


def test_a_conditional_deny_applies_only_to_requests_that_meet_the_condition() -> None:
    insecure = Condition("Bool", "Secure", ("false",))
    requests = of(allow("*"), deny("*", on=BUCKET, when=(insecure,)))
    inside = Request("store:GetObject", "n:p:store:::b1/x")
    assert requests.has(inside), "the key is absent"
    assert requests.has(replace(inside, context=(("secure", ("true",)),)))
    assert requests.has(replace(inside, context=(("secure", ("false",)),))) is False


def test_a_deny_of_part_of_a_wildcard_removes_that_part() -> None:
    requests = of(allow("disk:*Volume"), deny("disk:Create*"))
    assert list(requests.space.table.names(requests.actions)) == ["disk:DeleteVolume"]


def test_a_star_equals_the_only_resource_format_of_an_action() -> None:
    wide, narrow = (
        allow("disk:CreateVolume", "disk:ListRegions"),
        (allow("disk:CreateVolume", on=(VOLUMES,)), allow("disk:ListRegions")),
    )
    where = space(wide, *narrow)
    assert within(where, wide) <= within(where, *narrow)
    assert within(where, *narrow) <= within(where, wide)
    unknown = space(wide, *narrow, known=False)
    assert not within(unknown, wide) <= within(unknown, *narrow)


def test_a_resource_name_grants_nothing_on_an_action_that_takes_no_resource() -> None:
    statement = allow("disk:ListRegions", on=(VOLUMES,))
    where = space(statement)
    grants = effective(where, holder([policy([statement])]), {"policy": policy([statement])}, {})
    assert not grants.permissions
    assert [statement.statement for statement in grants.idle] == [statement]


def test_wildcards_include_actions_that_are_added_later() -> None:
    requests = of(allow("disk:*"), deny("disk:*Volume*", "disk:CreateSnapshot", "disk:ListRegions"))
    assert list(requests.space.table.names(requests.actions)) == ["disk:<unlisted>"]
    everything = of(allow("*"))
    assert "*:<unlisted>" in everything.space.table.names(everything.actions)


def test_an_unlisted_action_stays_in_the_difference() -> None:
    mine, other = allow("disk:NewThing", "other:*"), allow("disk:newthing")
    where = space(mine, other)
    excess = within(where, mine) - within(where, other)
    assert list(where.table.names(excess.actions)) == ["other:<unlisted>"]
    unaware = space(allow("disk:CreateVolume"))
    requests = within(unaware, mine)
    assert not requests.lower
    assert requests.upper


def test_the_boundary_limits_the_grants() -> None:
    grant, limit = (
        policy([allow("*")]),
        policy([allow("disk:*"), deny("disk:DeleteVolume")], PolicyKind.BOUNDARY, "limit"),
    )
    where = space(*grant.statements, *limit.statements)
    bounded = effective(where, holder([grant, limit]), {"policy": grant, "limit": limit}, {})
    names = set(where.table.names(bounded.permissions.actions))
    assert "disk:CreateVolume" in names
    assert not any(name.startswith("store:") for name in names)
    assert "disk:DeleteVolume" not in names
    request = bounded.permissions.witness()
    assert request is not None
    assert [statement.policy.id for statement in bounded.responsible(request)] == ["policy"]


@pytest.mark.parametrize("missing", ["policy", "completeness"])
def test_an_unread_policy_makes_every_action_possible_and_none_certain(missing: str) -> None:
    grant = policy([allow("disk:*")])
    where = space(*grant.statements)
    read = {} if missing == "policy" else {"policy": grant}
    bounded = effective(where, holder([grant], complete=missing == "policy"), read, {})
    assert bounded.unread
    assert not bounded.permissions.lower
    assert bounded.permissions.upper.actions == where.table.everything
    assert "was not read" in bounded.permissions.assumptions[0]


def test_equal_assumptions_cancel() -> None:
    when = (Condition("StringEquals", "tag", ("${principal/tag}",)),)
    mine, other = allow("disk:*", on=(VOLUMES,), when=when), allow("disk:CreateVolume", on=(VOLUMES,), when=when)
    where = space(mine, other)
    excess = within(where, mine) - within(where, other)
    assert "disk:CreateVolume" not in set(where.table.names(excess.actions))
    assert not (within(where, other) - within(where, mine))
    strict = allow("disk:CreateVolume", on=(VOLUMES,))
    assert (within(where, strict) - within(where, other)).lower, "an absent tag is certainly not needed"


def test_a_deny_under_an_assumption_leaves_the_grant_in_the_upper_bound() -> None:
    when = (Condition("StringEquals", "tag", ("${principal/tag}",)), Condition("Null", "tag", ("false",)))
    requests = of(allow("disk:CreateVolume"), deny("disk:*", when=when))
    request = Request("disk:CreateVolume", "n:p:disk:r:1:volume/a", (("tag", ("x",)),))
    assert requests.has(request) is None
    assert requests.upper.has(request)
    assert requests.lower.has(request) is False
    assert requests.lower.has(replace(request, context=()))
    assert requests.assumptions == ("tag (StringEquals): ${principal/tag}",)


def test_variables_with_known_values_are_replaced() -> None:
    statement = allow("store:GetObject", on=("n:p:store:::b1/${Principal/Name}/*",))
    requests = matched(space(statement), statement, {"principal/name": "a*"})
    assert requests.has(Request("store:GetObject", "n:p:store:::b1/a*/x"))
    assert requests.has(Request("store:GetObject", "n:p:store:::b1/ab/x")) is False
    assert requests.assumptions == ()
    star = allow("store:GetObject", on=("n:p:store:::b1/${*}",))
    assert matched(space(star), star, {}).has(Request("store:GetObject", "n:p:store:::b1/x")) is False


UNKNOWN = {"name": "ab"}
"""The variable's value. Only the naive evaluator knows it."""


def with_variables(random: Random, statement: Statement) -> Statement:
    """Return the statement with a variable in a resource and in text values."""
    spoil = random.random() < 0.5
    conditions = tuple(
        Condition(c.operator, c.key, (*c.values, "${name}")) if "String" in c.operator and random.random() < 0.5 else c
        for c in statement.conditions
    )
    extra = ("n:p:disk:r1:1:volume/${name}",) if spoil else ()
    return replace(
        statement,
        conditions=conditions,
        resources=statement.resources + extra if statement.resources else (),
        not_resources=statement.not_resources + extra if statement.not_resources else (),
    )


def filled(statement: Statement) -> Statement:
    """Return the statement as the cloud evaluates it."""

    def fill(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(text.replace("${name}", UNKNOWN["name"]) for text in texts)

    conditions = tuple(Condition(c.operator, c.key, fill(c.values)) for c in statement.conditions)
    resources, others = fill(statement.resources), fill(statement.not_resources)
    return replace(statement, conditions=conditions, resources=resources, not_resources=others)


@pytest.mark.parametrize("seed", seeds(3))
def test_the_naive_evaluator_s_answer_lies_between_the_bounds(seed: int) -> None:
    random = Random(9000 + seed)
    for _ in range(20):
        mine, other = ([with_variables(random, draw_statement(random)) for _ in range(3)] for _ in range(2))
        where = space_of(SmallCatalog(), [*mine, *other, allow(*ACTIONS)])
        excess = within(where, *mine) - within(where, *other)
        exact = allowed(where, mine, UNKNOWN) - allowed(where, other, UNKNOWN)
        lower, upper = excess.lower, excess.upper
        first, second = (policy([filled(s) for s in statements]) for statements in (mine, other))
        for _ in range(40):
            context = draw_context(random)
            point = Request(random.choice(ACTIONS), random.choice(RESOURCES), tuple(sorted(context.items())))
            truth = really_allowed([first], point.action, point.name, context) and not really_allowed(
                [second], point.action, point.name, context
            )
            assert exact.has(point) == truth
            assert truth or not lower.has(point)
            assert upper.has(point) or not truth
            assert excess.has(point) in {truth, None}


@pytest.mark.parametrize(
    "statement",
    [
        allow("*", on=("n:p:store:::" + "*a" * 200,)),
        Statement(
            "\x1b[31m", Effect.ALLOW, not_actions=("*" * 200 + "x",), not_resources=("*a" * 200, "::::::", "", "\ufdd0")
        ),
        allow("disk:\ufdd0*", on=("\ufdd1", "n:p:\ufdd2:::"), when=(Condition("StringLike", "tag", ("\ufdd3",)),)),
        allow(
            "*", when=(Condition("NoSuch", "tag", ("a",)), Condition("NumericLessThan", "size", ("x", "1e999999999")))
        ),
        allow(
            "*", when=(Condition("DateEquals", "now", ("tomorrow",)), Condition("IpAddress", "ip", ("10.0.0.0/99",)))
        ),
        allow("*", when=(Condition("Bool", "secure", ()), Condition("Null", "tag", ("maybe",)))),
        allow("*", when=tuple(Condition("StringLike", f"k{n}", (f"${{x}}{n}", "b")) for n in range(40))),
        allow("*", when=(Condition("StringLike", "tag", tuple("*a" + "?" * n + "*b*" for n in range(30))),)),
    ],
)
def test_malformed_statements_are_evaluated(statement: Statement) -> None:
    needed = allow("disk:*", on=("n:p:disk:*:*:v*a*b*",), when=(Condition("StringLike", "tag", ("*a*b*",)),))
    where = space(statement, needed)
    excess = within(where, statement, deny("*", on=("n:*:*:*:*:*b*",))) - within(where, needed)
    excess.witness()
    assert bool(excess.upper.lower) == bool(excess.upper)


@pytest.mark.no_cover
def test_ten_thousand_statements_are_evaluated() -> None:
    random = Random(1)
    many = [
        allow(f"store:*{random.choice('abcdefgh')}*", on=(f"n:p:store:::b{n}-*{random.randint(0, 99)}/*",))
        for n in range(10_000)
    ]
    needed = allow("store:GetObject", on=("n:p:store:::b1*/x*",))
    where = space(*many, needed)
    assert (within(where, *many) - within(where, needed)).witness() is not None
