"""Kubernetes service accounts in the members of bindings, by the project's workload identity pool.

https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity,
https://cloud.google.com/iam/docs/principal-identifiers
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_MEMBER: Final = re.compile(r"serviceAccount:([^\[\]]+)\[([^/\]]+)/([^\]]+)\]")
_IN_POOL: Final = re.compile(
    r"principal(?:Set)?://iam\.googleapis\.com/projects/[^/]+/locations/[^/]+/workloadIdentityPools/([^/]+)/(.+)"
)
_SUBJECT: Final = re.compile(r"subject/ns/([^/]+)/sa/([^/]+)")
_NAMESPACE: Final = re.compile(r"namespace/([^/]+)")
_CLUSTER: Final = re.compile(r"kubernetes\.cluster/.*/(projects/[^/]+/(?:locations|zones)/[^/]+/clusters/[^/]+)")
ANY: Final = "*:*"
"""Any service account of any namespace."""


@dataclass(frozen=True, slots=True)
class IdentityPool:
    """The identity pool that a project's clusters share ("": none). ``cluster``: one of these clusters ("": any).

    For example "projects/acme-prod/locations/europe-west1/clusters/prod".
    """

    name: str
    cluster: str = ""


def service_accounts_of(member: str, pool: IdentityPool) -> str:
    """Return the service accounts of ``pool`` in a member, as "namespace:name" with wildcards; "" if it has none."""
    if not pool.name:
        return ""
    if (found := _MEMBER.fullmatch(member)) and found[1] == pool.name:
        return f"{found[2]}:{found[3]}"
    inside = _IN_POOL.fullmatch(member)
    if inside is None or inside[1] != pool.name:
        return ""
    if (
        pool.cluster
        and (of := _CLUSTER.fullmatch(inside[2]))
        and of[1].replace("/zones/", "/locations/") != pool.cluster
    ):
        return ""
    if subject := _SUBJECT.fullmatch(inside[2]):
        return f"{subject[1]}:{subject[2]}"
    namespace = _NAMESPACE.fullmatch(inside[2])
    return f"{namespace[1]}:*" if namespace else ANY
