"""Teaches moto's EKS a call that it has not, before it is first used: it lists no pod identity associations."""

from __future__ import annotations

from typing import Any, cast

from moto.core.responses import ActionResult
from moto.eks import urls
from moto.eks.responses import EKSResponse

PATH = "{0}/clusters/(?P<name>[^/]+)/pod-identity-associations$"


def _none(_response: EKSResponse) -> ActionResult:
    return ActionResult({"associations": []})


def teach() -> None:
    """Let moto's EKS answer."""
    cast("Any", EKSResponse).list_pod_identity_associations = _none
    urls.url_paths[PATH] = urls.response.dispatch
