"""Who may assume an identity: permission sets agree with a naive evaluator for each principal; and named cases."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from cloudguard.authorization.trust import Admission, admissions
from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Condition, Effect, PolicyDocument, PolicyKind, Statement
from drawn_policies import draw_condition, draw_context, policy
from draws import seeds
from identities import allow, deny, iam_catalog
from oracle_permissions import Context, statement_applies
from trust import ACCOUNT, ASSUME, USER, WordPrincipals

PEOPLE = tuple((account, user) for account in "123" for user in "ab")
PRINCIPALS = ("anyone", "account 1", "account 2", "user 2 a", "user 3 b", "user 2 b", "nobody")
POLICIES, CALLERS = 25, 12


def is_called(principal: str, account: str, user: str) -> bool:
    """Whether a principal means this user of this account (naive evaluation)."""
    kind, *names = principal.split()
    return kind == "anyone" or (kind != "nobody" and all(x == y for x, y in zip(names, (account, user), strict=False)))


def lets_in(trust: PolicyDocument, account: str, user: str, context: Context) -> bool:
    """Whether a trust policy admits a user: one statement allows and none denies (naive evaluation)."""
    effects = {
        statement.effect
        for statement in trust.statements
        if statement_applies(statement, ASSUME, "n:p:role::1:role/a", context)
        and any(is_called(name, account, user) for name in statement.principals or statement.not_principals)
        != bool(statement.not_principals)
    }
    return effects == {Effect.ALLOW}


def draw_trust(random: Random) -> PolicyDocument:
    """Return a drawn trust policy."""
    return policy([_drawn(random) for _ in range(random.randint(1, 4))], PolicyKind.TRUST, "trust")


def _drawn(random: Random) -> Statement:
    named, excepted = tuple(random.sample(PRINCIPALS, random.randint(1, 2))), random.random() < 0.2
    return Statement(
        name="s",
        effect=random.choice((Effect.ALLOW, Effect.ALLOW, Effect.DENY)),
        actions=(random.choice((ASSUME, "role:*", "*", "role:PassRole")),),
        resources=("*",),
        principals=() if excepted else named,
        not_principals=named if excepted else (),
        conditions=tuple(draw_condition(random) for _ in range(random.choice((0, 1, 1, 2)))),
    )


def conditions_of(account: str, user: str, context: Context, *, free: tuple[str, ...] = ()) -> tuple[Condition, ...]:
    """Return the conditions that all requests of one user in one context meet; the ``free`` keys may have any value."""
    keys = ("tag", "tag/two", "source", "size", "now", "ip", "secure", "blob", "tagkeys", "fields")
    conditions = [Condition("StringEquals", ACCOUNT, (account,)), Condition("StringEquals", USER, (user,))]
    for key in (key for key in keys if key not in free):
        values = context.get(key)
        if values is None:
            conditions.append(Condition("Null", key, ("true",)))
        elif key in {"size", "now", "ip", "secure"}:
            operators = {"size": "NumericEquals", "now": "DateEquals", "ip": "IpAddress", "secure": "Bool"}
            conditions.append(Condition(operators[key], key, values))
        elif key in {"tagkeys", "fields"}:
            conditions += [Condition("ForAnyValue:StringEquals", key, (value,)) for value in values]
            conditions.append(Condition("ForAllValues:StringEquals", key, values))
        else:
            conditions.append(Condition("StringEquals", key, values))
    return tuple(conditions)


def admissions_of(trust: PolicyDocument, *conditions: tuple[Condition, ...]) -> tuple[Admission | None, ...]:
    """Return the admission of each caller; each caller is described by the conditions that its requests meet."""
    callers = tuple(Caller(CallerKind.OUTSIDER, str(number), (ASSUME,), one) for number, one in enumerate(conditions))
    found = {
        admission.caller.who: admission
        for admission in admissions(iam_catalog(principals=WordPrincipals(callers)), trust)
    }
    return tuple(found.get(caller.who) for caller in callers)


@pytest.mark.parametrize("seed", seeds(8))
def test_each_principal_is_admitted_as_the_naive_evaluator_says(seed: int) -> None:
    random = Random(seed)
    for _ in range(POLICIES):
        trust = draw_trust(random)
        drawn = [(*random.choice(PEOPLE), draw_context(random)) for _ in range(CALLERS)]
        found = admissions_of(trust, *(conditions_of(*one) for one in drawn))
        for one, admission in zip(drawn, found, strict=True):
            assert admission is None or not admission.assumptions
            assert (admission is not None) == lets_in(trust, *one), f"{trust.statements}\n{one}"


@pytest.mark.parametrize("seed", seeds(8))
def test_a_class_of_callers_is_admitted_with_one_of_its_members(seed: int) -> None:
    random = Random(100 + seed)
    for _ in range(POLICIES):
        trust, context, free = draw_trust(random), draw_context(random), ("tag", "size", "tagkeys")
        account, user = random.choice(PEOPLE)
        (admission,) = admissions_of(trust, conditions_of(account, user, context, free=free))
        for _ in range(CALLERS):
            other = {key: values for key, values in draw_context(random).items() if key in free}
            member = {key: values for key, values in context.items() if key not in free} | other
            assert admission is not None or not lets_in(trust, account, user, member), f"{trust.statements}\n{member}"
        if admission is not None and admission.witness is not None and not admission.assumptions:
            values_by_key = {key: values for key, values in admission.witness.context if values is not None}
            given = {key: values for key, values in values_by_key.items() if key not in {ACCOUNT, USER}}
            assert lets_in(trust, account, user, {**context_left(context, free), **given}), trust.statements


def context_left(context: Context, free: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {key: values for key, values in context.items() if key not in free}


def trusting(*statements: Statement) -> PolicyDocument:
    return policy(statements, PolicyKind.TRUST, "trust")


def trusts(principal: str, *when: Condition, action: str = ASSUME) -> Statement:
    return replace(allow(action, when=when), principals=(principal,))


def test_an_admission_that_needs_a_value_the_caller_lacks_is_narrowed() -> None:
    condition = Condition("StringEquals", "tag", ("secret",))
    others = (Condition("StringNotEquals", "tag", ("secret",)),)
    caller = Caller(CallerKind.OUTSIDER, "2", (ASSUME,), (Condition("StringEquals", ACCOUNT, ("2",)),), (), others)
    facts = iam_catalog(principals=WordPrincipals((caller,)))
    (narrowed,) = admissions(facts, trusting(trusts("account 2", condition)))
    (free,) = admissions(facts, trusting(trusts("account 2", condition), trusts("account 2")))
    assert (narrowed.narrowed, free.narrowed) == (True, False)
    assert [statement.name for statement in narrowed.statements] == ["#1"]
    named = iam_catalog(principals=WordPrincipals((replace(caller, ordinary=None),)))
    assert admissions(named, trusting(trusts("account 2")))[0].narrowed


def test_an_admission_under_an_unknown_condition_is_undecided() -> None:
    odd = Condition("NoSuchOperator", "tag", ("x",))
    (admission,) = admissions(iam_catalog(principals=WordPrincipals()), trusting(trusts("account 2", odd)))
    assert admission.assumptions == ("tag (NoSuchOperator): x",)
    denied = replace(deny(ASSUME, when=(odd,)), principals=("anyone",))
    facts = iam_catalog(principals=WordPrincipals())
    assert [admission.assumptions for admission in admissions(facts, trusting(trusts("account 2"), denied))] != [()]


def test_an_optional_key_leaves_only_conditions_that_require_it_undecided() -> None:
    unknown = (Condition("Null", "tag", ("true",)),)
    caller = Caller(CallerKind.ANYONE, "anyone", (ASSUME,), (), unknown)
    facts = iam_catalog(principals=WordPrincipals((caller,)))
    (asks,) = admissions(facts, trusting(trusts("anyone", Condition("StringEquals", "tag", ("x",)))))
    assert asks.assumptions == ("it is unknown whose requests have tag",)
    (may_lack,) = admissions(facts, trusting(trusts("anyone", Condition("StringEqualsIfExists", "tag", ("x",)))))
    assert may_lack.assumptions == ()


def test_only_declared_outsiders_are_left_out_of_the_admissions() -> None:
    facts, trust = iam_catalog(principals=WordPrincipals()), trusting(trusts("account 2"), trusts("account 3"))
    assert [admission.caller.who for admission in admissions(facts, trust)] == ["account 2", "account 3"]
    assert [admission.caller.who for admission in admissions(facts, trust, ["account 2"])] == ["account 3"]
    assert [admission.caller.who for admission in admissions(facts, trust, ["user 2 a", "account 3"])] == ["account 2"]


def test_other_actions_and_statements_without_a_principal_admit_nobody() -> None:
    facts = iam_catalog(principals=WordPrincipals())
    assert admissions(facts, trusting(trusts("account 2", action="role:PassRole"))) == ()
    assert admissions(facts, trusting(replace(allow(ASSUME), principals=()))) == ()
    assert admissions(iam_catalog(), trusting(trusts("account 2"))) == ()
