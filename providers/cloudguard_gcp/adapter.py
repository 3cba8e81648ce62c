"""The Google Cloud adapter: find, read, assemble."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from cloudguard.adapter import ClusterSummary, Option, Progress, Request, silent
from cloudguard.errors import UsageError
from cloudguard.model.cluster import Cluster
from cloudguard.model.entitlement import Entitlements
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard_gcp.session import OPTIONS

if TYPE_CHECKING:
    from cloudguard_gcp.api import Api
    from cloudguard_gcp.cluster import Found
    from cloudguard_gcp.session import Caller


class GcpAdapter:
    """Reads one Kubernetes cluster on Google Cloud."""

    name = "gcp"
    options: tuple[Option, ...] = OPTIONS

    def discover(self, request: Request, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters that the project shows."""
        from cloudguard_gcp.cluster import clusters  # noqa: PLC0415 - only when asked for

        return clusters(request, progress)

    def collect(self, request: Request, progress: Progress = silent) -> Snapshot:
        """Read one cluster."""
        if not request.cluster:
            message = "no cluster is named"
            raise UsageError(message, hint="Give --cluster NAME; see: cloudguard discover gcp")
        from cloudguard_gcp.cluster import cluster  # noqa: PLC0415 - only when asked for

        started = _now()
        return _read(*cluster(request, progress), started)

    def entitlements(self, snapshot: Snapshot) -> Entitlements:
        """Return what is known of Google's permissions, for the cluster of ``snapshot``."""
        from cloudguard_gcp.entitlements import entitlements  # noqa: PLC0415 - only when asked for

        return entitlements(snapshot)

    def permissions(self) -> str:
        """Return the read-only custom role that ``collect`` and ``discover`` need."""
        from cloudguard_gcp.permissions import role  # noqa: PLC0415 - only when asked for

        return role()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(api: Api, caller: Caller, found: Found, started: str) -> Snapshot:
    """Read all about a cluster that was found."""
    from cloudguard_gcp import disks, gke, hosts, identity, network, pools  # noqa: PLC0415 - only when asked for

    managed = gke.read_managed(api, found.gke) if found.gke else None
    machines = hosts.read_hosts(api, found)
    networks = (
        {*hosts.networks_of(found.instances), *(one.network for one in managed.endpoints if managed)}
        if managed
        else {*hosts.networks_of(found.instances)}
    )
    raise NotImplementedError


ADAPTER = GcpAdapter()
