"""Patches of moto for writes of plans that moto lacks or gets wrong, as the services' documentation defines them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response
from moto.eks import urls
from moto.eks.models import EKSBackend
from moto.eks.responses import EKSResponse

ASSOCIATE = "{0}/clusters/(?P<name>[^/]+)/encryption-config/associate$"
_make_version = EC2Response.create_launch_template_version
_copy_snapshot = EC2Response.copy_snapshot
_update_config = EKSBackend.update_cluster_config


def _version_from_source(response: Any) -> ActionResult:  # noqa: ANN401 - moto's insides have no types
    """Create a version with the data of its source version and the given changes (CreateLaunchTemplateVersion)."""
    backend, name = response.ec2_backend, response._get_param("LaunchTemplateId")  # noqa: SLF001 - as above
    source = response._get_param("SourceVersion")  # noqa: SLF001 - as above
    template = backend.get_launch_template(name)
    action_result = _make_version(response)
    if source:
        last = template.versions[-1]
        last.data = deepcopy(template.get_version(source).data) | last.data
    return action_result


def _copied(response: Any) -> ActionResult:  # noqa: ANN401 - as above
    """Encrypt a copied snapshot if the request says so (CopySnapshot)."""
    before = {*response.ec2_backend.snapshots}
    action_result = _copy_snapshot(response)
    for name in {*response.ec2_backend.snapshots} - before:
        response.ec2_backend.snapshots[name].encrypted |= bool(response._get_param("Encrypted"))  # noqa: SLF001 - as above
    return action_result


def _updated(backend: Any, name: str, resources_vpc_config: dict[str, Any], *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as above
    """Change the given settings, and keep the others (UpdateClusterConfig)."""
    known = backend.clusters.get(name)
    present: dict[str, Any] = known.resources_vpc_config if known else {}
    return _update_config(backend, name, {**present, **(resources_vpc_config or {})}, *rest, **more)


def _associated(response: Any) -> ActionResult:  # noqa: ANN401 - as above
    """Set the key for a cluster's Secrets (AssociateEncryptionConfig)."""
    name = str(response.path.split("/")[-3])
    response.eks_backend.clusters[name].encryption_config = response._get_param("encryptionConfig")  # noqa: SLF001 - as above
    return ActionResult({"update": {"id": "1", "status": "InProgress", "type": "AssociateEncryptionConfig"}})


def patch_moto() -> None:
    """Install the patches: launch template versions from a source, encrypted copies, updates of EKS clusters."""
    cast("Any", EC2Response).create_launch_template_version = _version_from_source
    cast("Any", EC2Response).copy_snapshot = _copied
    cast("Any", EKSBackend).update_cluster_config = _updated
    cast("Any", EKSResponse).associate_encryption_config = _associated
    urls.url_paths[ASSOCIATE] = urls.response.dispatch
