"""Tags of resources, and the tags and names that installers write: the cluster and the role of an instance.

Most are in ``installer_tags.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from cloudguard.model.cluster import Disk, EvidenceKind, Role, RoleEvidence, Strength
from cloudguard.provider.answers import Item, children, required, text
from cloudguard.provider.host_roles import HostRoles, united
from cloudguard.provider.installers import InstallerTags, ShownInstaller, is_infra, with_strength
from cloudguard.provider.installers import installer_of as installer_by

INSTALLER_TAGS: Final = InstallerTags("cloudguard_aws")
clusters_of = INSTALLER_TAGS.clusters_of
CLUSTER = "kubernetes.io/cluster/"
CAPA = "sigs.k8s.io/cluster-api-provider-aws/"
LEGACY = "KubernetesCluster"
ETCD_TAG = "k8s.io/etcd/"
"""Prefix of the tag of kops' etcd volumes: "k8s.io/etcd/main" = "a/a,b,c" (kubernetes/kops
pkg/model/master_volumes.go)."""
KOPS_GROUP = "kops.k8s.io/instancegroup"
_KOPS_ROLE = "k8s.io/role/"
SCALING_GROUP = "aws:autoscaling:groupName"
FLEET, SPOT_FLEET = "aws:ec2:fleet-id", "aws:ec2spot:fleet-request-id"
"""Tags that EC2 puts on the instances of a fleet, with the fleet's id. A scaling group uses fleets of type "instant",
which launch no further instances."""
_FLEET_ID = re.compile(r"(?:fleet|sfr)-[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_GARDENER_NODE = "kubernetes.io/role/node"
_OPENSHIFT_NAMES = (
    ("master|bootstrap", (Role.CONTROL_PLANE, Role.ETCD), "control plane"),
    ("worker|infra|edge", (Role.NODE,), "nodes"),
)
"""openshift/installer pkg/asset/machines/aws/awsmachines.go"""


def tags_of(item: Item, key: str = "Tags") -> dict[str, str]:
    """Return a resource's tags as a dict. ``key``: the field of ``item`` that contains them."""
    return {required(tag, "Key"): text(tag, "Value") for tag in children(item, key)}


def name_of(item: Item) -> str:
    """Return the value of a resource's Name tag, or "" if it has none."""
    return tags_of(item).get("Name", "")


def legacy_tag(tagged: Iterable[Mapping[str, str]], cluster: str) -> tuple[tuple[str, str], ...]:
    """Return the trait that hosts have the legacy tag of the cluster. The cloud provider accepts it like the newer tag.

    A host with the newer tag may lack the other, so permissions that are bound to a tag have to name both
    (kubernetes/cloud-provider-aws pkg/providers/v1/tags.go, hasClusterTag).
    """
    return (("cluster-tag", LEGACY),) if any(tags.get(LEGACY) == cluster for tags in tagged) else ()


def fleet_of(tags: Mapping[str, str]) -> str:
    """Return the id of the fleet that launched an instance, "" for none, and "" for the fleet of a scaling group."""
    return "" if SCALING_GROUP in tags else tags.get(FLEET, "") or tags.get(SPOT_FLEET, "")


def is_fleet(pool: str) -> bool:
    """Whether a pool's id is that of an EC2 Fleet or a Spot Fleet request, which end with a UUID."""
    return _FLEET_ID.fullmatch(pool) is not None


def roles_by_tags(tags: Mapping[str, str]) -> HostRoles | None:
    """Return the union of the roles that installers' tags give, or None if they give none."""
    return united(INSTALLER_TAGS.roles(tags))


def is_control_plane(tags: Mapping[str, str]) -> bool:
    """Whether an installer's tag marks a resource as a control-plane host's."""
    known = roles_by_tags(tags)
    return known is not None and Role.CONTROL_PLANE in known.roles


def roles_by_openshift_name(tags: Mapping[str, str], cluster: str) -> HostRoles | None:
    """Return the roles that a Name tag in OpenShift's format gives. This is weak evidence: anyone may write the tag."""
    name = tags.get("Name", "") if is_infra(cluster) else ""
    for words, roles, whose in _OPENSHIFT_NAMES:
        if re.match(rf"{re.escape(cluster)}-({words})(-|$)", name):
            text = f"name {name}, as OpenShift names its {whose} (weak evidence)"
            return HostRoles(roles, (RoleEvidence(EvidenceKind.NAME, text, Strength.WEAK),))
    return None


def shown_installer(
    tagged: Mapping[str, Mapping[str, str]],
    cluster: str,
    control_plane: Collection[str],
    disks: Iterable[Disk],
) -> ShownInstaller:
    """Return the installer that made self-managed hosts, by their tags and disks.

    ``tagged``: dict of host id → tags. ``control_plane``: ids of the control-plane hosts.

    The evidence is strong if all control-plane hosts have everything that the installer writes. For kops this includes
    the tags of etcd's volume, because people often write a role tag by hand. OpenShift up to 4.15 writes only the
    cluster's tag and the names (a balancer may show it: ``with_openshift``), and later versions Cluster API's tags.
    """
    hosts = [tagged.get(name, {}) for name in control_plane]
    return with_strength(
        installer_of([*tagged.values()], cluster),
        kops=[tags.get(LEGACY) == cluster and KOPS_GROUP in tags and _is_kops(tags) for tags in hosts],
        openshift=[_is_openshift_master(tags, cluster) for tags in hosts],
        disks=disks,
    )


def _is_openshift_master(tags: Mapping[str, str], cluster: str) -> bool:
    named = roles_by_openshift_name(tags, cluster)
    by_capa = tags.get(f"{CAPA}cluster/{cluster}") == "owned" and is_control_plane(tags)
    owned = tags.get(f"{CLUSTER}{cluster}") == "owned"
    return owned and by_capa and named is not None and Role.CONTROL_PLANE in named.roles


def _is_kops(tags: Mapping[str, str]) -> bool:
    return any(key.startswith(_KOPS_ROLE) and value == "1" for key, value in tags.items())


def installer_of(tagged: Sequence[Mapping[str, str]], cluster: str) -> ShownInstaller:
    """Return the installer that any tag of self-managed hosts shows, or "unknown" if no tag shows one."""
    keys = {key for tags in tagged for key in tags}
    names = [tags.get("Name", "") for tags in tagged]
    values = {tags.get(f"{CLUSTER}{cluster}", "") for tags in tagged}
    signs = (
        ("openshift", any(roles_by_openshift_name(tags, cluster) for tags in tagged)),
        ("gardener", "1" in values and _GARDENER_NODE in keys),
        ("kubespray", "member" in values),
        *INSTALLER_TAGS.installers(keys),
    )
    return installer_by(signs, [*keys, *names])
