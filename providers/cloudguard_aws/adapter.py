"""The AWS adapter. Its import loads only modules that every command needs."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.collecting import CloudAdapter
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, silent
from cloudguard_aws.access.session import OPTIONS

if TYPE_CHECKING:
    from cloudguard.provider.permissions.preflight import Tried
    from cloudguard_aws.changes.change_forms import AwsChangeForms


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

        meanwhile = partial(import_module, "cloudguard_aws.reading")
        api, found, caller = cluster(request, progress, meanwhile)
        from cloudguard_aws.reading import read_all  # noqa: PLC0415 - loaded by now

        return read_all(api, found, caller, partial(self.snapshot, api))

    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return the IAM catalog for the cluster of ``snapshot``."""
        from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog  # noqa: PLC0415 - loaded only when needed

        return iam_catalog(snapshot)

    def change_forms(self, snapshot: Snapshot) -> AwsChangeForms:
        """Return the AWS forms of changes to the resources of ``snapshot``."""
        from cloudguard_aws.changes.change_forms import AwsChangeForms  # noqa: PLC0415 - loaded only when needed

        return AwsChangeForms(snapshot)

    def permissions_as(self, format_name: str) -> str:
        """Return the read-only IAM policy in one of ``permission_formats``."""
        from cloudguard_aws.access import scanner_policy  # noqa: PLC0415 - loaded only when needed

        match format_name:
            case "terraform":
                return scanner_policy.terraform()
            case "cloudformation":
                return scanner_policy.cloudformation()
            case _:
                return scanner_policy.policy()

    def verify(self, request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
        """Try each call of ``collect`` without changing anything."""
        from cloudguard_aws.access.preflight import verify  # noqa: PLC0415 - loaded only when needed

        return verify(request, progress)


ADAPTER = AwsAdapter()
