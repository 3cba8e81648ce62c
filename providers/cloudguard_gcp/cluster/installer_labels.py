"""The labels, network tags and names that installers leave: whose cluster an instance is, and which role it has.

kops: kubernetes/kops upup/pkg/fi/cloudup/gce/labels.go; Cluster API: kubernetes-sigs/cluster-api-provider-gcp
api/v1beta1/labels.go, cloud/scope/firewall.go; OpenShift: openshift/installer
pkg/infrastructure/gcp/clusterapi/firewallrules.go and data/data/gcp; GKE:
https://cloud.google.com/kubernetes-engine/docs/how-to/creating-managing-labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from cloudguard.model.cluster import EvidenceKind, Role, RoleEvidence
from cloudguard.provider.answers import Item
from cloudguard.provider.host_roles import HostRoles

GKE_CLUSTER: Final = "goog-k8s-cluster-name"
GKE_LOCATION: Final = "goog-k8s-cluster-location"
GKE_POOL: Final = "goog-k8s-node-pool-name"
_NAMED_BY_VALUE: Final = (GKE_CLUSTER, "k8s-io-cluster-name", "k8s-cluster-name")
_NAMED_BY_KEY: Final = ("capg-cluster-", "kubernetes-io-cluster-")
_CAPG_ROLE: Final = "capg-role"
_KOPS_ROLES: Final[Mapping[str, HostRoles]] = {
    "control-plane": HostRoles((Role.CONTROL_PLANE, Role.ETCD)),
    "master": HostRoles((Role.CONTROL_PLANE, Role.ETCD)),
    "apiserver": HostRoles((Role.CONTROL_PLANE,), without_etcd=True),
    "node": HostRoles((Role.NODE,)),
    "bastion": HostRoles((Role.BASTION,)),
}
_ROLES: Final[Mapping[str, tuple[Role, ...]]] = {
    "control-plane": (Role.CONTROL_PLANE,),
    "master": (Role.CONTROL_PLANE,),
    "bootstrap": (Role.CONTROL_PLANE,),
    "node": (Role.NODE,),
    "worker": (Role.NODE,),
    "bastion": (Role.BASTION,),
}
_KOPS_TAG: Final = re.compile(r"(?:^|-)k8s-io-role-(control-plane|master|apiserver|node|bastion)$")
_GKE_TAG: Final = re.compile(r"^(?:gke|gk3)-(.+)-[0-9a-f]{8}-node$")
_INFRA: Final = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{5}$")
"""What OpenShift appends to a cluster's name: five of the letters and digits that make no words
(kubernetes/apimachinery pkg/util/rand/rand.go)."""
_LONGEST_BASE: Final = 21
"""Characters of the name that it keeps before them (openshift/installer pkg/asset/installconfig/clusterid.go)."""
_DISTRIBUTIONS: Final = ("rke2", "k3s", "talos", "kubespray", "microk8s", "kubeadm")


def labels_of(item: Item) -> dict[str, str]:
    """Return a resource's labels."""
    return cast("dict[str, str]", item.get("labels") or {})


def tags_of(instance: Item) -> tuple[str, ...]:
    """Return an instance's network tags."""
    tags = cast("Item", instance.get("tags") or {})
    return tuple(cast("Sequence[str]", tags.get("items") or ()))


def metadata_of(instance: Item, key: str) -> str:
    """Return one value of an instance's metadata, "" without it."""
    metadata = cast("Item", instance.get("metadata") or {})
    for one in cast("Sequence[Item]", metadata.get("items") or ()):
        if one.get("key") == key:
            return str(one.get("value", ""))
    return ""


def safe(name: str) -> str:
    """Return a cluster's name as labels have it: kops' names are domains, and labels take no dots."""
    return name.lower().replace(".", "-")


def clusters_of(instance: Item) -> Iterator[str]:
    """Yield the names of clusters that labels, tags and metadata say the instance belongs to."""
    for key, value in labels_of(instance).items():
        if key in _NAMED_BY_VALUE and value:
            yield value
        for prefix in _NAMED_BY_KEY:
            if key.startswith(prefix) and value != "":
                yield key.removeprefix(prefix)
    named = metadata_of(instance, "cluster-name")
    if named:
        yield named


def is_of(instance: Item, cluster: str) -> bool:
    """Whether an instance is one of a cluster's: by its name, or by what its infrastructure id begins with."""
    names = {safe(name) for name in clusters_of(instance)}
    return bool({safe(cluster), safe(cluster)[:_LONGEST_BASE]} & {*names, *(_INFRA.sub("", name) for name in names)})


def named(instances: Iterable[Item], cluster: str) -> list[str]:
    """Return the full names of clusters called ``cluster``: OpenShift's have an infrastructure id."""
    names = {name for one in instances if is_of(one, cluster) for name in clusters_of(one)}
    whole = {name for name in names if safe(name) != safe(cluster) and _INFRA.sub("", safe(name)) != safe(name)}
    return sorted(whole) if whole and whole == names else [cluster]


def roles_by_labels(instance: Item, cluster: str) -> HostRoles | None:
    """Return the roles that an installer's labels, tags or names give; None where they give none."""
    labels = labels_of(instance)
    for name, roles in _KOPS_ROLES.items():
        if f"k8s-io-role-{name}" in labels:
            return replace(roles, evidence=_shown(f"label k8s-io-role-{name}"))
    role = labels.get(_CAPG_ROLE, "")
    if role in _ROLES:
        return HostRoles(_ROLES[role], _shown(f"label {_CAPG_ROLE}={role}"))
    if GKE_POOL in labels:
        return HostRoles((Role.NODE,), _shown(f"label {GKE_POOL}={labels[GKE_POOL]}"))
    return _roles_by_tags(tags_of(instance), cluster)


def _shown(text: str) -> tuple[RoleEvidence]:
    return (RoleEvidence(EvidenceKind.INSTALLER, text),)


def _roles_by_tags(tags: Sequence[str], cluster: str) -> HostRoles | None:
    for tag in tags:
        kops = _KOPS_TAG.search(tag)
        if kops:
            return replace(_KOPS_ROLES[kops[1]], evidence=_shown(f"network tag {tag}"))
        if _GKE_TAG.match(tag):
            return HostRoles((Role.NODE,), _shown(f"network tag {tag}"))
        role = tag.removeprefix(f"{safe(cluster)}-")
        if role != tag and role in _ROLES:
            roles = _ROLES[role]
            whole = (*roles, Role.ETCD) if _INFRA.search(cluster) and roles == (Role.CONTROL_PLANE,) else roles
            return HostRoles(whole, _shown(f"network tag {tag}"))
    return None


def installer_of(instances: Sequence[Item], cluster: str) -> str:
    """Return which installer made self-managed hosts; "unknown" when nothing tells."""
    keys = {key for one in instances for key in labels_of(one)}
    names = [str(one.get("name", "")) for one in instances]
    words = set(re.split(r"[^a-z0-9]+", " ".join([*keys, *names]).lower()))
    tags = [tag for one in instances for tag in tags_of(one)]
    signs = (
        ("kops", any(key.startswith("k8s-io-") for key in keys) or any(_KOPS_TAG.search(tag) for tag in tags)),
        ("capg", any(key.startswith("capg-") for key in keys) and not _INFRA.search(cluster)),
        ("openshift", any(key.startswith("kubernetes-io-cluster-") for key in keys) and bool(_INFRA.search(cluster))),
        ("gke", GKE_CLUSTER in keys or any(_GKE_TAG.match(tag) for tag in tags)),
        *((name, name in words) for name in _DISTRIBUTIONS),
    )
    return next((name for name, shown in signs if shown), "unknown")
