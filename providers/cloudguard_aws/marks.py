"""The tags that installers leave: whose cluster an instance is, which role it has, who made it.

Tag keys: kubernetes/cloud-provider-aws pkg/providers/v1/tags.go; kubernetes/kops
upup/pkg/fi/cloudup/awsup/aws_cloud.go; kubernetes-sigs/cluster-api-provider-aws api/v1beta2/tags.go; eksctl-io/eksctl
pkg/apis/eksctl.io/v1alpha5/types.go; aws/karpenter-provider-aws pkg/utils/utils.go;
gardener/gardener-extension-provider-aws pkg/controller/worker/machines.go; openshift/installer
pkg/asset/machines/aws/awsmachines.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from cloudguard.model.cluster import Role

CLUSTER = "kubernetes.io/cluster/"
CAPA = "sigs.k8s.io/cluster-api-provider-aws/"
NAMED_BY_KEY = (CLUSTER, f"{CAPA}cluster/")
"""Prefixes of keys that end with the cluster's name."""
NAMED_BY_VALUE = (
    "KubernetesCluster",
    "aws:eks:cluster-name",
    "eks:cluster-name",
    "eks:eks-cluster-name",
    "alpha.eksctl.io/cluster-name",
)
"""Keys whose value is the cluster's name."""
KOPS_GROUP = "kops.k8s.io/instancegroup"
SCALING_GROUP = "aws:autoscaling:groupName"
_KOPS_ROLES = (
    ("k8s.io/role/control-plane", (Role.CONTROL_PLANE, Role.ETCD)),
    ("k8s.io/role/master", (Role.CONTROL_PLANE, Role.ETCD)),
    ("k8s.io/role/apiserver", (Role.CONTROL_PLANE,)),
    ("k8s.io/role/node", (Role.NODE,)),
    ("k8s.io/role/bastion", (Role.BASTION,)),
)
_CAPA_ROLES: Mapping[str, tuple[Role, ...]] = {
    "control-plane": (Role.CONTROL_PLANE, Role.ETCD),
    "node": (Role.NODE,),
    "bastion": (Role.BASTION,),
}
_NODE_KEYS = ("karpenter.sh/nodepool", "eks:nodegroup-name", "alpha.eksctl.io/nodegroup-name")
_GARDENER_NODE = "kubernetes.io/role/node"
_INFRA = re.compile(r"-[a-z0-9]{5}$")
_WORDS = (
    (re.compile(r"bastion|jump"), (Role.BASTION,)),
    (re.compile(r"(^|[^a-z])etcd([^a-z]|$)"), (Role.ETCD,)),
    (re.compile(r"control-?plane|controller|master|(^|[^a-z])cp([^a-z]|$)|server"), (Role.CONTROL_PLANE,)),
    (re.compile(r"worker|node|agent|compute|minion"), (Role.NODE,)),
)
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


def told_by_name(name: str, cluster: str, what: str) -> tuple[tuple[Role, ...], str] | None:
    """Return the role that a name suggests, the cluster's own aside: weak evidence, and said to be so."""
    folded = name.lower().replace(cluster.lower(), "")
    for pattern, roles in _WORDS:
        found = pattern.search(folded)
        if found:
            return roles, f"{what} {name} suggests it (weak evidence)"
    return None


def is_infra(cluster: str) -> bool:
    """Whether a name ends as OpenShift's infrastructure ids do: five letters or digits."""
    return bool(_INFRA.search(cluster))


def installer_of(tagged: Sequence[Mapping[str, str]], cluster: str) -> str:
    """Return which installer made self-managed hosts, by their tags; "unknown" when nothing tells."""
    keys = {key for tags in tagged for key in tags}
    if any(key.startswith(("kops.k8s.io/", "k8s.io/role/")) for key in keys):
        return "kops"
    names = [tags.get("Name", "") for tags in tagged]
    if is_infra(cluster) and any(name.startswith((f"{cluster}-master", f"{cluster}-bootstrap")) for name in names):
        return "openshift"
    if any(key.startswith(CAPA) for key in keys):
        return "capa"
    if any(tags.get(f"{CLUSTER}{cluster}") == "1" for tags in tagged) and _GARDENER_NODE in keys:
        return "gardener"
    if any(tags.get(f"{CLUSTER}{cluster}") == "member" for tags in tagged):
        return "kubespray"
    words = " ".join([*keys, *names, *(value for tags in tagged for value in tags.values())]).lower()
    return next((name for name in _DISTRIBUTIONS if name in words), "unknown")
