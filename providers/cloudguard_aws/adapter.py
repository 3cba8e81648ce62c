"""The AWS adapter. Its import loads only modules that every command needs."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.collecting import CloudAdapter
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, silent
from cloudguard_aws.access.session import OPTIONS


class AwsAdapter(CloudAdapter):
    """Reads one Kubernetes cluster on AWS."""

    name = "aws"
    options = OPTIONS
    permission_formats = ("json", "terraform", "cloudformation")

    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters of the given regions, else of all enabled regions."""
        from cloudguard_aws.cluster.regions import clusters  # noqa: PLC0415 - loaded only when needed

        return clusters(request, progress)

    def read(self, request: CollectRequest, progress: Progress) -> Snapshot:
        """Read the cluster in ``request``."""
        from cloudguard_aws.cluster.regions import cluster  # noqa: PLC0415 - loaded only when needed

        found = cluster(request, progress, partial(import_module, "cloudguard_aws.reading"))
        from cloudguard_aws.reading import read_all  # noqa: PLC0415 - loaded by now

        return read_all(*found)


ADAPTER = AwsAdapter()
