"""The Google Cloud adapter. Its import loads only modules that every command needs."""

from __future__ import annotations

from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.collecting import CloudAdapter
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, silent
from cloudguard_gcp.access.session import OPTIONS


class GcpAdapter(CloudAdapter):
    """Reads one Kubernetes cluster on Google Cloud."""

    name = "gcp"
    options = OPTIONS
    permission_formats = ("json", "terraform")

    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters found in the project."""
        from cloudguard_gcp.cluster.find import clusters  # noqa: PLC0415 - loaded only when needed

        return clusters(request, progress)

    def read(self, request: CollectRequest, progress: Progress) -> Snapshot:
        """Read the cluster in ``request``."""
        from cloudguard_gcp.cluster.find import cluster  # noqa: PLC0415 - loaded only when needed

        found = cluster(request, progress)
        from cloudguard_gcp.reading import read_all  # noqa: PLC0415 - loaded only when needed

        return read_all(*found)


ADAPTER = GcpAdapter()
