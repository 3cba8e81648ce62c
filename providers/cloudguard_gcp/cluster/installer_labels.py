"""The labels, network tags and names that installers write: they show an instance's cluster and role.

kops: kubernetes/kops upup/pkg/fi/cloudup/gce/labels.go; Cluster API: kubernetes-sigs/cluster-api-provider-gcp
api/v1beta1/labels.go, cloud/scope/firewall.go; OpenShift: openshift/installer
pkg/infrastructure/gcp/clusterapi/firewallrules.go and data/data/gcp; GKE:
https://cloud.google.com/kubernetes-engine/docs/how-to/creating-managing-labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from cloudguard.model.cluster import Disk, EvidenceKind, Role, RoleEvidence, Strength
from cloudguard.provider.host_roles import HostRoles, united
from cloudguard.provider.installers import LONGEST_BASE, ShownInstaller, is_infra, without_infra
from cloudguard.provider.installers import installer_of as installer_by
from cloudguard_gcp.cluster.instances import Instance

GKE_CLUSTER: Final = "goog-k8s-cluster-name"
_GKE_LOCATION: Final = "goog-k8s-cluster-location"
GKE_POOL: Final = "goog-k8s-node-pool-name"
_KOPS_CLUSTER: Final = "k8s-io-cluster-name"
_NAMED_BY_VALUE: Final = (GKE_CLUSTER, _KOPS_CLUSTER, "k8s-cluster-name")
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


def safe(name: str) -> str:
    """Return a cluster's name as labels write it. The names of kops are domains, and labels may not have dots."""
    return name.lower().replace(".", "-")


def clusters_of(instance: Instance) -> Iterator[str]:
    """Yield the names of the clusters that an instance belongs to, by its labels and metadata."""
    for key, value in instance.labels.items():
        if not value:
            continue
        if key in _NAMED_BY_VALUE:
            yield value
        yield from (key.removeprefix(prefix) for prefix in _NAMED_BY_KEY if key.startswith(prefix))
    named = instance.metadata.get("cluster-name", "")
    if named:
        yield named


def is_of(instance: Instance, cluster: str) -> bool:
    """Whether an instance belongs to a cluster."""
    return any(means(name, cluster) for name in clusters_of(instance))


def is_self_managed(instance: Instance) -> bool:
    """Whether an instance has the cluster labels of another installer, and no mark of GKE."""
    by_others = any(key in _NAMED_BY_VALUE or key.startswith(_NAMED_BY_KEY) for key in instance.labels)
    return by_others and GKE_CLUSTER not in instance.labels and not any(map(_GKE_TAG.match, instance.tags))


@lru_cache
def means(name: str, cluster: str) -> bool:
    """Whether a name is a cluster's name, or its infrastructure id, which begins with the name."""
    wanted, written = safe(cluster), safe(name)
    return not {wanted, wanted[:LONGEST_BASE]}.isdisjoint((written, without_infra(written)))


def location_of(instance: Instance) -> str:
    """Return the region or zone of the GKE cluster that an instance belongs to; "" if it names none."""
    return instance.labels.get(_GKE_LOCATION) or instance.metadata.get("cluster-location", "")


def named(instances: Iterable[Instance], cluster: str) -> list[str]:
    """Return the full names of the clusters called ``cluster``. OpenShift's names have an infrastructure id."""
    called = [{*clusters_of(instance)} for instance in instances]
    names = {name for listed in called if any(means(name, cluster) for name in listed) for name in listed}
    full = {name for name in names if safe(name) != safe(cluster) and is_infra(safe(name))}
    return sorted(full) if full and full == names else [cluster]


def roles_by_labels(instance: Instance, cluster: str) -> HostRoles | None:
    """Return the union of the roles that an instance's labels, tags and names show; None if they show none."""
    return united(_signs(instance, cluster))


def _signs(instance: Instance, cluster: str) -> Iterator[HostRoles]:
    """Yield the roles that each label and tag shows."""
    labels = instance.labels
    for name, roles in _KOPS_ROLES.items():
        if f"k8s-io-role-{name}" in labels:
            yield replace(roles, evidence=_shown(f"label k8s-io-role-{name}"))
    role = labels.get(_CAPG_ROLE, "")
    if role in _ROLES:
        yield HostRoles(_ROLES[role], _shown(f"label {_CAPG_ROLE}={role}"))
    if GKE_POOL in labels:
        yield HostRoles((Role.NODE,), _shown(f"label {GKE_POOL}={labels[GKE_POOL]}"))
    yield from filter(None, (_roles_by_tag(tag, cluster) for tag in instance.tags))


def _shown(text: str) -> tuple[RoleEvidence]:
    return (RoleEvidence(EvidenceKind.INSTALLER, text),)


@lru_cache
def _roles_by_tag(tag: str, cluster: str) -> HostRoles | None:
    kops = _KOPS_TAG.search(tag)
    if kops:
        return replace(_KOPS_ROLES[kops[1]], evidence=_shown(f"network tag {tag}"))
    if _GKE_TAG.match(tag):
        return HostRoles((Role.NODE,), _shown(f"network tag {tag}"))
    role = tag.removeprefix(f"{safe(cluster)}-")
    if role == tag or role not in _ROLES:
        return None
    roles = _ROLES[role]
    all_roles = (*roles, Role.ETCD) if is_infra(cluster) and roles == (Role.CONTROL_PLANE,) else roles
    return HostRoles(all_roles, _shown(f"network tag {tag}"))


def shown_installer(
    control_plane: Sequence[Instance], instances: Sequence[Instance], cluster: str, disks: Iterable[Disk]
) -> ShownInstaller:
    """Return the installer of self-managed hosts.

    The evidence is strong if all control-plane hosts have all marks of the installer; for kops, etcd's disk too.
    """
    known, named = installer_of(instances, cluster), safe(cluster)
    if known.name == "kops":
        etcd = any(disk.holds_main_etcd and disk.etcd_cluster == "main" for disk in disks)
        sure = etcd and all(_is_kops(host, named) for host in control_plane)
    else:
        owned = (f"kubernetes-io-cluster-{named}" in host.labels for host in control_plane)
        tagged = (not {f"{named}-control-plane", f"{named}-master"}.isdisjoint(host.tags) for host in control_plane)
        sure = known.name == "openshift" and all(owned) and all(tagged)
    return ShownInstaller(known.name, Strength.STRONG) if sure and control_plane else known


def _is_kops(host: Instance, named: str) -> bool:
    tags = (f"{named}-k8s-io-role-{role}" for role in _KOPS_ROLES)
    return host.labels.get(_KOPS_CLUSTER) == named and not set(tags).isdisjoint(host.tags)


def installer_of(instances: Sequence[Instance], cluster: str) -> ShownInstaller:
    """Return the installer of self-managed hosts, by any mark; "unknown" if there is none."""
    keys = {key for instance in instances for key in instance.labels}
    tags = {tag for instance in instances for tag in instance.tags}
    signs = (
        ("kops", any(key.startswith("k8s-io-") for key in keys) or any(map(_KOPS_TAG.search, tags))),
        ("capg", any(key.startswith("capg-") for key in keys) and not is_infra(cluster)),
        ("openshift", any(key.startswith("kubernetes-io-cluster-") for key in keys) and is_infra(cluster)),
        ("gke", GKE_CLUSTER in keys or any(map(_GKE_TAG.match, tags))),
    )
    return installer_by(signs, [*keys, *(instance.host.name for instance in instances)])
