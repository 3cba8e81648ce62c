"""VPC Block Public Access: settings that are not understood block nothing."""

from __future__ import annotations

import pytest

from builders import subnet
from cloudguard.model.network import NextHop
from cloudguard_aws.network.public_access import public_access

WHOLE = {"AwsAccountId": "1", "State": "update-complete", "InternetGatewayBlockMode": "block-bidirectional"}


@pytest.mark.parametrize(
    ("changed", "hop"),
    [
        ({}, NextHop.BLACKHOLE),
        ({"InternetGatewayBlockMode": "block-ingress"}, NextHop.OUTBOUND),
        ({"InternetGatewayBlockMode": "block-tomorrow"}, NextHop.INTERNET),
        ({"State": "update-in-progress"}, NextHop.INTERNET),
        ({"AwsAccountId": ""}, NextHop.INTERNET),
    ],
)
def test_the_settings_decide_whether_internet_routes_are_blocked(changed: dict[str, str], hop: NextHop) -> None:
    owner = (WHOLE | changed)["AwsAccountId"]
    made = public_access(WHOLE | changed).applied_to(
        subnet("a", ("10.0.0.0/24",), ("0.0.0.0/0", NextHop.INTERNET, "igw-1")), owner
    )
    assert [route.hop for route in made.routes if route.target == "igw-1"] == [hop]
