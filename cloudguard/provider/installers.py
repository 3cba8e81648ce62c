"""Which installer made a cluster, and the names that OpenShift makes of a cluster's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cloudguard.model.cluster import Strength

_INFRA: Final = re.compile(r"-[bcdfghjklmnpqrstvwxz2456789]{5}$")
"""What OpenShift appends to a cluster's name: five of the letters and digits that make no words
(kubernetes/apimachinery pkg/util/rand/rand.go)."""
LONGEST_BASE: Final = 21
"""Characters of the name that it keeps before them (openshift/installer pkg/asset/installconfig/clusterid.go)."""
_DISTRIBUTIONS: Final = ("rke2", "k3s", "talos", "kubespray", "microk8s", "kubeadm")


def is_infra(name: str) -> bool:
    """Whether a name ends as OpenShift's infrastructure ids do."""
    return bool(_INFRA.search(name))


def without_infra(name: str) -> str:
    """Return a name without the ending of an infrastructure id."""
    return _INFRA.sub("", name)


def infra_base(name: str) -> str:
    """Return what the infrastructure id of an OpenShift cluster called ``name`` begins with, "" for no such name."""
    plain = re.fullmatch(r"[A-Za-z0-9.-]+", name)
    return f"{re.sub('[.-]+', '-', name)[:LONGEST_BASE].rstrip('-')}-" if plain else ""


@dataclass(frozen=True, slots=True)
class ShownInstaller:
    """An installer, and how far the evidence for it can be relied on: only strong evidence says which ports it uses."""

    name: str
    strength: Strength = Strength.WEAK


def installer_of(signs: Iterable[tuple[str, bool]], names: Iterable[str]) -> ShownInstaller:
    """Return the first installer whose sign holds, by weak evidence; "unknown" where none is shown.

    A sign is one tag or label of many. After the signs come the distributions that are a word in ``names``.
    """
    words = set(re.split(r"[^a-z0-9]+", " ".join(names).lower()))
    by_sign = (installer for installer, holds in signs if holds)
    return ShownInstaller(next(by_sign, next((name for name in _DISTRIBUTIONS if name in words), "unknown")))
