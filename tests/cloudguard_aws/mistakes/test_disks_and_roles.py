"""Names and free-form tags of hosts and volumes: they take no role from a host, and no volume out of a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, altered, opens, tagged, together
from cloudguard.results.report import Verdict
from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean

DISK, ETCD, NODE = "etcd-encryption", "etcd-access", "node-access"
VOLUMES, INSTANCES, RULES = "ec2:DescribeVolumes", "ec2:DescribeInstances", "ec2:DescribeSecurityGroupRules"
ROLES = ("sigs.k8s.io", "Name")
Tags = Mapping[str, str]


@dataclass(frozen=True)
class Built:
    """The cluster, and an encrypted volume beside the root volume of its control-plane host."""

    cluster: clean.Cluster
    data: str


def build(a: Account) -> Built:
    cluster = clean.build(a)
    return Built(cluster, a.volume(cluster.control_plane))


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(build) as made:
        yield made


def plain(volume: str) -> Change:
    """Return a change after which a volume is not encrypted."""
    return lambda given, _parameters: [
        item | {"Encrypted": False} if item.get("VolumeId") == volume else item for item in given
    ]


OTHERS: dict[str, tuple[Tags, Tags]] = {
    "a name that says etcd": ({"Name": "etcd"}, {}),
    "a name with the cluster's and etcd": ({"Name": "prod-etcd-data"}, {}),
    "a free-form tag with the word": ({"role": "etcd", "app": "etcd"}, {}),
    "a name of a persistent volume claim for etcd": ({"kubernetes.io/created-for/pvc/name": "data-etcd-0"}, {}),
    "kops' tag for events": ({"k8s.io/etcd/events": "a/a"}, {}),
    "kops' tag, and the tag of another cluster": (
        {"k8s.io/etcd/main": "a/a", "kubernetes.io/cluster/other": "owned"},
        {},
    ),
    "the open volume is called a scratch disk": ({}, {"Name": "prod-scratch"}),
    "the open volume is called a node's": ({}, {"Name": "prod-node-a", "role": "node"}),
    "the open volume has a tag that says it holds nothing": ({}, {"contains": "nothing", "etcd": "false"}),
    "the open volume has the tags of a persistent volume claim": (
        {},
        {"kubernetes.io/created-for/pvc/name": "data-0", "CSIVolumeName": "pvc-1"},
    ),
    "the open volume has the tag of another cluster": ({}, {"kubernetes.io/cluster/other": "owned"}),
    "the open volume has the role tag of a node": (
        {},
        {"sigs.k8s.io/cluster-api-provider-aws/role": "node", "k8s.io/role/node": "1"},
    ),
    "the open volume has a node group's tag": ({}, {"eks:nodegroup-name": "workers", "karpenter.sh/nodepool": "a"}),
    "the open volume is marked for deletion": ({}, {"delete-me": "true", "Name": "old"}),
}


@pytest.mark.mistake("disk-removed")
@pytest.mark.parametrize("name", OTHERS)
def test_a_volume_in_the_clear_counts_whatever_it_or_another_is_called(account: Altered, name: str) -> None:
    """The root volume of a control-plane host is not encrypted; nothing certain shows where etcd keeps its data."""
    other, own = OTHERS[name]
    built: Built = account.made
    root = built.cluster.control_plane.root
    change = together(plain(root), tagged("VolumeId", built.data, other), tagged("VolumeId", root, own))
    row = account.report({VOLUMES: change}, clean.DECLARED.policy).row(DISK)
    assert row.verdict is Verdict.FAIL, (row.why, row.unknown)
    assert root in repr(row.findings)


def test_only_kops_tag_for_the_main_cluster_shows_that_other_volumes_hold_no_etcd(account: Altered) -> None:
    built: Built = account.made
    change = together(
        plain(built.cluster.control_plane.root), tagged("VolumeId", built.data, {"k8s.io/etcd/main": "a/a"})
    )
    assert account.report({VOLUMES: change}, clean.DECLARED.policy).row(DISK).verdict is Verdict.PASS


def renamed(instance: str, tags: Tags, *, removed: tuple[str, ...] = ROLES) -> Change:
    return tagged("InstanceId", instance, tags, removed=removed)


CONTROL_PLANE: dict[str, Tags] = {
    "the name of a node": {"Name": "prod-worker-1"},
    "the name of a node pool": {"Name": "prod-nodepool-a", "pool": "workers"},
    "a free-form tag for nodes": {"role": "node", "Name": "a"},
    "a free-form tag of Kubernetes' own": {"node-role.kubernetes.io/worker": "", "Name": "a"},
    "the name of a bastion": {"Name": "bastion"},
    "no name at all": {},
    "a name that contradicts itself": {"Name": "worker-master"},
    "another language's word": {"Name": "arbeiter-1", "type": "arbeiter"},
}


@pytest.mark.mistake("role-removed")
@pytest.mark.parametrize("name", CONTROL_PLANE)
@pytest.mark.parametrize("strong", [True, False])
def test_a_control_plane_host_stays_one_whatever_it_is_called(account: Altered, name: str, *, strong: bool) -> None:
    """A balancer sends it the API's traffic, or an installer's tag names it. Its etcd is open to nodes."""
    built: Built = account.made
    host, masters = built.cluster.control_plane, built.cluster.masters
    kept = ("Name",) if strong else ROLES
    changes: dict[str, Change | Exception] = {
        INSTANCES: renamed(host.id, CONTROL_PLANE[name], removed=kept),
        RULES: opens(masters.id, ("tcp/2379", built.cluster.nodes.id)),
    }
    row = account.report(changes, clean.DECLARED.policy).row(ETCD)
    assert row.verdict is Verdict.FAIL, (row.why, row.unknown)
    assert masters.id in repr(row.findings)


NODES: dict[str, Tags] = {
    "the name of a control-plane host": {"Name": "prod-master-1"},
    "the name of a host of etcd": {"Name": "prod-etcd-1"},
    "the name of a bastion": {"Name": "prod-bastion"},
    "a free-form tag for the control plane": {"role": "control-plane", "Name": "a"},
    "no name at all": {},
}


@pytest.mark.mistake("role-removed")
@pytest.mark.parametrize("name", NODES)
def test_a_host_that_only_a_name_makes_another_is_judged_as_a_node_too(account: Altered, name: str) -> None:
    """Its SSH port is open to the internet, whose packets reach it at a public address."""
    built: Built = account.made
    worker = built.cluster.worker

    def public(given: list[Json], parameters: Mapping[str, Any]) -> list[Json]:
        for item in renamed(worker.id, NODES[name])(given, parameters):
            if item.get("InstanceId") == worker.id:
                item["PublicIpAddress"] = "203.0.113.9"
                nic = item["NetworkInterfaces"][0]
                nic["Association"] = {"PublicIp": "203.0.113.9"}
                nic["SubnetId"] = item["SubnetId"] = built.cluster.public.id
        return given

    changes: dict[str, Change | Exception] = {
        INSTANCES: public,
        RULES: opens(built.cluster.nodes.id, ("tcp/22", WORLD)),
    }
    row = account.report(changes, clean.DECLARED.policy).row(NODE)
    assert row.verdict is not Verdict.PASS
    assert row.verdict is Verdict.FAIL or worker.id in " ".join(row.unknown)
