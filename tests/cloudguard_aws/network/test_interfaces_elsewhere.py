"""A host with a further interface in another VPC: its subnet, routes and network ACL are read there."""

from __future__ import annotations

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_aws import ADAPTER
from moto_fixtures.aws.builder import REGION, WORLD, Account
from moto_fixtures.aws.installers import kops


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize(("public", "verdict"), [(True, Verdict.FAIL), (False, Verdict.PASS)])
def test_an_interface_in_another_vpc_is_a_way_to_its_host(
    inner_account: Account,
    public: bool,  # noqa: FBT001 - a parameter
    verdict: Verdict,
) -> None:
    a = inner_account
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "own")
    a.host("m", subnet, [group], kops.control_plane)
    node = a.host("n", subnet, [group], kops.node)
    elsewhere = a.subnet(a.vpc("10.77.0.0/16"), public=True)
    open_to_all = a.group(elsewhere.vpc, "management")
    open_to_all.allow("tcp/22", WORLD)
    interface = a.second_interface(node, elsewhere, [open_to_all])
    if public:
        address = a.call("ec2", "allocate_address", Domain="vpc")["AllocationId"]
        a.call("ec2", "associate_address", AllocationId=address, NetworkInterfaceId=interface)
    request = CollectRequest(cluster="prod", options={"region": (REGION,)}, client=a.session)
    snapshot = ADAPTER.collect(request)
    assert snapshot.gaps == ()
    row = pipeline.evaluate(snapshot, Declarations()).row("node-access")
    assert row.verdict is verdict
