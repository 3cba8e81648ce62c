"""Conditions of bindings: comparisons of attributes with texts are exact in any combination; others are uncertain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cloudguard.model.identity import Condition
from cloudguard.provider.iam.expressions import OPAQUE
from cloudguard_gcp.identity.conditions import NAME, conditions_of, expressions_of, is_met
from cloudguard_gcp.identity.resource_attributes import by_conditions

TYPE, DISK, INSTANCE = "resource.type", "compute.googleapis.com/Disk", "compute.googleapis.com/Instance"
UNTIL = 'request.time < timestamp("2030-01-01T00:00:00Z")'
PREFIXES = f"""(resource.type == '{DISK}' && resource.name.startsWith('projects/p/zones/z/disks/dev')) ||
(resource.type == '{INSTANCE}' && resource.name.startsWith('projects/p/zones/z/instances/dev')) ||
(resource.type != '{DISK}' && resource.type != '{INSTANCE}')"""
"""As Google documents it (https://cloud.google.com/iam/docs/configuring-resource-based-access)."""
BEHIND = f"resource.type != '{INSTANCE}' || resource.name.extract('/instances/{{name}}').startsWith('dev-')"


EXACT: list[tuple[str, list[list[tuple[str, str, str]]]]] = [
    ("", [[]]),
    (f'resource.type == "{DISK}"', [[("StringEquals", TYPE, DISK)]]),
    ('resource.name.startsWith("projects/_/buckets/a")', [[("StringLike", NAME, "projects/_/buckets/a*")]]),
    ('resource.name.endsWith(".jpg")', [[("StringLike", NAME, "*.jpg")]]),
    (UNTIL, [[("DateLessThan", "request.time", "2030-01-01T00:00:00Z")]]),
    (f"!({UNTIL})", [[("DateGreaterThanEquals", "request.time", "2030-01-01T00:00:00Z")]]),
    (
        '(resource.service == "compute.googleapis.com") && resource.name == "x"',
        [[("StringEquals", "resource.service", "compute.googleapis.com"), ("StringEquals", NAME, "x")]],
    ),
    ('resource.name == "a" || resource.name == "b"', [[("StringEquals", NAME, "a b")]]),
    ('resource.name != "a"', [[("StringNotEquals", NAME, "a")]]),
    ('!resource.name.startsWith("a")', [[("StringNotLike", NAME, "a*")]]),
    ('resource.name.startsWith("a || b && !(")', [[("StringLike", NAME, "a || b && !(*")]]),
    (
        PREFIXES,
        [
            [("StringEquals", TYPE, DISK), ("StringLike", NAME, "projects/p/zones/z/disks/dev*")],
            [("StringEquals", TYPE, INSTANCE), ("StringLike", NAME, "projects/p/zones/z/instances/dev*")],
            [("StringNotEquals", TYPE, DISK), ("StringNotEquals", TYPE, INSTANCE)],
        ],
    ),
    (BEHIND, [[("StringNotEquals", TYPE, INSTANCE)], [("StringLike", NAME, "*/instances/dev-*")]]),
    (
        'resource.matchTag("1/env", "prod") && resource.name == "x"',
        [[(OPAQUE, "condition", 'resource.matchTag("1/env", "prod")'), ("StringEquals", NAME, "x")]],
    ),
    (
        '!(resource.hasTagKey("1/env") || resource.name == "x")',
        [[(OPAQUE, "condition", '!(resource.hasTagKey("1/env"))'), ("StringNotEquals", NAME, "x")]],
    ),
]


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize(("expression", "wanted"), EXACT)
def test_an_understood_expression_is_exact(expression: str, wanted: list[list[tuple[str, str, str]]]) -> None:
    found = [
        [(condition.operator, condition.key, " ".join(condition.values)) for condition in each]
        for each in conditions_of(expression)
    ]
    assert sorted(found) == sorted(wanted)


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize(
    "expression",
    [
        'resource.name.startsWith("a*b")',
        'resource.name == "x" ? true : false',
        '(resource.name == "x"',
        'resource.name == "x")',
        'resource.name == "x',
        'resource.name == "x" || ',
        "request.time < today",
        'request.time.getHours("Europe/Berlin") >= 9',
        'resource.name.extract("/disks/{name}/of").startsWith("x")',
        " && ".join(f'(resource.name == "{n}" || resource.type == "{n}")' for n in range(6)),
    ],
)
def test_an_expression_that_is_not_understood_is_one_uncertain_condition(expression: str) -> None:
    (conditions,) = conditions_of(expression)
    assert [condition.operator for condition in conditions] == [OPAQUE]


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize(
    ("expression", "left"),
    [
        (f'resource.type == "{DISK}"', ["compute.disks.use"]),
        (f'resource.type != "{DISK}"', ["compute.disks.list", "compute.instances.delete", "pubsub.topics.delete"]),
        ('resource.service == "storage.googleapis.com"', []),
        ('resource.name.startsWith("projects/p/zones/z/instances/a")', ["compute.instances.delete"]),
        ('resource.name.startsWith("projects/p/locations/l/things/a")', None),
        ('resource.type == "example.googleapis.com/Thing"', None),
        (UNTIL, None),
    ],
)
def test_a_condition_on_one_kind_grants_nothing_on_others(expression: str, left: list[str] | None) -> None:
    permissions = ("compute.disks.use", "compute.disks.list", "compute.instances.delete", "pubsub.topics.delete")
    (conditions,) = conditions_of(expression)
    found = {name for names in by_conditions(conditions, permissions).values() for name in names}
    found -= {"compute.disks.list"} if f'== "{DISK}"' in expression else set()
    assert found == set(permissions if left is None else left)


MANY = tuple(f"*/instances/host-{number}" for number in range(30))


@pytest.mark.parametrize(
    "conditions",
    [
        (Condition("StringLike", NAME, ("*/instances/prod-*", "*/disks/pvc-*")),),
        (Condition("StringLike", NAME, ("projects/_/buckets/state/*",)), Condition("StringEquals", TYPE, (DISK,))),
        (Condition("StringLike", NAME, MANY),),
    ],
)
def test_written_conditions_are_read_back_unchanged(conditions: tuple[Condition, ...]) -> None:
    """Many names make several expressions, because one expression joins at most twelve."""
    expressions = expressions_of(conditions)
    assert all(expression.count("||") <= 12 for expression in expressions)
    read = [tuple(each) for expression in expressions for each in conditions_of(expression)]
    assert {each[1:] for each in read} == {conditions[1:]}
    assert tuple(value for each in read for value in each[0].values) == conditions[0].values


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize(
    ("expression", "over"),
    [
        ("", False),
        (UNTIL, False),
        (UNTIL.replace("2030", "2020"), True),
        (UNTIL.replace("<", ">"), True),
        (f'{UNTIL.replace("2030", "2020")} && resource.name == "x"', True),
        (f'{UNTIL.replace("2030", "2020")} || resource.name == "x"', False),
        (UNTIL.replace("2030-01-01T00:00:00Z", "tomorrow"), False),
    ],
)
def test_an_ended_or_future_time_lets_nobody_in(expression: str, *, over: bool) -> None:
    assert (is_met(expression, {}, datetime(2026, 6, 1, tzinfo=UTC)) is False) is over


def test_a_condition_without_an_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="no expression can state"):
        expressions_of((Condition("StringLike", NAME, ("a*b",)),))
