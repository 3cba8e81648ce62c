"""The installer of a cluster: its tags, and the infrastructure ids that OpenShift derives from a cluster's name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final

from cloudguard.model.cluster import Disk, EvidenceKind, Role, RoleEvidence, Strength
from cloudguard.model.load_balancers import Balancer
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.host_roles import HostRoles
from cloudguard.tables import table_of
from cloudguard.values import dataclass

_INFRA: Final = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{5}$")
"""The suffix that OpenShift appends to a cluster's name: five random letters and digits that cannot form words
(kubernetes/apimachinery pkg/util/rand/rand.go)."""
LONGEST_BASE: Final = 21
"""The number of characters of the cluster's name that OpenShift keeps before the suffix
(openshift/installer pkg/asset/installconfig/clusterid.go)."""
_MACHINE_CONFIG_SERVER: Final = ServiceSet.parse("tcp/22623")
"""The port of the machine config server, which only OpenShift has, behind a balancer (openshift/installer
upi/aws/cloudformation/02_cluster_infra.yaml, upi/gcp/02_lb_int.py, upi/azure/03_infra.json)."""
_DISTRIBUTIONS: Final = ("rke2", "k3s", "talos", "kubespray", "microk8s", "kubeadm")


def is_infra(name: str) -> bool:
    """Whether ``name`` ends with the suffix of an OpenShift infrastructure id."""
    return bool(_INFRA.search(name))


def without_infra(name: str) -> str:
    """Return ``name`` without the suffix of an OpenShift infrastructure id."""
    return _INFRA.sub("", name)


def infra_base(name: str) -> str:
    """Return the part before the suffix in the infrastructure ids of the OpenShift cluster ``name``.

    "" if ``name`` has characters that OpenShift does not allow.
    """
    plain = re.fullmatch(r"[A-Za-z0-9.-]+", name)
    return f"{re.sub('[.-]+', '-', name)[:LONGEST_BASE].rstrip('-')}-" if plain else ""


@lru_cache
def means(name: str, cluster: str) -> bool:
    """Whether ``name`` is the name of a cluster, or its infrastructure id, which begins with the name."""
    return not {cluster, cluster[:LONGEST_BASE]}.isdisjoint((name, without_infra(name)))


def full_names(named: Iterable[Collection[str]], cluster: str) -> list[str]:
    """Return the infrastructure ids of the clusters called ``cluster``, or else only this name.

    ``named``: for each host, the names of its clusters.
    """
    names = {name for listed in named if any(means(name, cluster) for name in listed) for name in listed}
    full = {name for name in names if name != cluster and is_infra(name)}
    return sorted(full) if full and full == names else [cluster]


class InstallerTags:
    """The tags that installers write, read from ``cluster/installer_tags.toml`` of a provider's ``package``.

    ``tag``: the cloud's word for a tag. In the file, ``name-is-value-of`` lists the keys whose value is the cluster's
    name, and ``name-ends-key`` the beginnings of keys that end with it. Each ``[[role]]`` is a tag that shows ``roles``
    (the value "*" matches any value), and each ``[[installer]]`` has the beginnings of keys that show it.
    """

    def __init__(self, package: str, tag: str = "tag") -> None:
        self._package = package
        self._tag = tag

    @property
    def table(self) -> Mapping[str, Any]:
        """The file. It is read once in a process."""
        return table_of(f"{self._package}.cluster", "installer_tags.toml")

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys whose value is the cluster's name."""
        return tuple(self.table["name-is-value-of"])

    @cached_property
    def prefixes(self) -> tuple[str, ...]:
        """The beginnings of keys that end with the cluster's name."""
        return tuple(self.table["name-ends-key"])

    def clusters_of(self, tags: Mapping[str, str]) -> Iterator[str]:
        """Yield the names of the clusters that a resource belongs to, by its tags."""
        for key, value in tags.items():
            if key in self.keys and value:
                yield value
            if key.startswith(self.prefixes):
                yield from (key.removeprefix(each) for each in self.prefixes if key.startswith(each) and key != each)

    def roles(self, tags: Mapping[str, str]) -> Iterator[HostRoles]:
        """Yield the roles that each tag shows."""
        for row in self.table["role"]:
            value = tags.get(row["key"])
            if value is not None and row["value"] in {"*", value}:
                evidence = self.evidence(row["key"], value)
                yield HostRoles(tuple(map(Role, row["roles"])), (evidence,), row.get("without-etcd", False))

    def evidence(self, key: str, value: str, strength: Strength = Strength.STRONG) -> RoleEvidence:
        """Return a tag as evidence."""
        return RoleEvidence(EvidenceKind.INSTALLER, f"{self._tag} {key}{'=' if value else ''}{value}", strength)

    def installers(self, keys: Iterable[str]) -> Iterator[tuple[str, bool]]:
        """Yield each installer of the table, and whether one of the tags' ``keys`` shows it."""
        listed = list(keys)
        for row in self.table["installer"]:
            yield row["name"], any(key.startswith(tuple(row["keys"])) for key in listed)


@dataclass(frozen=True, slots=True)
class ShownInstaller:
    """An installer, and the strength of the evidence for it. Only strong evidence decides which ports it uses."""

    name: str
    strength: Strength = Strength.WEAK


def installer_of(signs: Iterable[tuple[str, bool]], names: Iterable[str]) -> ShownInstaller:
    """Return the first installer whose sign is present, as weak evidence; "unknown" if nothing shows an installer.

    ``signs``: pairs of an installer and whether its tag or label is present. If no sign is present, a distribution that
    is a word in ``names`` is returned.
    """
    words = set(re.split(r"[^a-z0-9]+", " ".join(names).lower()))
    by_sign = (installer for installer, holds in signs if holds)
    return ShownInstaller(next(by_sign, next((name for name in _DISTRIBUTIONS if name in words), "unknown")))


def with_strength(
    known: ShownInstaller, *, kops: Collection[bool], openshift: Collection[bool], disks: Iterable[Disk]
) -> ShownInstaller:
    """Return an installer with strong evidence if all control-plane hosts have all that it writes.

    ``kops``, ``openshift``: for each control-plane host, whether it has all that this installer writes on hosts. For
    kops a disk of etcd must be tagged too, because people often write a role's tag by hand.
    """
    if known.name == "kops":
        sure = all(kops) and any(disk.holds_main_etcd and disk.etcd_cluster == "main" for disk in disks)
    else:
        sure = known.name == "openshift" and all(openshift)
    return ShownInstaller(known.name, Strength.STRONG) if sure and kops else known


def with_openshift(
    known: ShownInstaller, cluster: str, control_plane: Collection[str], balancers: Iterable[Balancer]
) -> ShownInstaller:
    """Return OpenShift, by strong evidence, if it is shown by balancers; else ``known``.

    They show it if they send to the machine config server on all hosts of ``control_plane`` (ids), and the cluster's
    name is an infrastructure id. The templates for infrastructure of the user's own write no other sign, apart from the
    cluster's tag on AWS.
    """
    targets = (target for balancer in balancers for listener in balancer.listeners for target in listener.targets)
    configuring = {target.host for target in targets if target.service & _MACHINE_CONFIG_SERVER}
    shown = bool(control_plane) and configuring.issuperset(control_plane) and is_infra(cluster.lower())
    return ShownInstaller("openshift", Strength.STRONG) if shown and known.name in {"openshift", "unknown"} else known
