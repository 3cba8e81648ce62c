"""The installer of a cluster, and the infrastructure ids that OpenShift derives from a cluster's name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from cloudguard.model.cluster import Strength
from cloudguard.model.load_balancers import Balancer
from cloudguard.packet_sets.services import ServiceSet
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
