"""OAuth scopes of instances: they limit which permissions of a service account a machine can use.

https://developers.google.com/identity/protocols/oauth2/scopes,
https://cloud.google.com/compute/docs/access/service-accounts#accesscopesiam
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cloudguard.model.identity import Condition, Effect, Statement
from cloudguard_gcp.access.resource_names import EVERYWHERE
from cloudguard_gcp.identity.conditions import OPAQUE

_PREFIX: Final = "https://www.googleapis.com/auth/"
_READ: Final = ("get", "list", "getIamPolicy")
_POSSIBLE_VERBS: Final = (
    "get*",
    "list*",
    "read*",
    "download*",
    "export*",
    "search*",
    "query*",
    "fetch*",
    "lookup*",
    "view*",
)


def _all_of(*services: str) -> tuple[str, ...]:
    return tuple(f"{service}:*" for service in services)


def _read(*services: str, verbs: tuple[str, ...] = _READ) -> tuple[str, ...]:
    return tuple(f"{service}:*.{verb}" for service in services for verb in verbs)


def _possible_read(*services: str) -> tuple[str, ...]:
    return _read(*services, verbs=_POSSIBLE_VERBS)


_MONITORING: Final = ("monitoring", "stackdriver", "opsconfigmonitoring", "autoscaling")
_IMAGES: Final = ("artifactregistry:*.get", "artifactregistry:*.list", "artifactregistry:*.download*")
"""Images can be pulled with a scope for storage (https://cloud.google.com/artifact-registry/docs/access-control)."""
CERTAIN: Final[dict[str, tuple[str, ...]]] = {
    "cloud-platform": ("*",),
    "cloud-platform.read-only": _read("*"),
    "compute": _all_of("compute"),
    "compute.readonly": _read("compute"),
    "devstorage.read_only": (*_read("storage"), *_IMAGES),
    "devstorage.read_write": ("storage:objects.*", "storage:multipartUploads.*", *_read("storage"), *_IMAGES),
    "devstorage.full_control": (*_all_of("storage"), *_IMAGES),
    "logging.write": ("logging:logEntries.create",),
    "logging.read": _read("logging"),
    "logging.admin": _all_of("logging"),
    "monitoring": _all_of(*_MONITORING),
    "monitoring.write": ("monitoring:timeSeries.create", "monitoring:metricDescriptors.create"),
    "monitoring.read": _read(*_MONITORING),
    "servicecontrol": ("servicemanagement:services.check", "servicemanagement:services.report"),
    "service.management": _all_of("servicemanagement"),
    "service.management.readonly": _read("servicemanagement"),
    "trace.append": ("cloudtrace:traces.patch",),
    "bigquery": _all_of("bigquery"),
    "pubsub": _all_of("pubsub"),
    "datastore": _all_of("datastore"),
    "sqlservice.admin": _all_of("cloudsql"),
    "cloudkms": _all_of("cloudkms"),
    "iam": _all_of("iam"),
    "ndev.clouddns.readwrite": _all_of("dns"),
    "ndev.clouddns.readonly": _read("dns"),
    "taskqueue": _all_of("cloudtasks"),
    "source.full_control": _all_of("source"),
    "source.read_only": _read("source"),
    "cloud_debugger": _all_of("clouddebugger"),
    "cloudruntimeconfig": _all_of("runtimeconfig"),
}
"""For each scope, without its prefix, the permissions that it certainly allows."""
POSSIBLE: Final[dict[str, tuple[str, ...]]] = {
    "cloud-platform.read-only": _possible_read("*"),
    "compute.readonly": _possible_read("compute"),
    "devstorage.read_only": _possible_read("storage"),
    "devstorage.read_write": _all_of("storage"),
    "logging.write": _all_of("logging"),
    "logging.read": _possible_read("logging"),
    "monitoring.write": _all_of(*_MONITORING),
    "monitoring.read": _possible_read(*_MONITORING),
    "servicecontrol": _all_of("servicemanagement", "serviceusage"),
    "service.management.readonly": _possible_read("servicemanagement"),
    "trace.append": _all_of("cloudtrace", "telemetry"),
    "userinfo.email": (),
    "ndev.clouddns.readonly": _possible_read("dns"),
    "source.read_only": _possible_read("source"),
}
"""For each scope, further permissions that it may allow, by their names. The list may be too long, never too short."""


def statements_of(scopes: Iterable[str]) -> tuple[Statement, ...]:
    """Return the permissions that scopes allow, as statements. An unknown scope may allow anything."""
    return tuple(statement for scope in sorted(scopes) for statement in _statements(scope) if statement.actions)


def _statements(scope: str) -> Iterator[Statement]:
    name = scope.removeprefix(_PREFIX)
    sure = CERTAIN.get(name, ())
    yield _statement(name, sure)
    yield _statement(name, POSSIBLE.get(name, () if sure else ("*",)), Condition(OPAQUE, "scope", (scope,)))


def _statement(name: str, actions: tuple[str, ...], *assumptions: Condition) -> Statement:
    return Statement(
        name=name,
        effect=Effect.ALLOW,
        actions=actions,
        resources=(EVERYWHERE,),
        conditions=assumptions,
    )
