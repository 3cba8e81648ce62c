"""Kubernetes service accounts in the members of bindings, by the workload identity pools of a cluster.

https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity,
https://cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes,
https://cloud.google.com/iam/docs/principal-identifiers
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from typing import Final

from cloudguard.model.cluster import Strength
from cloudguard.provider.installers import without_infra
from cloudguard.values import dataclass

_MEMBER: Final = re.compile(r"serviceAccount:([^\[\]]+)\[([^/\]]+)/([^\]]+)\]")
_IN_POOL: Final = re.compile(
    r"principal(?:Set)?://iam\.googleapis\.com/projects/[^/]+/locations/[^/]+/workloadIdentityPools/([^/]+)/(.+)"
)
_SUBJECT: Final = re.compile(r"subject/ns/([^/]+)/sa/([^/]+)")
_ISSUED: Final = re.compile(r"subject/system:serviceaccount:([^:]+):([^:]+)")
"""The subject of a token that a self-managed cluster issues, as a pool takes it over from the token."""
_UID: Final = re.compile(r"kubernetes\.serviceaccount\.uid/([^/]+)")
"""One service account, by the UID of its Kubernetes object."""
_NAMESPACE: Final = re.compile(r"namespace/([^/]+)")
_CLUSTER: Final = re.compile(r"kubernetes\.cluster/.*/(projects/[^/]+/(?:locations|zones)/[^/]+/clusters/[^/]+)")
_SUFFIX: Final = re.compile(r"-(?:oidc|pool|wif|k8s|identity|workload-identity)(?:-pool)?$")
"""What follows a cluster's name in the name of its pool. OpenShift's tool gives a pool the name itself
(openshift/cloud-credential-operator docs/ccoctl.md).
"""
_LONGEST: Final = 32
"""The most characters of a pool's name (https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers)."""
ANY: Final = "*:*"
"""Any service account of any namespace."""


@dataclass(frozen=True, slots=True)
class IdentityPools:
    """The identity pools of a cluster's service accounts (``names``).

    Clusters of GKE share one pool of their project. ``cluster``: one of these clusters ("": any), for example
    "projects/acme-prod/locations/europe-west1/clusters/prod". ``strength``: of the evidence that the pools are its own.
    """

    names: frozenset[str] = field(default_factory=frozenset[str])
    cluster: str = ""
    strength: Strength = Strength.STRONG


def service_accounts_of(member: str, pools: IdentityPools) -> str:
    """Return the service accounts of ``pools`` in a member, as "namespace:name" with wildcards; "" if it has none."""
    if (match := _MEMBER.fullmatch(member)) and match[1] in pools.names:
        return f"{match[2]}:{match[3]}"
    inside = _IN_POOL.fullmatch(member)
    if inside is None or inside[1] not in pools.names:
        return ""
    if (
        pools.cluster
        and (of := _CLUSTER.fullmatch(inside[2]))
        and of[1].replace("/zones/", "/locations/") != pools.cluster
    ):
        return ""
    if subject := _SUBJECT.fullmatch(inside[2]) or _ISSUED.fullmatch(inside[2]):
        return f"{subject[1]}:{subject[2]}"
    if inside[2].startswith("subject/"):
        return ""
    uid, namespace = _UID.fullmatch(inside[2]), _NAMESPACE.fullmatch(inside[2])
    return f"*:with the UID {uid[1]}" if uid else f"{namespace[1]}:*" if namespace else ANY


@dataclass(frozen=True, slots=True)
class SelfManaged:
    """A self-managed cluster by its name, and the names of the project's other clusters."""

    name: str
    others: frozenset[str]

    def pools(self, members: Iterable[str]) -> tuple[IdentityPools, tuple[str, ...]]:
        """Return the pools with the cluster's name, and the names of pools that no cluster's name explains.

        Only pools count that have a service account of Kubernetes among ``members``.
        """
        named = {
            match[1] for member in members if (match := _IN_POOL.fullmatch(member)) and _ISSUED.fullmatch(match[2])
        }
        of_cluster = frozenset(path for path in named if _is_named(path, {self.name}))
        unclear = tuple(sorted(path for path in named - of_cluster if not _is_named(path, self.others)))
        return IdentityPools(of_cluster, strength=Strength.WEAK), unclear


def _is_named(pool: str, clusters: Iterable[str]) -> bool:
    """Whether a pool is named after one of ``clusters``."""
    names = {name for cluster in clusters for name in (cluster, without_infra(cluster))}
    known = {re.sub("[^a-z0-9-]+", "-", name.lower())[:_LONGEST].rstrip("-") for name in names}
    return not known.isdisjoint({pool, _SUFFIX.sub("", pool)})
