"""Try each project-level call of the adapter: read one page, or a resource that does not exist.

For a resource that does not exist, Google answers "forbidden" to callers without the permission and "not found" to the
others. For folders, organizations, and other projects' keys and accounts it always answers "forbidden".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Final

from cloudguard.provider.permissions.preflight import Tried, tried
from cloudguard.provider.port import CollectRequest, Progress
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import CALLS, Call
from cloudguard_gcp.access.session import begin

_NAME: Final = "cloudguard-preflight"
_REGION: Final = "europe-west1"
_RESOURCE_PARAMETERS: Final[dict[str, tuple[str, ...]]] = {
    "compute.networks.getEffectiveFirewalls": ("network",),
    "compute.regionNetworkFirewallPolicies.getEffectiveFirewalls": ("region", "network"),
    "compute.disks.getIamPolicy": ("zone", "resource"),
    "compute.regionDisks.getIamPolicy": ("region", "resource"),
    "compute.images.getIamPolicy": ("resource",),
    "compute.instantSnapshots.getIamPolicy": ("zone", "resource"),
    "compute.regionInstantSnapshots.getIamPolicy": ("region", "resource"),
    "compute.machineImages.getIamPolicy": ("resource",),
    "compute.snapshots.getIamPolicy": ("resource",),
    "compute.routers.getRouterStatus": ("region", "router"),
    "compute.globalNetworkEndpointGroups.listNetworkEndpoints": ("network_endpoint_group",),
    "compute.networkEndpointGroups.listNetworkEndpoints": ("zone", "network_endpoint_group"),
    "compute.regionNetworkEndpointGroups.listNetworkEndpoints": ("region", "network_endpoint_group"),
    "compute.instanceGroups.listInstances": ("zone", "instance_group"),
    "compute.regionInstanceGroups.listInstances": ("region", "instance_group"),
}
"""Parameters of Compute's calls about one resource, in addition to the project."""
_PLACES: Final = {"zone": f"{_REGION}-b", "region": _REGION}
_LATER: Final = frozenset({400, 404})


def verify(request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
    """Try each call on the project. Raises AccessError if no call can be made."""
    api, caller = begin(request, progress)
    return tried(api, _test_calls(api, caller.project), _is_later)


def _test_calls(api: Api, project: str) -> Iterator[tuple[Call, Callable[[], object] | None]]:
    for call in CALLS:
        parameters = _parameters(call, project)
        yield call, None if parameters is None else partial(_make, api, call, parameters)


def _make(api: Api, call: Call, parameters: dict[str, Any]) -> None:
    """Make a call once, for one page."""
    list(islice(api.pages(call, parameters), 1))


def _parameters(call: Call, project: str) -> dict[str, Any] | None:
    """Return the parameters of a call; None if no answer would show the permission."""
    if call.service == "container":
        return {"parent": f"projects/{project}/locations/-"}
    if call.client:
        names = _RESOURCE_PARAMETERS.get(call.name, ())
        return {"project": project, **{name: _PLACES.get(name, _NAME) for name in names}}
    if "{project}" in call.path:
        return {"project": project}
    return None


def _is_later(error: BaseException) -> bool:
    return getattr(error, "code", None) in _LATER
