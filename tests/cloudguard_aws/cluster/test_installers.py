"""The roles of hosts and their evidence, in one account with a cluster of each installer. No test changes it."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from aws_hosts import STACKED, HostRoles, owned, roles_of
from cloudguard.errors import ClusterNotFoundError
from cloudguard.model.cluster import Role
from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.port import CollectRequest
from cloudguard_aws import ADAPTER
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.find import find
from moto_fixtures.aws.builder import REGION, Account, Group, Subnet, Tags
from moto_fixtures.aws.installers import CAPA

ANOTHER = "strong evidence shows the control-plane hosts, and this host is not one of them"
CP, ETCD, NODE, BASTION = Role.CONTROL_PLANE, Role.ETCD, Role.NODE, Role.BASTION


@pytest.fixture(scope="module")
def many() -> Iterator[Account]:
    """An account with a cluster of each installer in one VPC."""
    with mock_aws():
        a = Account(boto3.Session("made", "up", region_name=REGION))
        vpc = a.vpc()
        subnet, group = a.subnet(vpc), a.group(vpc, "all")
        self_managed(a, subnet, group)
        managed(a, subnet, group)
        plain(a, subnet, group)
        yield a


def self_managed(a: Account, subnet: Subnet, group: Group) -> None:
    """Build clusters whose installers tag or name every host."""
    hosts: tuple[tuple[str, Tags], ...] = (
        ("kops-master", owned("k.example.com") | {"k8s.io/role/control-plane": "1", "k8s.io/role/master": "1"}),
        ("kops-node", owned("k.example.com") | {"k8s.io/role/node": "1"}),
        ("kops-api", owned("k.example.com") | {"k8s.io/role/apiserver": "1"}),
        ("kops-bastion", owned("k.example.com") | {"k8s.io/role/bastion": "1"}),
        ("old-master", {"KubernetesCluster": "old.example.com", "k8s.io/role/master": "1"}),
        ("capi-0", {f"{CAPA}/cluster/capi": "owned", f"{CAPA}/role": "control-plane"}),
        ("capi-1", {f"{CAPA}/cluster/capi": "owned", f"{CAPA}/role": "node"}),
        ("capi-2", {f"{CAPA}/cluster/capi": "owned", f"{CAPA}/role": "bastion"}),
        ("shift-x7k2p-master-0", owned("shift-x7k2p")),
        ("shift-x7k2p-bootstrap", owned("shift-x7k2p")),
        ("shift-x7k2p-worker-eu-west-1a-9qwer", owned("shift-x7k2p")),
        ("shoot-node", owned("shoot--team--prod", "1") | {"kubernetes.io/role/node": "1"}),
        ("kubernetes-spray-master0", owned("spray", "member")),
        ("kubernetes-spray-worker0", owned("spray", "member")),
        ("rke2-server-a", owned("ranch")),
        ("rke2-agent-a", owned("ranch")),
    )
    for name, tags in hosts:
        a.host(name, subnet, [group], tags)


def managed(a: Account, subnet: Subnet, group: Group) -> None:
    """Build an EKS cluster with hosts of every kind."""
    a.eks("managed", [subnet], a.role("eks", service="eks"))
    hosts: tuple[tuple[str, Tags], ...] = (
        ("group", {"eks:cluster-name": "managed", "eks:nodegroup-name": "workers"}),
        ("karpenter", owned("managed") | {"eks:eks-cluster-name": "managed", "karpenter.sh/nodepool": "default"}),
        ("eksctl", {"alpha.eksctl.io/cluster-name": "managed", "alpha.eksctl.io/nodegroup-name": "own"}),
        ("own", owned("managed")),
    )
    for name, tags in hosts:
        a.host(name, subnet, [group], tags)


def plain(a: Account, subnet: Subnet, group: Group) -> None:
    """Build a cluster whose hosts have only its name (one stopped, one terminated), one without roles, a lone host."""
    a.host("loner", subnet, [group], {"team": "x"})
    tags = owned("plain")
    first, second = a.host("a", subnet, [group], tags), a.host("b", subnet, [group], tags)
    balancer = a.nlb("plain-api", subnet, [group])
    a.listener(balancer, 443, [first], 6443)
    a.listener(balancer, 9345, [second], 9345, by_address=True)
    a.listener(balancer, 80, [a.host("ingress", subnet, [group], tags)], 30080)
    a.volume(a.host("c", subnet, [group], tags), {"k8s.io/etcd/main": "c/c"})
    a.host("d", subnet, [group], tags, role=a.role("plain-workers"))
    a.host("kube-agent-1", subnet, [group], tags)
    for name in ("quiet", "mute"):
        a.host(name, subnet, [group], owned("silent"))
    stopped = a.host("e", subnet, [group], tags)
    a.call("ec2", "stop_instances", InstanceIds=[stopped.id])
    gone = a.host("f", subnet, [group], tags)
    a.call("ec2", "terminate_instances", InstanceIds=[gone.id])


@pytest.mark.parametrize(
    ("cluster", "installer", "roles"),
    [
        (
            "k.example.com",
            "kops",
            {
                "kops-master": ((CP, ETCD), ("tag k8s.io/role/control-plane=1",)),
                "kops-node": ((NODE,), ("tag k8s.io/role/node=1",)),
                "kops-api": ((CP,), ("tag k8s.io/role/apiserver=1",)),
                "kops-bastion": ((BASTION,), ("tag k8s.io/role/bastion=1",)),
            },
        ),
        ("old.example.com", "kops", {"old-master": ((CP, ETCD), ("tag k8s.io/role/master=1",))}),
        (
            "capi",
            "capa",
            {
                "capi-0": ((CP, ETCD), (f"tag {CAPA}/role=control-plane", STACKED)),
                "capi-1": ((NODE,), (f"tag {CAPA}/role=node",)),
                "capi-2": ((BASTION,), (f"tag {CAPA}/role=bastion",)),
            },
        ),
        (
            "shift-x7k2p",
            "openshift",
            {
                "shift-x7k2p-master-0": (
                    (CP, ETCD),
                    ("name shift-x7k2p-master-0, as OpenShift names its control plane (weak evidence)",),
                ),
                "shift-x7k2p-bootstrap": (
                    (CP, ETCD),
                    ("name shift-x7k2p-bootstrap, as OpenShift names its control plane (weak evidence)",),
                ),
                "shift-x7k2p-worker-eu-west-1a-9qwer": (
                    (NODE,),
                    ("name shift-x7k2p-worker-eu-west-1a-9qwer, as OpenShift names its nodes (weak evidence)",),
                ),
            },
        ),
        ("shoot--team--prod", "gardener", {"shoot-node": ((NODE,), ("tag kubernetes.io/role/node=1",))}),
        (
            "spray",
            "kubespray",
            {
                "kubernetes-spray-master0": (
                    (CP, ETCD),
                    ("name kubernetes-spray-master0 suggests the role (weak evidence)", STACKED),
                ),
                "kubernetes-spray-worker0": (
                    (NODE,),
                    ("name kubernetes-spray-worker0 suggests the role (weak evidence)",),
                ),
            },
        ),
        (
            "ranch",
            "rke2",
            {
                "rke2-server-a": ((CP, ETCD), ("name rke2-server-a suggests the role (weak evidence)", STACKED)),
                "rke2-agent-a": ((NODE,), ("name rke2-agent-a suggests the role (weak evidence)",)),
            },
        ),
        (
            "managed",
            "eks",
            {
                "group": ((NODE,), ("tag eks:nodegroup-name=workers",)),
                "karpenter": ((NODE,), ("tag karpenter.sh/nodepool=default",)),
                "eksctl": ((NODE,), ("tag alpha.eksctl.io/nodegroup-name=own",)),
                "own": ((NODE,), ("it belongs to the EKS cluster managed, whose control plane AWS runs",)),
            },
        ),
    ],
)
def test_installers_tags_and_names_give_roles(many: Account, cluster: str, installer: str, roles: HostRoles) -> None:
    found, api, by = roles_of(many, CollectRequest(cluster=cluster))
    assert found == roles
    assert by == installer
    assert api.gaps == ()


def test_an_openshift_cluster_is_found_by_name_or_infrastructure_id(many: Account) -> None:
    cluster = find(Api(many.session, REGION), CollectRequest(cluster="shift"))
    assert cluster is not None
    assert cluster.name == "shift-x7k2p"
    assert len(cluster.instances) == 3


def test_without_an_installer_s_tags_balancers_and_volumes_give_roles(many: Account) -> None:
    found, api, _ = roles_of(many, CollectRequest(cluster="plain"))
    arn = next(iter(many.call("elbv2", "describe_load_balancers", Names=["plain-api"])["LoadBalancers"]))
    behind = arn["LoadBalancerArn"]
    (volume,) = many.call("ec2", "describe_volumes", Filters=[{"Name": "tag-key", "Values": ["k8s.io/etcd/main"]}])[
        "Volumes"
    ]
    assert found == {
        "a": ((CP,), (f"target of {behind} on port 6443",)),
        "b": ((CP,), (f"target of {behind} on port 9345",)),
        "c": ((ETCD,), (f"its volume {volume['VolumeId']} is tagged k8s.io/etcd/main",)),
        "d": ((NODE,), ("instance profile plain-workers suggests the role (weak evidence)", ANOTHER)),
        "kube-agent-1": ((NODE,), ("name kube-agent-1 suggests the role (weak evidence)", ANOTHER)),
        "ingress": ((NODE,), (ANOTHER,)),
        "e": ((NODE,), (ANOTHER,)),
    }
    assert api.gaps == ()


@pytest.mark.mistake("role-removed")
def test_without_evidence_of_the_control_plane_all_roles_are_unknown(many: Account) -> None:
    found, api, _ = roles_of(many, CollectRequest(cluster="silent"))
    assert found == {"quiet": ((), ()), "mute": ((), ())}
    (gap,) = api.gaps
    assert (gap.reason, gap.hides) == (Reason.MISSING, (FactKind.HOSTS,))
    for word in ("--control-plane-tag", "--node-tag", "--etcd-tag", "--host", *gap.resource.split(", ")):
        assert word in gap.message
    assert "(quiet)" in gap.message
    assert "(mute)" in gap.message


@pytest.mark.mistake("role-removed")
def test_flags_add_roles(many: Account) -> None:
    request = CollectRequest(
        cluster="plain",
        role_tags={CP: ["Name=a"], ETCD: ["Name=a"], NODE: ["Name=ingress", "Name=e"]},
    )
    found, api, _ = roles_of(many, request)
    assert found["a"] == ((CP, ETCD), ("--control-plane-tag Name=a", "--etcd-tag Name=a"))
    assert found["ingress"] == ((NODE,), ("--node-tag Name=ingress",))
    assert found["e"] == ((NODE,), ("--node-tag Name=e",))
    assert api.gaps == ()


def test_a_flag_may_name_hosts_by_a_pattern(many: Account) -> None:
    found, api, _ = roles_of(many, CollectRequest(cluster="silent", role_tags={CP: ["Name=qui*"], NODE: ["Name=m?te"]}))
    assert found["quiet"][1][0] == "--control-plane-tag Name=qui*"
    assert found["mute"] == ((NODE,), ("--node-tag Name=m?te",))
    assert api.gaps == ()


def test_a_flag_that_matches_no_host_is_a_gap(many: Account) -> None:
    request = CollectRequest(
        cluster="capi", role_tags={ETCD: ["role=etcd"]}, extra_hosts={"i-0123456789abcdef0": [ETCD]}
    )
    _, api, _ = roles_of(many, request)
    assert [(gap.resource, gap.reason, gap.hides) for gap in api.gaps] == [
        ("--etcd-tag role=etcd", Reason.MISSING, (FactKind.HOSTS,)),
        ("--host i-0123456789abcdef0=etcd", Reason.MISSING, (FactKind.HOSTS,)),
    ]
    assert all(f"{gap.resource} matches no host" in gap.message for gap in api.gaps)


def test_hosts_found_by_flags_alone_are_a_cluster(many: Account) -> None:
    found, api, installer = roles_of(many, CollectRequest(cluster="nameless", role_tags={NODE: ["team=x"]}))
    assert found == {"loner": ((NODE,), ("--node-tag team=x",))}
    assert installer == "unknown"
    assert api.gaps == ()


def test_a_flag_does_not_match_hosts_of_another_cluster(many: Account) -> None:
    request = CollectRequest(cluster="plain", role_tags={NODE: ["Name=kops-node"]})
    found, api, _ = roles_of(many, request)
    assert "kops-node" not in found
    assert "--node-tag Name=kops-node" in {gap.resource for gap in api.gaps}
    assert find(Api(many.session, REGION), CollectRequest(cluster="nameless", role_tags=request.role_tags)) is None


@pytest.mark.parametrize("name", ["*", "k.*", "?apa", "cap?", "managed*", "PLAIN", "plai", "shift-*", "plain ", "a/b"])
def test_a_cluster_s_name_is_no_pattern(many: Account, name: str) -> None:
    assert find(Api(many.session, REGION), CollectRequest(cluster=name)) is None


def test_the_error_for_an_unknown_cluster_lists_the_clusters_found(many: Account) -> None:
    request = CollectRequest(cluster="prdo", options={"region": (REGION,)}, client=many.session)
    with pytest.raises(ClusterNotFoundError) as caught:
        ADAPTER.collect(request)
    assert "'prdo'" in caught.value.message
    assert REGION in caught.value.message
    for name in ("k.example.com", "old.example.com", "capi", "managed", "plain", "and 5 more"):
        assert name in caught.value.hint


def test_discover_counts_hosts_by_role(many: Account) -> None:
    clusters = ADAPTER.discover(CollectRequest(options={"region": (REGION,)}, client=many.session))
    assert [(cluster.name, cluster.installer) for cluster in clusters] == [
        ("capi", "capa"),
        ("k.example.com", "kops"),
        ("managed", "eks"),
        ("old.example.com", "kops"),
        ("plain", "unknown"),
        ("ranch", "rke2"),
        ("shift-x7k2p", "openshift"),
        ("shoot--team--prod", "gardener"),
        ("silent", "unknown"),
        ("spray", "kubespray"),
    ]
    counts = {cluster.name: dict(cluster.hosts) for cluster in clusters}
    assert counts["k.example.com"] == {"bastion": 1, "control-plane": 2, "node": 1}
    assert counts["managed"] == {"node": 4}
    assert counts["plain"] == {"node": 2, "unknown": 5}
    assert {cluster.region for cluster in clusters} == {REGION}
