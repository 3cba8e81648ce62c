"""External ids are removed from trust policies without a change to who is let in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudguard.model.identity import PolicyDocument, PolicyKind
from cloudguard_aws.identity.external_ids import without_external_ids
from cloudguard_aws.identity.policy_documents import policy_document
from drawn_policies import SOURCE


def trust(**condition: object) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def condition_without_ids(text: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(without_external_ids(text))["Statement"][0]["Condition"]


def test_external_ids_are_numbered_and_equal_ids_get_equal_numbers() -> None:
    found = condition_without_ids(
        trust(StringEquals={"sts:ExternalId": ["s3cret", "other"]}, StringNotEquals={"STS:externalid": "other"})
    )
    assert found["StringEquals"]["sts:ExternalId"] == ["external-id-1", "external-id-2"]
    assert found["StringNotEquals"]["STS:externalid"] == "external-id-2"


@pytest.mark.parametrize(
    "condition",
    [
        {"StringLike": {"sts:ExternalId": "?*"}},
        {"Null": {"sts:ExternalId": "false"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-a"}},
    ],
    ids=str,
)
def test_patterns_and_other_keys_are_kept(condition: dict[str, object]) -> None:
    assert condition_without_ids(trust(**condition)) == condition


@pytest.mark.parametrize(
    "text", ["{", '"sts:ExternalId"', "[" * 100_000 + "sts:ExternalId"], ids=["odd", "text", "deep"]
)
def test_a_text_that_is_no_policy_is_unchanged(text: str) -> None:
    assert without_external_ids(text) == text


def test_a_trust_policy_has_no_external_id_in_text_and_statements() -> None:
    shell = PolicyDocument("t", "t", PolicyKind.TRUST, "inline", "", (), SOURCE)
    document = policy_document(shell, json.loads(trust(StringEquals={"sts:ExternalId": "s3cret"})))
    assert "s3cret" not in repr(document)
    assert document.statements[0].conditions[0].values == ("external-id-1",)
