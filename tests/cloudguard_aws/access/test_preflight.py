"""The preflight tries each call of the adapter once, without side effects, and names the refused calls."""

from __future__ import annotations

from moto import mock_aws

from cloudguard.provider.permissions.preflight import Outcome
from cloudguard.provider.port import CollectRequest, silent
from cloudguard_aws import ADAPTER
from cloudguard_aws.access.calls import CALLS
from moto_fixtures.aws.builder import REGION
from refused_calls import Guard, Reusing

NOT_IN_MOTO = {
    *("ec2:DescribeImageAttribute", "ec2:GetSnapshotBlockPublicAccessState", "eks:ListNodegroups"),
    *("globalaccelerator:ListAccelerators", "globalaccelerator:ListListeners", "globalaccelerator:ListEndpointGroups"),
    *("eks:ListFargateProfiles", "eks:ListPodIdentityAssociations", "eks:DescribePodIdentityAssociation"),
    *("eks:ListCapabilities", "eks:DescribeCapability"),
    *("ec2:GetInstanceMetadataDefaults", "ec2:DescribeVpcBlockPublicAccessOptions"),
    "ec2:DescribeVpcBlockPublicAccessExclusions",
}
"""Calls that moto lacks or answers in another form than AWS, unless another test adds them."""
SAME_FOR_ALL = {"s3:GetBucketPolicy", "sqs:GetQueueAttributes"}
DENIED = ("ec2", "DescribeSnapshotAttribute")


def test_each_call_is_tried_and_the_refused_one_is_named() -> None:
    with mock_aws():
        session = Reusing(region_name=REGION)
        guard = Guard(session)
        guard.denied = DENIED
        request = CollectRequest(options={"region": (REGION,)}, client=session)
        shown = {outcome.call: outcome for outcome in ADAPTER.verify(request, silent)}
    assert shown.keys() == {call.name for call in CALLS if call.permissions}
    assert {name for name, outcome in shown.items() if outcome.outcome is Outcome.NOT_SHOWN} >= SAME_FOR_ALL
    assert {
        name for name, outcome in shown.items() if outcome.outcome is Outcome.NOT_SHOWN
    } <= NOT_IN_MOTO | SAME_FOR_ALL
    (refused,) = (outcome for outcome in shown.values() if outcome.outcome is Outcome.REFUSED)
    assert refused.call == ":".join(DENIED)
    assert "not authorized" in refused.message
