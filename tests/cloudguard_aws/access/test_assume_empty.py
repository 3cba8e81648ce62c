"""Calls that the user assumes to have empty answers: they are not made, and the report shows them."""

from __future__ import annotations

from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

import cloudguard
from cloudguard.errors import UsageError
from cloudguard.results.report import RowResult, Verdict
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.scenes import clean, endpoint_service

SERVICES = "ec2:DescribeVpcEndpointServiceConfigurations"


def api_row(account: Account, *assumed: str) -> RowResult:
    """Judge the account's cluster by the library, with calls assumed empty."""
    report = cloudguard.check(
        "aws",
        cluster="prod",
        options={"region": REGION},
        session=account.session,
        declarations=clean.DECLARED.policy,
        assume_empty=assumed,
    )
    return report.row("api-server-access")


def test_a_call_assumed_empty_is_not_made_and_is_shown_as_assumed(inner_account: Account) -> None:
    endpoint_service.build(inner_account)
    asked: list[str] = []

    def note(event_name: str, **_rest: object) -> None:
        asked.append(event_name)

    assert api_row(inner_account).verdict is Verdict.FAIL
    cast("Any", inner_account.session.events).register("before-send.ec2.DescribeVpcEndpointServiceConfigurations", note)
    row = api_row(inner_account, SERVICES)
    assert row.verdict is Verdict.PASS
    assert asked == []
    assert (f"{SERVICES} returns nothing", "assume_empty") in {(o.what, o.source) for o in row.basis.assumed}


def test_an_unknown_call_is_refused_with_the_nearest_name() -> None:
    with mock_aws(), pytest.raises(UsageError) as caught:
        api_row(Account(boto3.Session()), "ec2:DescribeVpcEndpointServiceConfiguration")
    assert SERVICES in caught.value.hint
