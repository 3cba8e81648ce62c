"""OAuth scopes of instances: what of a service account's rights its machines can use at all.

https://developers.google.com/identity/protocols/oauth2/scopes,
https://cloud.google.com/compute/docs/access/service-accounts#accesscopesiam
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard_gcp.conditions import OPAQUE
from cloudguard_gcp.resources import EVERYWHERE

_PREFIX: Final = "https://www.googleapis.com/auth/"
_READ: Final = ("get", "list", "getIamPolicy")
_IMAGES: Final = ("artifactregistry:*.get", "artifactregistry:*.list", "artifactregistry:*.download*")
"""Images can be pulled with a scope for storage (https://cloud.google.com/artifact-registry/docs/access-control)."""
ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "cloud-platform": ("*",),
    "cloud-platform.read-only": tuple(f"*:*.{verb}" for verb in _READ),
    "compute": ("compute:*",),
    "compute.readonly": tuple(f"compute:*.{verb}" for verb in _READ),
    "devstorage.read_only": ("storage:*.get", "storage:*.list", *_IMAGES),
    "devstorage.read_write": ("storage:objects.*", "storage:buckets.*", "storage:multipartUploads.*", *_IMAGES),
    "devstorage.full_control": ("storage:*", *_IMAGES),
    "logging.write": ("logging:logEntries.*",),
    "logging.read": ("logging:*.get", "logging:*.list"),
    "logging.admin": ("logging:*",),
    "monitoring": ("monitoring:*", "stackdriver:*", "opsconfigmonitoring:*", "autoscaling:*"),
    "monitoring.write": ("monitoring:*", "stackdriver:*", "opsconfigmonitoring:*", "autoscaling:*"),
    "monitoring.read": ("monitoring:*.get", "monitoring:*.list"),
    "servicecontrol": ("servicemanagement:*", "serviceusage:services.use"),
    "service.management": ("servicemanagement:*",),
    "service.management.readonly": ("servicemanagement:*.get", "servicemanagement:*.list"),
    "trace.append": ("cloudtrace:*", "telemetry:*"),
    "bigquery": ("bigquery:*",),
    "pubsub": ("pubsub:*",),
    "datastore": ("datastore:*",),
    "sqlservice.admin": ("cloudsql:*",),
    "cloudkms": ("cloudkms:*",),
    "iam": ("iam:*",),
    "ndev.clouddns.readwrite": ("dns:*",),
    "ndev.clouddns.readonly": ("dns:*.get", "dns:*.list"),
    "taskqueue": ("cloudtasks:*",),
    "userinfo.email": (),
    "source.full_control": ("source:*",),
    "source.read_only": ("source:*.get", "source:*.list"),
    "cloud_debugger": ("clouddebugger:*",),
    "cloudruntimeconfig": ("runtimeconfig:*",),
}
"""By scope, without its prefix: what it lets through, never too little."""


def statements_of(scopes: Iterable[str]) -> tuple[Statement, ...]:
    """Return what scopes let through; one that is not known may let through anything."""
    return tuple(_statement(scope) for scope in sorted(scopes) if ACTIONS.get(scope.removeprefix(_PREFIX)) != ())


def _statement(scope: str) -> Statement:
    known = ACTIONS.get(scope.removeprefix(_PREFIX))
    return Statement(
        label=scope.removeprefix(_PREFIX),
        effect=Effect.ALLOW,
        actions=known or ("*",),
        resources=(EVERYWHERE,),
        conditions=() if known else (Condition(OPAQUE, "scope", (scope,)),),
    )
