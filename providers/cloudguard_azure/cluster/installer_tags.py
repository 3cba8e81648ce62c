"""The tags and names that installers write: they show a machine's cluster and role.

Most are in ``installer_tags.toml``. Keys are in lower case, as in ``Tags``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from cloudguard.model.cluster import Disk, EvidenceKind, Role, RoleEvidence, Strength
from cloudguard.provider import installers
from cloudguard.provider.host_roles import HostRoles, united
from cloudguard.provider.installers import InstallerTags, ShownInstaller, is_infra, means, with_strength
from cloudguard_azure.cluster.machines import Machine, ScaleSet, Tags

_TAGS: Final = InstallerTags("cloudguard_azure")
clusters_of = _TAGS.clusters_of
_CLOUD_PROVIDER: Final = "kubernetes.io_cluster_"
_OPENSHIFT: Final = "kubernetes.io_cluster."
_KOPS_ROLE, _KOPS_GROUP, _KOPS_CLUSTER = "k8s.io_role_", "kops.k8s.io_instancegroup", "kubernetescluster"
_OF_AKS: Final = ("aks-managed-", "karpenter.")
_RKE2_ROLES: Final[Mapping[str, tuple[Role, ...]]] = {
    "server": (Role.CONTROL_PLANE, Role.ETCD),
    "agent": (Role.NODE,),
}
"""rancherfederal/rke2-azure-tf modules/rke2-cluster/main.tf"""


def is_of(tags: Tags, cluster: str) -> bool:
    """Whether a resource belongs to a cluster, by its tags."""
    return any(means(name.lower(), cluster.lower()) for name in clusters_of(tags))


def is_of_aks(tags: Tags, name: str) -> bool:
    """Whether AKS, or an add-on that adds nodes, made a machine or scale set of the node group.

    https://learn.microsoft.com/azure/aks/core-aks-concepts: "aks-POOL-…-vmss", for Windows "aksPOOL". Older pools of
    single machines have the tag "poolName".
    """
    return name.lower().startswith("aks") or any(key == "poolname" or key.startswith(_OF_AKS) for key in tags)


def full_names(tagged: Iterable[Tags], cluster: str) -> list[str]:
    """Return the full names of the clusters called ``cluster``. OpenShift's names have an infrastructure id."""
    listed = [[name.lower() for name in clusters_of(tags)] for tags in tagged]
    full = installers.full_names(listed, cluster.lower())
    return [cluster] if full == [cluster.lower()] else full


def roles_by_tags(tags: Tags, cluster: str, name: str) -> HostRoles | None:
    """Return the union of the roles that the tags and the name of a machine or scale set show; None if none."""
    return united(_signs(tags, cluster.lower(), name.lower()))


def _signs(tags: Tags, cluster: str, name: str) -> Iterator[HostRoles]:
    """Yield the roles that each tag shows, and those that a name by OpenShift shows."""
    yield from _TAGS.roles(tags)
    yield from filter(None, (_rke2(tags, cluster, name), _kubespray(tags), _openshift(tags, cluster, name)))


def _rke2(tags: Tags, cluster: str, name: str) -> HostRoles | None:
    """Return the role of a machine of RKE2's Terraform modules. The evidence is strong if the name is theirs too.

    The modules remove all characters but letters and digits from a name (rancherfederal/rke2-azure-tf
    modules/nodepool/main.tf).
    """
    role = tags.get("role", "").lower()
    if role not in _RKE2_ROLES or not any(key.startswith(_CLOUD_PROVIDER) for key in tags):
        return None
    prefix = "".join(filter(str.isalnum, f"vm{cluster}{'server' if role == 'server' else ''}"))
    strength = Strength.STRONG if "".join(filter(str.isalnum, name)).startswith(prefix) else Strength.WEAK
    return HostRoles(_RKE2_ROLES[role], (_TAGS.evidence("role", role, strength),))


def _kubespray(tags: Tags) -> HostRoles | None:
    """Return the roles by Kubespray's only tag. The evidence is weak, because anyone can write this tag."""
    listed, groups = tags.get("roles", ""), _TAGS.table["kubespray"]
    roles = tuple(dict.fromkeys(groups.get(word.strip()) for word in listed.split(",")))
    known = tuple(Role(role) for role in roles if role)
    evidence = (_TAGS.evidence("roles", listed, Strength.WEAK),)
    return HostRoles(known, evidence) if known == roles and "kube" in listed else None


def _openshift(tags: Tags, cluster: str, name: str) -> HostRoles | None:
    if f"{_OPENSHIFT}{cluster}" not in tags or not is_infra(cluster):
        return None
    known = re.match(rf"{re.escape(cluster)}-(master|bootstrap|worker|infra|edge)(-|$)", name)
    if known is None:
        return None
    server = known[1] in {"master", "bootstrap"}
    evidence = RoleEvidence(EvidenceKind.INSTALLER, f"name {name}, as OpenShift names its machines")
    return HostRoles((Role.CONTROL_PLANE, Role.ETCD) if server else (Role.NODE,), (evidence,))


def shown_installer(
    machines: Sequence[Machine], control_plane: Collection[str], cluster: str, disks: Iterable[Disk]
) -> ShownInstaller:
    """Return the installer of self-managed hosts. ``control_plane``: the ids of the control-plane hosts.

    The evidence is strong if all of these have all marks of the installer. For kops, etcd's disk must have them too,
    because a role's tag alone is often written by hand.
    """
    name, hosts = cluster.lower(), [machine for machine in machines if machine.id in control_plane]
    return with_strength(
        installer_of(machines, cluster),
        kops=[_is_kops(host.tags, name) for host in hosts],
        openshift=[_openshift(host.tags, name, host.name.lower()) is not None for host in hosts],
        disks=disks,
    )


def _is_kops(tags: Tags, cluster: str) -> bool:
    by_role = any(key.startswith(_KOPS_ROLE) and value == "1" for key, value in tags.items())
    return by_role and _KOPS_GROUP in tags and tags.get(_KOPS_CLUSTER, "").lower() == cluster


def installer_of(hosts: Sequence[Machine | ScaleSet], cluster: str) -> ShownInstaller:
    """Return the installer of self-managed hosts, by any tag, or else by a word in a name; "unknown" without both."""
    tagged = [host.tags for host in hosts]
    keys = {key for tags in tagged for key in tags}
    by_key = dict(_TAGS.installers(keys))
    aks = by_key.pop("aks")
    signs = {
        "openshift": is_infra(cluster) and any(key.startswith(_OPENSHIFT) for key in keys),
        **by_key,
        "rke2": any(_rke2(tags, cluster, "") for tags in tagged),
        "kubespray": any(map(_kubespray, tagged)),
        "aks": aks,
    }
    names = (name for host in hosts for _, name in host.suggestive_names())
    return installers.installer_of(signs.items(), [*keys, *names])
