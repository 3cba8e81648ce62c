"""Adds the calls for pod identity associations to moto's EKS, which lacks them, before their first use."""

from __future__ import annotations

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.eks import urls
from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.responses import EKSResponse

LIST = "{0}/clusters/(?P<name>[^/]+)/pod-identity-associations$"
DESCRIBE = "{0}/clusters/(?P<name>[^/]+)/pod-identity-associations/(?P<id>[^/]+)$"


def _made(response: EKSResponse, cluster: str) -> list[dict[str, str]]:
    made: dict[str, Any] = getattr(response.eks_backend, "associations", {})
    return cast("list[dict[str, str]]", made.get(cluster, []))


def _listed(response: EKSResponse) -> ActionResult:
    """Return associations without their roles, as EKS does (EKS API reference, PodIdentityAssociationSummary)."""
    made = _made(response, str(cast("Any", response).path.split("/")[-2]))
    shown = [{key: value for key, value in tags.items() if key != "roleArn"} for tags in made]
    return ActionResult({"associations": shown})


def _described(response: EKSResponse) -> ActionResult:
    *_, cluster, _, name = str(cast("Any", response).path).split("/")
    for tags in _made(response, cluster):
        if tags["associationId"] == name:
            return ActionResult({"association": tags})
    raise ResourceNotFoundException(message=f"no association {name}")


def teach() -> None:
    """Add the calls. They answer with ``associations`` of moto's EKS backend: none if it has none for a cluster."""
    cast("Any", EKSResponse).list_pod_identity_associations = _listed
    cast("Any", EKSResponse).describe_pod_identity_association = _described
    for path in (LIST, DESCRIBE):
        urls.url_paths[path] = urls.response.dispatch
