"""The plans of a few scenes are applied in a moto account. ``make applied`` does this with every scene."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from aws_applied import apply
from aws_probe import read
from moto_fixtures.aws.builder import REGION, WORLD, Account
from moto_fixtures.aws.scene import scenes

FEW = ("peering", "eks_public", "next_host", "conditions", "key_pending_deletion")


@pytest.mark.parametrize("name", FEW)
def test_rows_pass_after_the_plan_and_nothing_opened(name: str) -> None:
    applied = apply(scenes()[name])
    assert applied.calls
    assert applied.left == ()
    assert applied.opened == ""
    assert applied.lost == ""


@pytest.mark.parametrize("public", [False, True])
def test_a_probe_sees_no_connection_to_a_subnet_without_a_route_back(*, public: bool) -> None:
    with mock_aws():
        session = boto3.Session(region_name=REGION)
        account = Account(session)
        vpc = account.vpc("10.0.0.0/16")
        group = account.group(vpc, "nodes")
        group.allow("tcp/22", WORLD)
        account.host("node", account.subnet(vpc, public=public), [group], {})
        found = {(sender, service) for sender, _, service in read(session).open_pairs()}
    assert (("outside 8.8.8.8", ("6", 22)) in found) is public
