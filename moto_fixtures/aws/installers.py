"""Tags that installers set on their resources, for a cluster called ``prod``.

Sources: kubernetes/kops upup/pkg/fi/cloudup/awsup/aws_cloud.go and pkg/model/master_volumes.go;
kubernetes-sigs/cluster-api-provider-aws api/v1beta2/tags.go; kubernetes/cloud-provider-aws pkg/providers/v1/tags.go;
aws/karpenter-provider-aws pkg/apis/v1/labels.go; eksctl-io/eksctl pkg/apis/eksctl.io/v1alpha5/types.go.
"""

from __future__ import annotations

from dataclasses import dataclass

from moto_fixtures.aws.builder import Tags

CLUSTER = "prod"
OWNED: Tags = {f"kubernetes.io/cluster/{CLUSTER}": "owned"}
CAPA = "sigs.k8s.io/cluster-api-provider-aws"


@dataclass(frozen=True, slots=True)
class Installer:
    """The tags of an installer's hosts, by role."""

    control_plane: Tags
    node: Tags


kops = Installer(
    OWNED
    | {
        "KubernetesCluster": CLUSTER,
        "k8s.io/role/control-plane": "1",
        "k8s.io/role/master": "1",
        "kops.k8s.io/instancegroup": "control-plane-a",
    },
    OWNED | {"KubernetesCluster": CLUSTER, "k8s.io/role/node": "1", "kops.k8s.io/instancegroup": "nodes-a"},
)
capa = Installer(
    OWNED | {f"{CAPA}/cluster/{CLUSTER}": "owned", f"{CAPA}/role": "control-plane"},
    OWNED | {f"{CAPA}/cluster/{CLUSTER}": "owned", f"{CAPA}/role": "node"},
)
managed_node: Tags = OWNED | {"eks:cluster-name": CLUSTER, "eks:nodegroup-name": "workers"}
karpenter_node: Tags = OWNED | {
    "eks:eks-cluster-name": CLUSTER,
    "karpenter.sh/nodepool": "default",
    "karpenter.k8s.aws/ec2nodeclass": "default",
}


def etcd_volume(name: str, member: str = "a", members: str = "a") -> Tags:
    """Return the tags of kops' volume for the etcd cluster ``name`` ("main", "events")."""
    return OWNED | {
        "KubernetesCluster": CLUSTER,
        f"k8s.io/etcd/{name}": f"{member}/{members}",
        "k8s.io/role/control-plane": "1",
        "k8s.io/role/master": "1",
    }
