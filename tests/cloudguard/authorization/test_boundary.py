"""A boundary that the identity may change does not limit it. Conditions that ordinary requests meet limit nothing."""

from __future__ import annotations

import pytest

from cloudguard.authorization.excess import Comparer
from cloudguard.model.identity import Condition, PolicyDocument, PolicyKind, Statement
from cloudguard.results.report import Verdict
from drawn_policies import FORMATS, SmallCatalog
from identities import ROLE, account, allow, deny, document, finding_of, iam_catalog, row, severities

EDGE = "n:p:role::1:role/edge"
FACTS = iam_catalog(boundary_actions=("role:Assume",), ordinary_context={"secure": ("true",), "place": ()})


def bounded(*statements: Statement, by: str = "user", grant: Statement | None = None) -> tuple[PolicyDocument, ...]:
    edge = PolicyDocument(f"{EDGE}#boundary", "edge", PolicyKind.BOUNDARY, by, "{}", statements, document().source)
    return document(grant or allow("store:*", "role:Assume")), edge


def escapes(*documents: PolicyDocument) -> bool:
    """Whether the identity certainly has permissions beyond its boundary."""
    snapshot = account(*documents)
    (identity,) = snapshot.identities.identities
    requests = Comparer(snapshot.cluster, snapshot.identities, FACTS).of(identity).allowed.lower
    return bool(requests.only(requests.space.table.mask(("store:*",))))


@pytest.mark.parametrize("target", ["*", ROLE, EDGE])
def test_a_boundary_that_the_identity_may_change_does_not_limit_it(target: str) -> None:
    assert escapes(*bounded(allow("disk:DescribeVolumes"), allow("role:Assume", on=(target,))))


def test_the_finding_says_that_the_boundary_does_not_limit_the_identity() -> None:
    result = row(account(*bounded(allow("role:Assume"))), FACTS)
    assert "boundary" in finding_of(result, "cloud-api-access/administrator").message


@pytest.mark.parametrize(
    "within",
    [
        allow("role:Assume", on=("n:p:role::1:role/other",)),
        allow("role:Assume", when=(Condition("StringEquals", "tag", ("x",)),)),
        allow("role:PassRole"),
    ],
)
def test_a_boundary_that_the_identity_may_not_change_limits_it(within: Statement) -> None:
    assert not escapes(*bounded(within, grant=allow("store:*", "role:*")))


@pytest.mark.parametrize(("within", "check"), [(allow("role:*", "disk:*"), "outside"), (allow("*"), "administrator")])
def test_an_identity_cannot_give_itself_more_than_its_boundary(within: Statement, check: str) -> None:
    facts = iam_catalog()
    assert set(severities(row(account(*bounded(within)), facts))) == {check}


def test_a_boundary_policy_of_the_provider_cannot_be_rewritten() -> None:
    only_the_policy = allow("role:Assume", on=(EDGE,))
    assert escapes(*bounded(only_the_policy))
    assert not escapes(*bounded(only_the_policy, by="provider"))


def test_a_boundary_that_may_be_changeable_makes_the_row_unknown() -> None:
    doubtful = allow("role:Assume", when=(Condition("NoSuchOperator", "x", ("y",)),))
    result = row(
        account(*bounded(doubtful, allow("disk:DescribeVolumes"), grant=allow("store:*", "role:Assume"))), FACTS
    )
    assert result.verdict is Verdict.UNKNOWN
    assert any("boundary" in text for text in result.unknown)


ORDINARY = Condition("Bool", "secure", ("true",))


@pytest.mark.parametrize(
    ("conditions", "check"),
    [
        ((ORDINARY,), "administrator"),
        ((Condition("StringEquals", "place", ("anywhere",)),), "administrator"),
        ((Condition("StringNotEquals", "tag", ("a", "b")),), "administrator"),
        ((Condition("StringEqualsIfExists", "tag", ("a",)),), "outside"),
        ((Condition("Bool", "secure", ("false",)),), "outside"),
        ((ORDINARY, Condition("StringEquals", "tag", ("x",))), "outside"),
    ],
)
def test_conditions_of_ordinary_requests_leave_an_administrator(conditions: tuple[Condition, ...], check: str) -> None:
    granted = document(allow("role:Assume", when=conditions))
    assert check in severities(row(account(granted), FACTS))


def test_a_denial_of_unusual_requests_leaves_an_administrator() -> None:
    granted = document(allow("role:Assume"), deny("*", when=(Condition("Bool", "secure", ("false",)),)))
    assert "administrator" in severities(row(account(granted), FACTS))


def test_grants_on_resources_that_the_catalog_calls_harmless_are_no_finding() -> None:
    facts = iam_catalog(harmless=(allow("role:Assume", on=("n:p:role::provider:role/*",)),))
    theirs = document(allow("role:Assume", on=("n:p:role::provider:role/*",)))
    assert row(account(theirs), facts).verdict is Verdict.PASS
    assert SmallCatalog(FORMATS).resource_formats("role:Assume")
    assert "outside" in severities(row(account(theirs), iam_catalog()))
