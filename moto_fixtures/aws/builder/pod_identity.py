"""Teaches moto's EKS a call that it has not, before it is first used: pod identity associations."""

from __future__ import annotations

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.eks import urls
from moto.eks.responses import EKSResponse

PATH = "{0}/clusters/(?P<name>[^/]+)/pod-identity-associations$"


def _listed(response: EKSResponse) -> ActionResult:
    made: dict[str, Any] = getattr(response.eks_backend, "associations", {})
    cluster = str(cast("Any", response).path.split("/")[-2])
    return ActionResult({"associations": made.get(cluster, [])})


def teach() -> None:
    """Let moto's EKS answer what its backend's ``associations`` says of a cluster, none where it says nothing."""
    cast("Any", EKSResponse).list_pod_identity_associations = _listed
    urls.url_paths[PATH] = urls.response.dispatch
