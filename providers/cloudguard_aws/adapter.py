"""The AWS adapter. Importing it loads nothing that not every command takes."""

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
        """Return the clusters that the regions show."""
        from cloudguard_aws.cluster.regions import clusters  # noqa: PLC0415 - only when asked for

        return clusters(request, progress)

    def read(self, request: CollectRequest, progress: Progress) -> Snapshot:
        """Read the cluster that ``request`` names."""
        from cloudguard_aws.cluster.regions import cluster  # noqa: PLC0415 - only when asked for

        meanwhile = partial(import_module, "cloudguard_aws.reading")
        api, found, caller = cluster(request, progress, meanwhile)
        from cloudguard_aws.reading import read_all  # noqa: PLC0415 - loaded by now

        return read_all(api, found, caller, partial(self.snapshot, api))

    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return what is known of IAM permissions, for the cluster of ``snapshot``."""
        from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog  # noqa: PLC0415 - only when asked for

        return iam_catalog(snapshot)

    def change_forms(self, snapshot: Snapshot) -> AwsChangeForms:
        """Return AWS's forms of changes to what ``snapshot`` shows."""
        from cloudguard_aws.changes.change_forms import AwsChangeForms  # noqa: PLC0415 - only when asked for

        return AwsChangeForms(snapshot)

    def permissions_as(self, format_name: str) -> str:
        """Return the read-only IAM policy in one of ``permission_formats``."""
        from cloudguard_aws.access import scanner_policy  # noqa: PLC0415 - only when asked for

        match format_name:
            case "terraform":
                return scanner_policy.terraform()
            case "cloudformation":
                return scanner_policy.cloudformation()
            case _:
                return scanner_policy.policy()

    def verify(self, request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
        """Try each call that ``collect`` makes, harmlessly."""
        from cloudguard_aws.access.preflight import verify  # noqa: PLC0415 - only when asked for

        return verify(request, progress)


ADAPTER = AwsAdapter()
