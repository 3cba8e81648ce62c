"""Accounts where a program writes the resources to change: each change names the program and where to edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from cloudguard import collection, pipeline
from cloudguard.model.filters import Direction
from cloudguard.provider.ownership.terraform_state import TerraformState
from cloudguard.results.change import Change
from moto_fixtures.aws.builder import ACCOUNT, REGION, WORLD, Account, Group
from moto_fixtures.aws.builder.machines import statement
from moto_fixtures.aws.builder.network import permission
from moto_fixtures.aws.builder.recorder import Tags, tag_list
from moto_fixtures.aws.installers import CAPA, OWNED, capa, karpenter_node, managed_node
from moto_fixtures.aws.scenes import clean, eks_public

KOPS: Tags = OWNED | {"KubernetesCluster": "prod"}
STACK: Tags = {
    "aws:cloudformation:stack-name": "network",
    "aws:cloudformation:logical-id": "WorkerSecurityGroup",
}
EKS_ARN = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/prod"


def marked(a: Account, group: Group, tags: Tags) -> None:
    """Tag a group. The keys may be ones that only AWS itself may write."""
    a.backend("ec2").tags[group.id].update(tags)


def opened(
    a: Account, group: Group, service: str, peer: str, *, description: str = "", tags: Tags | None = None
) -> None:
    """Let ``peer`` in to a service, by a rule that names its owner."""
    ranges = {"CidrIp": peer, **({"Description": description} if description else {})}
    item = permission(service) | {"IpRanges": [ranges]}
    specified = [{"ResourceType": "security-group-rule", "Tags": tag_list(tags)}] if tags else []
    a.call(
        "ec2",
        "authorize_security_group_ingress",
        GroupId=group.id,
        IpPermissions=[item],
        TagSpecifications=specified,
    )


def with_public_node(a: Account) -> Group:
    """Make a cluster with a node that the internet can reach. Return the nodes' group."""
    cluster = clean.build(a)
    a.host("prod-md-0-c", cluster.public, [cluster.nodes], capa.node, role=cluster.node_role, public=True)
    return cluster.nodes


def of_nodes(
    tags: Tags, service: str = "tcp/22", *, description: str = "", rule_tags: Tags | None = None
) -> Callable[[Account], None]:
    """Return a function that builds a cluster whose nodes' group has ``tags`` and a rule that is too wide."""

    def build(a: Account) -> None:
        nodes = with_public_node(a)
        marked(a, nodes, tags)
        opened(a, nodes, service, WORLD, description=description, tags=rule_tags)

    return build


def eks(tags: Tags) -> Callable[[Account], None]:
    """Return a function that builds an EKS cluster with ``tags`` that everyone can reach."""

    def build(a: Account) -> None:
        eks_public.build(a)
        a.call("eks", "tag_resource", resourceArn=EKS_ARN, tags=tags)

    return build


def with_open_metadata(tags: Tags) -> Callable[[Account], None]:
    """Return a function that builds an EKS cluster of hosts with ``tags`` whose pods reach the metadata service."""

    def build(a: Account) -> None:
        net = eks_public.network(a)
        cluster = a.eks("prod", [net.private], net.cluster_role)
        a.host("node", net.private, [cluster.group], tags, role=net.node_role, hops=2)

    return build


def beside_kops(a: Account) -> None:
    """Make kops' group with a rule of kops and a rule that somebody added."""
    nodes = with_public_node(a)
    marked(a, nodes, KOPS | {"Name": "nodes.prod"})
    opened(a, nodes, "tcp/22", WORLD)
    own = KOPS | {"Name": "from-10.0.0.0/16-ingress-tcp-22to22-nodes.prod"}
    opened(a, nodes, "tcp/22", "10.0.0.0/16", tags=own)


def with_clusterawsadm(a: Account) -> None:
    """Build a cluster with a host whose role clusterawsadm made, and that may do more than it needs."""
    cluster = clean.build(a)
    role = a.role("nodes.cluster-api-provider-aws.sigs.k8s.io", statement("ec2:RunInstances"))
    a.host("prod-md-0-c", cluster.private, [cluster.nodes], capa.node, role=role)


@dataclass(frozen=True, slots=True)
class Owned:
    """An account, the kind of a change that it needs, and the expected owner and place."""

    build: Callable[[Account], None]
    owner: str
    undone: str
    where: str
    kind: str = "rule."


SCENES: Mapping[str, Owned] = {
    "kops": Owned(
        of_nodes(
            KOPS | {"Name": "nodes.prod"}, rule_tags=KOPS | {"Name": "from-0.0.0.0/0-ingress-tcp-22to22-nodes.prod"}
        ),
        "kops",
        "kops update cluster",
        "kops cluster prod: spec.sshAccess",
    ),
    "kops, without tags on rules": Owned(
        of_nodes(KOPS | {"Name": "nodes.prod"}), "kops", "kops update cluster", "kops cluster prod: spec.sshAccess"
    ),
    "Cluster API, NodePorts": Owned(
        of_nodes({f"{CAPA}/cluster/prod": "owned", f"{CAPA}/role": "node"}, "tcp/30000-32767"),
        "Cluster API Provider AWS",
        "next reconciliation",
        "AWSCluster prod: spec.network.nodePortIngressRuleCidrBlocks",
    ),
    "Cluster API, others": Owned(
        of_nodes({f"{CAPA}/cluster/prod": "owned", f"{CAPA}/role": "node"}),
        "Cluster API Provider AWS",
        "next reconciliation",
        "AWSCluster prod: spec.network.additionalNodeIngressRules",
    ),
    "OpenShift, installed with Cluster API": Owned(
        of_nodes(
            {
                "kubernetes.io/cluster/prod-x2b4k": "owned",
                "Name": "prod-x2b4k-node",
                f"{CAPA}/cluster/prod-x2b4k": "owned",
                f"{CAPA}/role": "node",
            }
        ),
        "OpenShift's installer",
        "",
        "22623",
    ),
    "CloudFormation": Owned(
        of_nodes(STACK), "CloudFormation", "update of that resource", "stack network: resource WorkerSecurityGroup"
    ),
    "eksctl, a node group": Owned(
        of_nodes(STACK | {"alpha.eksctl.io/cluster-name": "prod"}),
        "eksctl, by CloudFormation",
        "next update",
        "managedNodeGroups[].ssh",
    ),
    "Gardener": Owned(
        of_nodes({"kubernetes.io/cluster/shoot--garden--prod": "1"}), "Gardener", "next reconciliation", "the Shoot"
    ),
    "a Service": Owned(
        of_nodes({}, "tcp/31234", description="kubernetes.io/rule/nlb/client=a1b2c3"),
        "the cloud controller, for a Service of type LoadBalancer",
        "the Service's next reconciliation",
        "the Service of load balancer a1b2c3: spec.loadBalancerSourceRanges",
    ),
    "AWS Load Balancer Controller": Owned(
        of_nodes({}, "tcp/31234", description="elbv2.k8s.aws/targetGroupBinding=shared"),
        "AWS Load Balancer Controller",
        "next reconciliation",
        "loadBalancerSourceRanges of the Service",
    ),
    "EKS": Owned(eks({}), "a call of the EKS API", "", "EKS cluster prod: UpdateClusterConfig", "endpoint."),
    "eksctl, the endpoint": Owned(
        eks({"alpha.eksctl.io/cluster-name": "prod"}),
        "eksctl, by CloudFormation",
        "next update",
        "ClusterConfig prod: vpc.clusterEndpoints",
        "endpoint.",
    ),
    "clusterawsadm": Owned(
        with_clusterawsadm, "clusterawsadm, by CloudFormation", "stack", "AWSIAMConfiguration", "permission."
    ),
    "Karpenter": Owned(
        with_open_metadata(karpenter_node),
        "Karpenter",
        "by the next node",
        "EC2NodeClass default: spec.metadataOptions",
        "metadata.",
    ),
    "an EKS node group": Owned(
        with_open_metadata(managed_node), "EKS, the node group", "by the next host", "launch template", "metadata."
    ),
    "a person": Owned(of_nodes({"Name": "launch-wizard-1"}), "", "", ""),
    "a person's rule in a group of kops": Owned(beside_kops, "", "", ""),
}


def changes(a: Account, kind: str) -> list[Change]:
    """Return the changes of a kind that an account needs."""
    report = pipeline.check("aws", cluster="prod", declarations=clean.DECLARED.policy, session=a.session)
    return [change for change in report.plan if change.kind.startswith(kind)]


@pytest.mark.parametrize("name", SCENES)
def test_a_change_names_the_program_that_writes_its_resource_and_where_to_edit(
    name: str, inner_account: Account
) -> None:
    scene = SCENES[name]
    scene.build(inner_account)
    (change,) = changes(inner_account, scene.kind)
    assert change.owner == scene.owner
    assert bool(change.undone) is bool(scene.undone)
    assert scene.undone in change.undone
    assert bool(change.where) is bool(scene.where)
    assert scene.where in change.where


def test_eks_restores_only_its_group_s_rule_for_itself(inner_account: Account) -> None:
    eks_public.build(inner_account)
    snapshot = collection.collect("aws", cluster="prod", session=inner_account.session)
    (group,) = [guard for guard in snapshot.topology.filters if guard.name.startswith("eks-cluster-sg")]
    writers = {(rule.peer.group == group.id, rule.direction): rule.written_by for rule in group.rules}
    owner = writers.pop((True, Direction.INGRESS))
    assert owner is not None
    assert owner.id == "eks"
    assert [writer for writer in writers.values() if writer and writer.id == "eks"] == []


def test_a_rule_of_kops_is_changed_by_a_field_of_the_cluster(inner_account: Account) -> None:
    """In groups made by kops, the control plane and nodes reach nodes on every port."""
    cluster = clean.build(inner_account)
    inner_account.host("n", cluster.public, [cluster.nodes], capa.node, role=cluster.node_role, public=True)
    marked(inner_account, cluster.nodes, KOPS | {"Name": "nodes.prod"})
    cluster.nodes.allow("all", cluster.masters, cluster.nodes)
    opened(inner_account, cluster.nodes, "tcp/22", WORLD)
    snapshot = collection.collect("aws", cluster="prod", session=inner_account.session)
    planned = pipeline.plan(snapshot, clean.DECLARED.policy, rows=("node-access",))
    text = pipeline.export(planned, "source")
    assert "# 1. rule." in text
    assert 'kind: "Cluster"\nmetadata:\n  name: "prod"\nspec:\n  sshAccess: []\n' in text
    (change,) = [change for change in planned.plan.changes if change.where.endswith("spec.sshAccess")]
    state = TerraformState({change.rule.lower(): "aws_vpc_security_group_ingress_rule.ssh"})
    again = pipeline.plan(snapshot, clean.DECLARED.policy, rows=("node-access",), terraform=state)
    assert ("kops, through Terraform", "aws_vpc_security_group_ingress_rule.ssh") in {
        (change.owner, change.where) for change in again.plan.changes
    }
