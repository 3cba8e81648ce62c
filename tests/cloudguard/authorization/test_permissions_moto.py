"""Permission sets agree with moto's evaluator where moto supports the feature; elsewhere AWS's documents decide."""

from __future__ import annotations

import json
from random import Random

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from cloudguard.authorization.effective import allowed, space_of
from cloudguard.permission_sets.space import Request
from cloudguard_aws.iam_catalog.catalog import published
from cloudguard_aws.identity.policy_documents import statements
from draws import seeds

ACTIONS = ("ec2:CreateVolume", "ec2:DeleteVolume", "ec2:CreateTags", "s3:GetObject", "s3:PutObject", "iam:PassRole")
PATTERNS = ("*", "ec2:*", "ec2:*Volume", "ec2:Create*", "s3:*Object", "s3:*", "iam:Pass*", *ACTIONS)
RESOURCES = (
    "arn:aws:ec2:eu-west-1:123456789012:volume/vol-1",
    "arn:aws:ec2:eu-west-1::snapshot/snap-1",
    "arn:aws:s3:::logs/a/b",
    "arn:aws:s3:::backups/a",
    "arn:aws:iam::123456789012:role/node",
)
RESOURCE_PATTERNS = (
    "*",
    "arn:aws:ec2:*:*:volume/*",
    "arn:aws:ec2:eu-west-1:123456789012:*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::logs/*",
    "arn:aws:s3:::*/a",
    "arn:aws:iam::*:role/n*",
    *RESOURCES,
)
SUPPORTED = {
    ("ec2:CreateVolume", 0),
    ("ec2:CreateVolume", 1),
    ("ec2:DeleteVolume", 0),
    ("ec2:CreateTags", 0),
    ("ec2:CreateTags", 1),
    ("s3:GetObject", 2),
    ("s3:GetObject", 3),
    ("s3:PutObject", 2),
    ("s3:PutObject", 3),
    ("iam:PassRole", 4),
}
"""Possible requests: an action and the number of its resource. moto also evaluates impossible requests."""
POLICIES = 300


def drawn(random: Random) -> str:
    """Return a drawn policy with features that moto supports: effects, actions or NotAction, resources with stars."""
    listed: list[dict[str, object]] = []
    for _ in range(random.randint(1, 5)):
        kind = "NotAction" if random.random() < 0.2 else "Action"
        listed.append(
            {
                "Effect": random.choice(("Allow", "Allow", "Deny")),
                kind: random.sample(PATTERNS, random.randint(1, 3)),
                "Resource": random.sample(RESOURCE_PATTERNS, random.randint(1, 2)),
            }
        )
    return json.dumps({"Version": "2012-10-17", "Statement": listed})


def granted_by_us(document: str, action: str, resource: str) -> bool | None:
    """Whether ``document`` grants the request, according to permission sets."""
    read = statements(document)
    space = space_of(published("aws"), read, ACTIONS)
    return allowed(space, read, {}).has(Request(action, resource))


def granted_by_moto(document: str, action: str, resource: str) -> bool:
    """Whether ``document`` grants the request, according to moto."""
    return IAMPolicy(document).is_action_permitted(action, resource) is PermissionResult.PERMITTED


@pytest.mark.parametrize("seed", seeds(1))
def test_moto_agrees_on_thousands_of_requests(seed: int) -> None:
    random, points, apart = Random(20 + seed), 0, list[str]()
    for _ in range(POLICIES):
        document = drawn(random)
        read = statements(document)
        granted = allowed(space_of(published("aws"), read, ACTIONS), read, {})
        for action, number in sorted(SUPPORTED):
            resource = RESOURCES[number]
            points += 1
            if granted.has(Request(action, resource)) is not granted_by_moto(document, action, resource):
                apart.append(f"{action} on {resource}: {document}")
    assert points == POLICIES * len(SUPPORTED)
    assert not apart, "\n".join(apart[:3])


VOLUME, LOGS = RESOURCES[0], RESOURCES[2]
CONDITION = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}


@pytest.mark.parametrize(
    ("statement", "action", "resource", "moto_says", "we_say", "why"),
    [
        (
            {"Action": "EC2:deletevolume", "Resource": "*"},
            "ec2:DeleteVolume",
            VOLUME,
            False,
            True,
            "names of actions are compared without regard to case (IAM user guide, Action)",
        ),
        (
            {"Action": "ec2:?eleteVolume", "Resource": "*"},
            "ec2:DeleteVolume",
            VOLUME,
            False,
            True,
            "a question mark is any one character (IAM user guide, Action)",
        ),
        (
            {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::log./*"},
            "s3:GetObject",
            LOGS,
            True,
            False,
            "a dot is a dot; moto reads the pattern as a regular expression",
        ),
        (
            {"Action": "s3:GetObject", "Resource": "*", "Condition": CONDITION},
            "s3:GetObject",
            LOGS,
            True,
            False,
            "a condition on a key that the request lacks does not hold; moto looks at those of trust policies only",
        ),
    ],
)
def test_the_documentation_agrees_with_us_where_moto_differs(
    statement: dict[str, object],
    action: str,
    resource: str,
    moto_says: bool,  # noqa: FBT001 - a column
    we_say: bool,  # noqa: FBT001 - a column
    why: str,
) -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
    assert (granted_by_moto(document, action, resource), granted_by_us(document, action, resource)) == (
        moto_says,
        we_say,
    ), why


def granted_by(*listed: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(listed)})


@pytest.mark.parametrize("condition", [None, {"Bool": {"aws:SecureTransport": "false"}}])
def test_an_administrator_without_one_bucket_has_everything_else(condition: dict[str, object] | None) -> None:
    shut: dict[str, object] = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"],
    }
    document = granted_by(
        {"Effect": "Allow", "Action": "*", "Resource": "*"}, shut | ({"Condition": condition} if condition else {})
    )
    assert granted_by_us(document, "iam:PassRole", RESOURCES[4])
    assert granted_by_us(document, "s3:GetObject", RESOURCES[3])
    assert granted_by_us(document, "s3:GetObject", LOGS) is (condition is not None)


def test_a_deny_of_part_of_a_pattern_removes_that_part() -> None:
    document = granted_by(
        {"Effect": "Allow", "Action": "ec2:*Volume", "Resource": "*"},
        {"Effect": "Deny", "Action": "ec2:Create*", "Resource": "*"},
    )
    assert granted_by_us(document, "ec2:DeleteVolume", VOLUME)
    assert granted_by_us(document, "ec2:CreateVolume", VOLUME) is False


def test_a_star_equals_the_only_resource_type_of_an_action() -> None:
    wide = statements(granted_by({"Effect": "Allow", "Action": "ec2:DeleteVolume", "Resource": "*"}))
    exact = statements(
        granted_by({"Effect": "Allow", "Action": "ec2:DeleteVolume", "Resource": "arn:aws:ec2:*:*:volume/*"})
    )
    space = space_of(published("aws"), (*wide, *exact))
    assert allowed(space, wide, {}) <= allowed(space, exact, {})
