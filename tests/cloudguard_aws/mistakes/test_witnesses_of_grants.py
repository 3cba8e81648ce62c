"""The witness and the message of findings about permissions: all of them are part of the excess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, altered
from moto_fixtures.aws.scenes import clean

pytestmark = pytest.mark.mistake("wrong-witness")


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(clean.build) as made:
        yield made


NEEDED = "ec2:DescribeInstances"
MFA: Json = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
GRANTS: dict[str, tuple[list[Json], str, tuple[str, ...]]] = {
    "a needed action in the same statement": (
        [{"Action": [NEEDED, "sqs:DeleteQueue"], "Resource": "*"}],
        "sqs:DeleteQueue",
        (NEEDED,),
    ),
    "an action that a statement denies": (
        [
            {"Action": ["sqs:DeleteQueue", "sns:DeleteTopic"], "Resource": "*"},
            {"Effect": "Deny", "Action": "sns:*", "Resource": "*"},
        ],
        "sqs:DeleteQueue",
        ("sns",),
    ),
    "a resource that a statement denies": (
        [
            {"Action": "sqs:DeleteQueue", "Resource": "*"},
            {"Effect": "Deny", "Action": "sqs:*", "NotResource": "arn:aws:sqs:*:*:jobs"},
        ],
        ":jobs",
        (),
    ),
    "a resource that the statement leaves out": (
        [{"Action": "sqs:DeleteQueue", "NotResource": "arn:aws:sqs:eu-west-1:*:*"}],
        "sqs:DeleteQueue",
        ("sqs:eu-west-1",),
    ),
    "an action that the statement leaves out": (
        [{"NotAction": ["iam:*", "organizations:*", "ec2:*", "sts:*", "s3:*"], "Resource": "arn:aws:sqs:*:*:*"}],
        "sqs:",
        ("iam:", "s3:"),
    ),
    "a condition that no request meets": (
        [
            {
                "Action": "sqs:DeleteQueue",
                "Resource": "*",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
            },
            {"Action": "sns:DeleteTopic", "Resource": "*"},
        ],
        "sns:DeleteTopic",
        ("sqs",),
    ),
}


@pytest.mark.parametrize("name", GRANTS)
def test_a_finding_names_only_actions_and_resources_of_the_excess(account: Altered, name: str) -> None:
    """The worker's role gets one more policy, with these statements."""
    statements, expected, never = GRANTS[name]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | each for each in statements]}
    role = account.made.node_role.name

    def policies(given: list[Json], parameters: Mapping[str, Any]) -> list[Json]:
        return [*given, {"PolicyName": "more"}] if parameters["RoleName"] == role else given

    def policy(given: list[Json], parameters: Mapping[str, Any]) -> list[Json]:
        more = {"RoleName": role, "PolicyName": "more", "PolicyDocument": document}
        return [more] if parameters["PolicyName"] == "more" else given

    changes: dict[str, Change | Exception] = {"iam:ListRolePolicies": policies, "iam:GetRolePolicy": policy}
    row = account.report(changes, clean.DECLARED.policy).row("cloud-api-access")
    findings = [each for each in row.findings if each.counts]
    assert findings, (row.why, row.unknown)
    for finding in findings:
        assert expected in finding.witness.summary
        texts = (finding.message, finding.witness.summary)
        assert not [word for word in never for text in texts if word in text], texts
        assert all("more" in fact.rule for fact in finding.evidence if fact.rule), finding.evidence
