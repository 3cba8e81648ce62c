"""The tags that installers leave: whose cluster an instance is, which role it has, who made it.

Tag keys: kubernetes/cloud-provider-aws pkg/providers/v1/tags.go; kubernetes/kops
upup/pkg/fi/cloudup/awsup/aws_cloud.go; kubernetes-sigs/cluster-api-provider-aws api/v1beta2/tags.go; eksctl-io/eksctl
pkg/apis/eksctl.io/v1alpha5/types.go; aws/karpenter-provider-aws pkg/utils/utils.go;
gardener/gardener-extension-provider-aws pkg/controller/worker/machines.go; openshift/installer
pkg/asset/machines/aws/awsmachines.go and pkg/asset/installconfig/clusterid.go; EKS Auto Mode:
https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from cloudguard.model.cluster import Role

CLUSTER = "kubernetes.io/cluster/"
CAPA = "sigs.k8s.io/cluster-api-provider-aws/"
NAMED_BY_KEY = (CLUSTER, f"{CAPA}cluster/")
"""Prefixes of keys that end with the cluster's name."""
LEGACY = "KubernetesCluster"
NAMED_BY_VALUE = (
    LEGACY,
    "aws:eks:cluster-name",
    "eks:cluster-name",
    "eks:eks-cluster-name",
    "alpha.eksctl.io/cluster-name",
)
"""Keys whose value is the cluster's name."""
KOPS_GROUP = "kops.k8s.io/instancegroup"
SCALING_GROUP = "aws:autoscaling:groupName"
API_ONLY = "k8s.io/role/apiserver"
"""kops' hosts that run the API server and never etcd."""
API_ONLY_TAG = f"tag {API_ONLY}=1"
_KOPS_ROLES = (
    ("k8s.io/role/control-plane", (Role.CONTROL_PLANE, Role.ETCD)),
    ("k8s.io/role/master", (Role.CONTROL_PLANE, Role.ETCD)),
    (API_ONLY, (Role.CONTROL_PLANE,)),
    ("k8s.io/role/node", (Role.NODE,)),
    ("k8s.io/role/bastion", (Role.BASTION,)),
)
_CAPA_ROLES: Mapping[str, tuple[Role, ...]] = {
    "control-plane": (Role.CONTROL_PLANE,),
    "node": (Role.NODE,),
    "bastion": (Role.BASTION,),
}
_NODE_KEYS = (
    "karpenter.sh/nodepool",
    "karpenter.sh/provisioner-name",
    "eks:kubernetes-node-pool-name",
    "eks:nodegroup-name",
    "alpha.eksctl.io/nodegroup-name",
)
_GARDENER_NODE = "kubernetes.io/role/node"
_INFRA = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{5}$")
"""What OpenShift appends to a cluster's name: five of the letters and digits that make no words
(kubernetes/apimachinery pkg/util/rand/rand.go)."""
_LONGEST_BASE = 21
"""Characters of the name that it keeps before them (openshift/installer pkg/asset/installconfig/clusterid.go)."""
_DISTRIBUTIONS = ("rke2", "k3s", "talos", "kubespray", "microk8s", "kubeadm")


def clusters_of(tags: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of clusters that the tags say the resource belongs to."""
    for key, value in tags.items():
        for prefix in NAMED_BY_KEY:
            if key.startswith(prefix) and key != prefix:
                yield key.removeprefix(prefix)
        if key in NAMED_BY_VALUE and value:
            yield value


def told_by_tags(tags: Mapping[str, str], cluster: str) -> tuple[tuple[Role, ...], str] | None:
    """Return roles and evidence that an installer's own tags or names give; None when they give none."""
    for key, roles in _KOPS_ROLES:
        if tags.get(key) == "1":
            return roles, f"tag {key}=1"
    role = tags.get(f"{CAPA}role", "")
    if role in _CAPA_ROLES:
        return _CAPA_ROLES[role], f"tag {CAPA}role={role}"
    if tags.get(_GARDENER_NODE) == "1":
        return (Role.NODE,), f"tag {_GARDENER_NODE}=1"
    for key in _NODE_KEYS:
        if key in tags:
            return (Role.NODE,), f"tag {key}={tags[key]}"
    return _told_as_openshift(tags.get("Name", ""), cluster) if is_infra(cluster) else None


def _told_as_openshift(name: str, cluster: str) -> tuple[tuple[Role, ...], str] | None:
    if re.match(rf"{re.escape(cluster)}-(master|bootstrap)(-|$)", name):
        return (Role.CONTROL_PLANE, Role.ETCD), f"name {name}, as OpenShift names its control plane"
    if re.match(rf"{re.escape(cluster)}-(worker|infra|edge)(-|$)", name):
        return (Role.NODE,), f"name {name}, as OpenShift names its nodes"
    return None


def is_infra(cluster: str) -> bool:
    """Whether a name ends as OpenShift's infrastructure ids do."""
    return bool(_INFRA.search(cluster))


def infra_base(name: str) -> str:
    """Return what the infrastructure id of an OpenShift cluster called ``name`` begins with, "" for no such name."""
    plain = re.fullmatch(r"[A-Za-z0-9.-]+", name)
    return f"{re.sub('[.-]+', '-', name)[:_LONGEST_BASE].rstrip('-')}-" if plain else ""


def installer_of(tagged: Sequence[Mapping[str, str]], cluster: str) -> str:
    """Return which installer made self-managed hosts, by their tags; "unknown" when nothing tells."""
    keys = {key for tags in tagged for key in tags}
    names = [tags.get("Name", "") for tags in tagged]
    values = {tags.get(f"{CLUSTER}{cluster}", "") for tags in tagged}
    words = set(re.split(r"[^a-z0-9]+", " ".join([*keys, *names]).lower()))
    signs = (
        ("kops", any(key.startswith(("kops.k8s.io/", "k8s.io/role/")) for key in keys)),
        ("openshift", is_infra(cluster) and any(_told_as_openshift(name, cluster) for name in names)),
        ("capa", any(key.startswith(CAPA) for key in keys)),
        ("gardener", "1" in values and _GARDENER_NODE in keys),
        ("kubespray", "member" in values),
        ("eks", bool(keys & {"aws:eks:cluster-name", "eks:cluster-name", "eks:eks-cluster-name"})),
        *((name, name in words) for name in _DISTRIBUTIONS),
    )
    return next((name for name, shown in signs if shown), "unknown")
