"""An answer that does not have the API's form is a gap, even with status 200."""

from __future__ import annotations

from typing import Any, cast

import boto3
import pytest
from moto import mock_aws

from cloudguard.model.source import FactKind, Reason
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from moto_fixtures.aws.builder import REGION
from refused_calls import response

HIDES = (FactKind.ROUTES,)
PAGE = "<!DOCTYPE html><!-- portal --><html><body>sign in to continue</body></html>"
EC2 = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<{0}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
    "<requestId>1</requestId><routeTableSet/></{0}Response>"
)


def read(call: calls.Call, event: str, body: str) -> Api:
    """Read ``call`` where the body of every answer is ``body``, with status 200; return the reader."""
    with mock_aws():
        session = boto3.Session()

        def answer(request: Any, **_rest: object) -> object:  # noqa: ANN401 - botocore's request
            return response(request.url, 200, {"Content-Type": "text/xml"}, body.encode())

        cast("Any", session.events).register_first(f"before-send.{event}", answer)
        api = Api(session, REGION)
        api.read(call, hides=HIDES)
        return api


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize(
    ("call", "event", "body", "why"),
    [
        (calls.DESCRIBE_ROUTE_TABLES, "ec2.DescribeRouteTables", PAGE, "its root element is 'html'"),
        (calls.DESCRIBE_ROUTE_TABLES, "ec2.DescribeRouteTables", EC2.format("DescribeVpcs"), "'DescribeVpcsResponse'"),
        (calls.DESCRIBE_ROUTE_TABLES, "ec2.DescribeRouteTables", "sign in", "it is not XML"),
        (calls.DESCRIBE_ROUTE_TABLES, "ec2.DescribeRouteTables", "", "it is not XML"),
        (calls.DESCRIBE_TARGET_GROUPS, "elastic-load-balancing-v2.DescribeTargetGroups", PAGE, "'html'"),
        (calls.LIST_ROLES, "iam.ListRoles", "<ok/>", "its root element is 'ok'"),
        (calls.LIST_CLUSTERS, "eks.ListClusters", PAGE, "it is not JSON"),
        (calls.LIST_CLUSTERS, "eks.ListClusters", '{"message": "sign in"}', "none of the expected members"),
        (calls.LIST_CLUSTERS, "eks.ListClusters", "[]", "none of the expected members"),
    ],
)
def test_an_answer_of_another_form_is_a_gap(call: calls.Call, event: str, body: str, why: str) -> None:
    (gap,) = read(call, event, body).gaps
    assert (gap.call, gap.reason, gap.hides) == (call.name, Reason.FAILED, HIDES)
    assert why in gap.message
    assert "sign in" not in gap.message


@pytest.mark.parametrize(
    ("call", "event", "body"),
    [
        (calls.DESCRIBE_ROUTE_TABLES, "ec2.DescribeRouteTables", EC2.format("DescribeRouteTables")),
        (calls.LIST_CLUSTERS, "eks.ListClusters", '{"clusters": []}'),
        (calls.LIST_CLUSTERS, "eks.ListClusters", "{}"),
    ],
)
def test_an_empty_answer_of_the_api_is_no_gap(call: calls.Call, event: str, body: str) -> None:
    assert read(call, event, body).gaps == ()


@pytest.mark.mistake("odd-answer")
def test_an_answer_that_is_cut_short_is_a_gap() -> None:
    listed = "<Roles/><IsTruncated>true</IsTruncated>"
    body = f"<ListRolesResponse><ListRolesResult>{listed}</ListRolesResult></ListRolesResponse>"
    (gap,) = read(calls.LIST_ROLES, "iam.ListRoles", body).gaps
    assert "the answer is incomplete" in gap.message
