"""The tags and names that installers write: they show a machine's cluster and role.

Most are in ``installer_tags.toml``. Keys are in lower case, as in ``Tags``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from cloudguard.model.cluster import Disk, EvidenceKind, Role, RoleEvidence, Strength
from cloudguard.provider.host_roles import HostRoles, united
from cloudguard.provider.installers import LONGEST_BASE, ShownInstaller, is_infra, without_infra
from cloudguard.provider.installers import installer_of as installer_by
from cloudguard.tables import table_of
from cloudguard_azure.cluster.machines import Machine, ScaleSet, Tags

_CLOUD_PROVIDER: Final = "kubernetes.io_cluster_"
_OPENSHIFT: Final = "kubernetes.io_cluster."
_KOPS_ROLE, _KOPS_GROUP = "k8s.io_role_", "kops.k8s.io_instancegroup"
_OF_AKS: Final = ("aks-managed-", "karpenter.")
_RKE2_ROLES: Final[Mapping[str, tuple[Role, ...]]] = {
    "server": (Role.CONTROL_PLANE, Role.ETCD),
    "agent": (Role.NODE,),
}
"""rancherfederal/rke2-azure-tf modules/rke2-cluster/main.tf"""


def _table() -> Mapping[str, Any]:
    """Return ``installer_tags.toml``."""
    return table_of("cloudguard_azure.cluster", "installer_tags.toml")


def clusters_of(tags: Tags) -> Iterator[str]:
    """Yield the names of the clusters that a resource belongs to, by its tags."""
    by_value, by_key = _table()["name-is-value-of"], _table()["name-ends-key"]
    for key, value in tags.items():
        if key == by_value and value:
            yield value
        yield from (key.removeprefix(prefix) for prefix in by_key if key.startswith(prefix) and key != prefix)


def is_of(tags: Tags, cluster: str) -> bool:
    """Whether a resource belongs to a cluster, by its tags."""
    return any(_means(name.lower(), cluster.lower()) for name in clusters_of(tags))


@lru_cache
def _means(name: str, cluster: str) -> bool:
    """Whether a name is a cluster's name, or its infrastructure id, which begins with the name."""
    return not {cluster, cluster[:LONGEST_BASE]}.isdisjoint((name, without_infra(name)))


def is_of_aks(tags: Tags, name: str) -> bool:
    """Whether AKS, or an add-on that adds nodes, made a machine or scale set of the node group.

    https://learn.microsoft.com/azure/aks/core-aks-concepts: "aks-POOL-…-vmss", for Windows "aksPOOL". Older pools of
    single machines have the tag "poolName".
    """
    return name.lower().startswith("aks") or any(key == "poolname" or key.startswith(_OF_AKS) for key in tags)


def full_names(tagged: Iterable[Tags], cluster: str) -> list[str]:
    """Return the full names of the clusters called ``cluster``. OpenShift's names have an infrastructure id."""
    called = [{name.lower() for name in clusters_of(tags)} for tags in tagged]
    names = {name for listed in called if any(_means(name, cluster.lower()) for name in listed) for name in listed}
    full = {name for name in names if name != cluster.lower() and is_infra(name)}
    return sorted(full) if full and full == names else [cluster]


def roles_by_tags(tags: Tags, cluster: str, name: str) -> HostRoles | None:
    """Return the union of the roles that the tags and the name of a machine or scale set show; None if none."""
    return united(_signs(tags, cluster.lower(), name.lower()))


def _signs(tags: Tags, cluster: str, name: str) -> Iterator[HostRoles]:
    """Yield the roles that each tag shows, and those that a name by OpenShift shows."""
    for row in _table()["role"]:
        value = tags.get(row["key"])
        if value is not None and row["value"] in {"*", value}:
            roles = tuple(map(Role, row["roles"]))
            yield HostRoles(roles, _tag(row["key"], value), without_etcd=row.get("without-etcd", False))
    others = _rke2(tags, cluster, name), _kubespray(tags), _openshift(tags, cluster, name)
    yield from filter(None, others)


def _tag(key: str, value: str, strength: Strength = Strength.STRONG) -> tuple[RoleEvidence]:
    return (RoleEvidence(EvidenceKind.INSTALLER, f"tag {key}={value}", strength),)


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
    return HostRoles(_RKE2_ROLES[role], _tag("role", role, strength))


def _kubespray(tags: Tags) -> HostRoles | None:
    """Return the roles by Kubespray's only tag. The evidence is weak, because anyone can write this tag."""
    listed, groups = tags.get("roles", ""), _table()["kubespray"]
    roles = tuple(dict.fromkeys(groups.get(word.strip()) for word in listed.split(",")))
    known = tuple(Role(role) for role in roles if role)
    return HostRoles(known, _tag("roles", listed, Strength.WEAK)) if known == roles and "kube" in listed else None


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
    known, named = installer_of(machines, cluster), cluster.lower()
    hosts = [machine for machine in machines if machine.id in control_plane]
    sure = False
    if known.name == "kops":
        etcd = any(disk.holds_main_etcd and disk.etcd_cluster == "main" for disk in disks)
        sure = etcd and all(_is_kops(host.tags, named) for host in hosts)
    elif known.name == "openshift":
        sure = all(_openshift(host.tags, named, host.name.lower()) for host in hosts)
    return ShownInstaller(known.name, Strength.STRONG) if sure and hosts else known


def _is_kops(tags: Tags, cluster: str) -> bool:
    by_role = any(key.startswith(_KOPS_ROLE) and value == "1" for key, value in tags.items())
    return by_role and _KOPS_GROUP in tags and tags.get(_table()["name-is-value-of"], "").lower() == cluster


def installer_of(hosts: Sequence[Machine | ScaleSet], cluster: str) -> ShownInstaller:
    """Return the installer of self-managed hosts, by any tag, or else by a word in a name; "unknown" without both."""
    tagged = [host.tags for host in hosts]
    keys = {key for tags in tagged for key in tags}
    by_key = {row["name"]: any(key.startswith(tuple(row["keys"])) for key in keys) for row in _table()["installer"]}
    aks = by_key.pop("aks")
    signs = {
        "openshift": is_infra(cluster) and any(key.startswith(_OPENSHIFT) for key in keys),
        **by_key,
        "rke2": any(_rke2(tags, cluster, "") for tags in tagged),
        "kubespray": any(map(_kubespray, tagged)),
        "aks": aks,
    }
    return installer_by(signs.items(), [*keys, *(name for host in hosts for _, name in host.suggestive_names())])
