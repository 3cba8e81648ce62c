"""Security groups that the owner of a shared VPC shares: another account may have put its own interfaces into them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_aws import ADAPTER
from moto_fixtures.aws.builder import ACCOUNT, REGION, Account, Group
from moto_fixtures.aws.installers import kops

OTHER = "222222222222"
REQUEST = {"region": (REGION,)}


@pytest.mark.parametrize(
    ("owner", "named", "verdict"),
    [
        (ACCOUNT, "own", Verdict.PASS),
        (OTHER, "own", Verdict.UNKNOWN),
        (OTHER, "nodes", Verdict.FAIL),
    ],
)
def test_who_else_is_in_a_shared_group_is_unknown(
    inner_account: Account, owner: str, named: str, verdict: Verdict
) -> None:
    """A group of the cluster's own account keeps all of its members in view, whichever group is read first."""
    a = inner_account
    subnet = a.subnet(a.vpc())
    own_group, nodes = (a.group(subnet.vpc, name) for name in ("masters", "nodes"))
    own_group.allow("tcp/2379-2380", {"own": own_group, "nodes": nodes}[named])
    a.host("m", subnet, [own_group], kops.control_plane)
    a.host("n", subnet, [nodes], kops.node)
    _owned(a, own_group, owner)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod", options=REQUEST, client=a.session))
    row = pipeline.evaluate(snapshot, Declarations()).row("etcd-access")
    assert row.verdict is verdict
    groups = {group.id: group for group in snapshot.topology.groups}
    assert [groups[group.id].members_known for group in (own_group, nodes)] == [owner == ACCOUNT, True]


def _owned(a: Account, group: Group, owner: str) -> None:
    def put(parsed: dict[str, Any], **_rest: object) -> None:
        for security_group in parsed["SecurityGroups"]:
            security_group["OwnerId"] = owner if security_group["GroupId"] == group.id else security_group["OwnerId"]

    cast("Any", a.session).events.register("after-call.ec2.DescribeSecurityGroups", put)
