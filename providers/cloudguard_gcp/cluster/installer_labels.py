"""The labels, network tags and names that installers write: they show an instance's cluster and role.

The labels are in ``installer_tags.toml``. Network tags: kubernetes/kops upup/pkg/fi/cloudup/gce/labels.go;
kubernetes-sigs/cluster-api-provider-gcp cloud/scope/firewall.go; openshift/installer
pkg/infrastructure/gcp/clusterapi/firewallrules.go and data/data/gcp.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from cloudguard.model.cluster import Disk, EvidenceKind, Role, RoleEvidence
from cloudguard.provider import installers
from cloudguard.provider.host_roles import HostRoles, united
from cloudguard.provider.installers import InstallerTags, ShownInstaller, is_infra, with_strength
from cloudguard_gcp.cluster.instances import Instance

_LABELS: Final = InstallerTags("cloudguard_gcp", "label")
GKE_CLUSTER: Final = "goog-k8s-cluster-name"
_GKE_LOCATION: Final = "goog-k8s-cluster-location"
GKE_POOL: Final = "goog-k8s-node-pool-name"
_KOPS_CLUSTER: Final = "k8s-io-cluster-name"
_ROLES: Final[Mapping[str, tuple[Role, ...]]] = {
    "control-plane": (Role.CONTROL_PLANE,),
    "master": (Role.CONTROL_PLANE,),
    "bootstrap": (Role.CONTROL_PLANE,),
    "node": (Role.NODE,),
    "worker": (Role.NODE,),
    "bastion": (Role.BASTION,),
}
"""Roles by the network tags of Cluster API and OpenShift, without the cluster's name."""
_KOPS_TAG: Final = re.compile(r"(?:^|-)(k8s-io-role-(?:control-plane|master|apiserver|node|bastion))$")
_GKE_TAG: Final = re.compile(r"^(?:gke|gk3)-(.+)-[0-9a-f]{8}-node$")


def safe(name: str) -> str:
    """Return a cluster's name as labels write it. The names of kops are domains, and labels may not have dots."""
    return name.lower().replace(".", "-")


def clusters_of(instance: Instance) -> Iterator[str]:
    """Yield the names of the clusters that an instance belongs to, by its labels and metadata."""
    yield from _LABELS.clusters_of(instance.labels)
    yield from filter(None, [instance.metadata.get("cluster-name", "")])


def is_of(instance: Instance, cluster: str) -> bool:
    """Whether an instance belongs to a cluster."""
    return any(means(name, cluster) for name in clusters_of(instance))


def is_self_managed(instance: Instance) -> bool:
    """Whether an instance has the cluster labels of another installer, and no mark of GKE."""
    by_label = any(_LABELS.clusters_of(instance.labels))
    return by_label and GKE_CLUSTER not in instance.labels and not any(map(_GKE_TAG.match, instance.tags))


def means(name: str, cluster: str) -> bool:
    """Whether a name is a cluster's name, or its infrastructure id, as labels write them."""
    return installers.means(safe(name), safe(cluster))


def location_of(instance: Instance) -> str:
    """Return the region or zone of the GKE cluster that an instance belongs to; "" if it names none."""
    return instance.labels.get(_GKE_LOCATION) or instance.metadata.get("cluster-location", "")


def named(instances: Iterable[Instance], cluster: str) -> list[str]:
    """Return the full names of the clusters called ``cluster``. OpenShift's names have an infrastructure id."""
    listed = [[*map(safe, clusters_of(instance))] for instance in instances]
    full = installers.full_names(listed, safe(cluster))
    return [cluster] if full == [safe(cluster)] else full


def roles_by_labels(instance: Instance, cluster: str) -> HostRoles | None:
    """Return the union of the roles that an instance's labels, tags and names show; None if they show none."""
    by_tag = (_roles_by_tag(tag, cluster) for tag in instance.tags)
    return united((*_LABELS.roles(instance.labels), *filter(None, by_tag)))


@lru_cache
def _roles_by_tag(tag: str, cluster: str) -> HostRoles | None:
    evidence = (RoleEvidence(EvidenceKind.INSTALLER, f"network tag {tag}"),)
    kops = _KOPS_TAG.search(tag)
    if kops:
        return replace(next(_LABELS.roles({kops[1]: ""})), evidence=evidence)
    if _GKE_TAG.match(tag):
        return HostRoles((Role.NODE,), evidence)
    role = tag.removeprefix(f"{safe(cluster)}-")
    if role == tag or role not in _ROLES:
        return None
    roles = _ROLES[role]
    all_roles = (*roles, Role.ETCD) if is_infra(cluster) and roles == (Role.CONTROL_PLANE,) else roles
    return HostRoles(all_roles, evidence)


def shown_installer(
    control_plane: Sequence[Instance], instances: Sequence[Instance], cluster: str, disks: Iterable[Disk]
) -> ShownInstaller:
    """Return the installer of self-managed hosts.

    The evidence is strong if all control-plane hosts have all labels and tags of the installer; for kops, etcd's disk
    too.
    """
    name = safe(cluster)
    masters = {f"{name}-control-plane", f"{name}-master"}
    return with_strength(
        installer_of(instances, cluster),
        kops=[_is_kops(host, name) for host in control_plane],
        openshift=[
            f"kubernetes-io-cluster-{name}" in host.labels and not masters.isdisjoint(host.tags)
            for host in control_plane
        ],
        disks=disks,
    )


def _is_kops(host: Instance, name: str) -> bool:
    tagged = any(tag.startswith(f"{name}-") and _KOPS_TAG.search(tag) for tag in host.tags)
    return tagged and host.labels.get(_KOPS_CLUSTER) == name


def installer_of(instances: Sequence[Instance], cluster: str) -> ShownInstaller:
    """Return the installer of self-managed hosts, by any label, tag or name; "unknown" if none shows it."""
    keys = {key for instance in instances for key in instance.labels}
    tags = {tag for instance in instances for tag in instance.tags}
    by_label = dict(_LABELS.installers(keys))
    signs = (
        ("kops", by_label["kops"] or any(map(_KOPS_TAG.search, tags))),
        ("capg", by_label["capg"] and not is_infra(cluster)),
        ("openshift", by_label["openshift"] and is_infra(cluster)),
        ("gke", GKE_CLUSTER in keys or any(map(_GKE_TAG.match, tags))),
    )
    return installers.installer_of(signs, [*keys, *(instance.host.name for instance in instances)])
