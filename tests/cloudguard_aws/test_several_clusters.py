"""Several clusters of one account in one run: each has the same facts as alone, with hardly more calls than one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial

from moto import mock_aws

from aws_clusters import DISTINCT, MANAGED, account_with_clusters
from cloudguard import collection, pipeline
from cloudguard.fleet.reading import read_targets
from cloudguard.fleet.target import Target, TargetCluster
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.port import CollectRequest, Stop, silent
from cloudguard.provider.sharing.shared_answers import SharedAnswers
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.installers import CLUSTER, kops
from refused_calls import Reusing

NAMES = (*DISTINCT, MANAGED)
OF_ONE_RESOURCE = {
    *("iam:GetInstanceProfile", "iam:GetRole", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"),
    *("iam:GetRolePolicy", "iam:GetPolicy", "iam:GetPolicyVersion"),
    *("elbv2:DescribeListeners", "elbv2:DescribeTargetHealth", "elbv2:DescribeTargetGroupAttributes"),
    *("kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus"),
    *("eks:DescribeCluster", "eks:ListNodegroups", "eks:ListFargateProfiles", "eks:ListPodIdentityAssociations"),
    *("iam:GetOpenIDConnectProvider",),
}
"""Calls that read one resource each."""


@cache
def _read() -> tuple[Mapping[str, Snapshot], Mapping[str, Snapshot], Counter[str], Counter[str]]:
    """Read each cluster alone, and all at once. Return both, the calls for the first cluster, and the calls for all."""
    with mock_aws():
        account = Account(Reusing(region_name=REGION))
        account_with_clusters(account)
        shared = SharedAnswers(merging=True)
        calls = {name: Counter[str]() for name in (*NAMES, "")}

        def read(name: str, shared: SharedAnswers | None = None) -> Snapshot:
            request = CollectRequest(name, {"region": (REGION,)}, client=account.session, shared=shared)
            counted = calls["" if shared else name]
            return collection.collect_requested("aws", request, lambda step: counted.update([step]))

        alone = {name: read(name) for name in NAMES}
        together = shared.together([partial(read, name, shared) for name in NAMES])
        return alone, dict(zip(NAMES, together, strict=True)), calls[NAMES[0]], calls[""]


def test_each_snapshot_equals_that_of_the_cluster_alone() -> None:
    alone, together, _, _ = _read()
    for name in NAMES:
        snapshot, other = (replace(read[name], started="", finished="") for read in (alone, together))
        assert snapshot_file.dump(snapshot) == snapshot_file.dump(other)
        assert snapshot.cluster.hosts or snapshot.cluster.managed


def test_the_clusters_have_different_findings() -> None:
    _, together, _, _ = _read()
    found = {name: {finding.check for finding in pipeline.evaluate(together[name]).findings} for name in DISTINCT}
    assert "api-server-access/internet" in found["alpha"]
    assert "api-server-access/internet" not in found["beta"]


def test_clusters_of_one_name_in_two_networks_are_each_read() -> None:
    with mock_aws():
        account = Account(Reusing(region_name=REGION))
        for block in ("10.1.0.0/16", "10.2.0.0/16"):
            subnet = account.subnet(account.vpc(block))
            account.host(block, subnet, [account.group(subnet.vpc, "hosts")], kops.control_plane)
        target = Target("aws", {"region": (REGION,)}, (CLUSTER,))

        def request(cluster: TargetCluster) -> CollectRequest:
            options = {**target.options, **cluster.options}
            return CollectRequest(cluster.name, options, client=account.session)

        clusters = read_targets((target,), request, Stop(), silent)
    snapshots = [cluster.snapshot for cluster in clusters if cluster.snapshot]
    assert [len(snapshot.cluster.hosts) for snapshot in snapshots] == [1, 1]
    assert len({snapshot.cluster.place for snapshot in snapshots} - {""}) == len(snapshots)
    assert len({cluster.name for cluster in clusters}) == len(snapshots)


def test_shared_calls_are_made_once_for_all_clusters() -> None:
    _, _, counts, several = _read()
    shared = several.keys() - OF_ONE_RESOURCE
    assert sum(several[name] for name in shared) <= 1.5 * sum(counts[name] for name in counts.keys() - OF_ONE_RESOURCE)
    for name in ("ec2:DescribeVpcs", "ec2:DescribeRouteTables", "elbv2:DescribeLoadBalancers", "sts:GetCallerIdentity"):
        assert several[name] == 1, name
