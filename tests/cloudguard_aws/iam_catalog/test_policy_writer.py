"""Written policies respect the size limits, mean the same as their statements, and are deterministic."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aws_roles import VALUES
from cloudguard.authorization.effective import allowed, space_of
from cloudguard.model.iam_catalog import PermissionNeed
from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard_aws.iam_catalog.catalog import published
from cloudguard_aws.iam_catalog.catalog_of_cluster import TABLES
from cloudguard_aws.iam_catalog.policy_writer import MAX_CHARACTERS, PolicyDocuments
from cloudguard_aws.identity.policy_documents import DocumentError
from strategies import laws

DOCUMENTS = PolicyDocuments()
NEEDS = TABLES.needs(VALUES)
ACTIONS = ("ec2:RunInstances", "ec2:Describe*", "ec2:CreateTags", "s3:GetObject", "s3:*", "iam:PassRole", "*")
RESOURCES = ("*", "arn:aws:s3:::b/*", "arn:aws:ec2:*:*:instance/*", "arn:aws:iam::111122223333:role/nodes.prod")
KEYS = ("aws:ResourceTag/KubernetesCluster", "AWS:resourcetag/kubernetescluster", "iam:PassedToService")
VALUES_OF_KEYS = ("prod", "pro*", "ec2.amazonaws.com", "true")
OPERATORS = ("StringEquals", "stringequals", "StringNotEquals", "StringLike", "StringEqualsIfExists", "Null")


def drawn_values(values: Iterable[str], *, most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    """Draw a few of the values."""
    return st.lists(st.sampled_from(tuple(values)), min_size=1, max_size=most, unique=True).map(tuple)


conditions = st.builds(Condition, st.sampled_from(OPERATORS), st.sampled_from(KEYS), drawn_values(VALUES_OF_KEYS))


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """Draw a statement, sometimes with NotAction or NotResource."""
    actions, resources = draw(drawn_values(ACTIONS)), draw(drawn_values(RESOURCES))
    but, apart = draw(st.booleans()), draw(st.booleans())
    return Statement(
        name=draw(st.sampled_from(("One", "Two", "#1", "a/b", "with space"))),
        effect=draw(st.sampled_from((Effect.ALLOW, Effect.ALLOW, Effect.DENY))),
        actions=() if but else actions,
        not_actions=actions if but else (),
        resources=() if apart else resources,
        not_resources=resources if apart else (),
        conditions=tuple(draw(st.lists(conditions, max_size=3))),
    )


def size(text: str) -> int:
    """Return the number of a document's characters that count for the limit."""
    return len(json.dumps(json.loads(text), separators=(",", ":")))


def assert_same(before: tuple[Statement, ...], documents: tuple[str, ...]) -> None:
    """Assert that the written documents and the statements mean the same set of requests."""
    after = tuple(statement for text in documents for statement in DOCUMENTS.read(text))
    space = space_of(published(), (*before, *after), ("ec2:*", "s3:*", "iam:*"))
    wanted, requests = allowed(space, before, {}), allowed(space, after, {})
    assert not (wanted - requests)
    assert not (requests - wanted)


@laws
@given(st.lists(statements(), min_size=1, max_size=4).map(tuple))
def test_a_written_policy_means_the_same_as_its_statements(drawn: tuple[Statement, ...]) -> None:
    try:
        documents = DOCUMENTS.write(drawn)
    except DocumentError as refused:
        assert "twice" in str(refused)  # noqa: PT017 - the other branch is the rule
    else:
        assert_same(drawn, documents)
        assert documents == DOCUMENTS.write(drawn), "the same each time"


@pytest.mark.parametrize("need", NEEDS, ids=lambda item: str(item.id))
def test_every_need_can_be_written(need: PermissionNeed) -> None:
    documents = DOCUMENTS.write(need.statements)
    assert all(size(text) <= MAX_CHARACTERS for text in documents)
    assert_same(need.statements, documents)


def allow(*actions: str, on: tuple[str, ...] = ("*",), when: tuple[Condition, ...] = (), name: str = "s") -> Statement:
    return Statement(name, Effect.ALLOW, actions=actions, resources=on, conditions=when)


def test_no_statements_give_no_document() -> None:
    assert DOCUMENTS.write(()) == ()


def test_too_many_actions_for_a_document_are_split() -> None:
    actions = tuple(f"ec2:Describe{'Thing' * 8}{number}" for number in range(400))
    documents = DOCUMENTS.write((allow(*actions),))
    assert len(documents) > 2
    assert all(size(text) <= MAX_CHARACTERS for text in documents)
    read = [statement for text in documents for statement in DOCUMENTS.read(text)]
    assert [action for statement in read for action in statement.actions] == list(actions)
    assert all(statement.resources == ("*",) for statement in read)


def test_too_many_resources_for_a_document_are_split() -> None:
    resources = tuple(f"arn:aws:s3:::{'bucket' * 6}{number}/*" for number in range(400))
    documents = DOCUMENTS.write((allow("s3:GetObject", on=resources),))
    assert all(size(text) <= MAX_CHARACTERS for text in documents)
    read = [statement for text in documents for statement in DOCUMENTS.read(text)]
    assert [resource for statement in read for resource in statement.resources] == list(resources)


def test_a_statement_that_cannot_be_split_is_refused() -> None:
    with pytest.raises(DocumentError, match="longer than a policy may be"):
        DOCUMENTS.write((allow("s3:GetObject", on=(f"arn:aws:s3:::{'b' * MAX_CHARACTERS}",)),))


def test_many_statements_fill_documents_in_order() -> None:
    wanted = tuple(allow(f"ec2:Describe{'Thing' * 20}{number}") for number in range(150))
    documents = DOCUMENTS.write(wanted)
    read = [statement for text in documents for statement in DOCUMENTS.read(text)]
    assert [statement.actions for statement in read] == [statement.actions for statement in wanted]
    assert all(size(text) <= MAX_CHARACTERS for text in documents)
    assert all(size(first) + size(second) > MAX_CHARACTERS for first, second in pairwise(documents))


def test_valid_names_become_unique_sids() -> None:
    names = ("One", "One", "#3", "a/b", "Two")
    (document,) = DOCUMENTS.write(tuple(allow("ec2:RunInstances", name=name) for name in names))
    assert [item.get("Sid") for item in json.loads(document)["Statement"]] == ["One", "One2", None, None, "Two"]


def test_principals_are_refused() -> None:
    trust = Statement("t", Effect.ALLOW, actions=("sts:AssumeRole",), resources=("*",), principals=("*",))
    with pytest.raises(DocumentError, match="principals"):
        DOCUMENTS.write((trust,))


TAG = "aws:ResourceTag/x"


@pytest.mark.parametrize(
    ("operator", "first", "second", "together"),
    [
        ("StringEquals", ("a", "b"), ("b", "c"), ["b"]),
        ("StringNotEquals", ("a", "b"), ("b", "c"), ["a", "b", "c"]),
        ("StringNotLike", ("a*",), ("b*",), ["a*", "b*"]),
        ("StringLike", ("a*", "b*"), ("b*", "a*"), ["a*", "b*"]),
        ("StringEqualsIfExists", ("a", "b"), ("a",), ["a"]),
    ],
)
def test_conditions_with_one_operator_and_key_are_combined(
    operator: str, first: tuple[str, ...], second: tuple[str, ...], together: list[str]
) -> None:
    both = (Condition(operator, TAG, first), Condition(operator, TAG, second))
    (document,) = DOCUMENTS.write((allow("ec2:RunInstances", when=both),))
    (condition,) = DOCUMENTS.read(document)[0].conditions
    assert list(condition.values) == together


@pytest.mark.parametrize(
    ("operator", "first", "second"),
    [
        ("StringLike", ("a*",), ("*b",)),
        ("StringEquals", ("a",), ("b",)),
        ("StringEquals", ("${aws:username}",), ("${aws:username}", "b")),
        ("NumericLessThan", ("1",), ("2",)),
    ],
)
def test_conditions_that_no_list_of_values_can_combine_are_refused(
    operator: str, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    both = (Condition(operator, TAG, first), Condition(operator, TAG, second))
    with pytest.raises(DocumentError, match="twice"):
        DOCUMENTS.write((allow("ec2:RunInstances", when=both),))


def test_one_key_under_two_operators_is_two_conditions() -> None:
    both = (Condition("StringLike", TAG, ("a*",)), Condition("Null", TAG, ("false",)))
    (document,) = DOCUMENTS.write((allow("ec2:RunInstances", when=both),))
    read = DOCUMENTS.read(document)[0].conditions
    assert {key: len(list(found)) for key, found in groupby(sorted(condition.operator for condition in read))} == {
        "Null": 1,
        "StringLike": 1,
    }
