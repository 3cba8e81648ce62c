"""The Azure adapter: find a cluster, read it, return its snapshot."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cloudguard.model.cluster import Cluster, Disk, DiskSnapshot, Host, Pool
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Identities
from cloudguard.model.keys import Key, SecretsEncryption
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.provider.collecting import CloudAdapter
from cloudguard.provider.etcd_disks import etcd_traits
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, silent
from cloudguard_azure.access.session import OPTIONS

if TYPE_CHECKING:
    from cloudguard.provider.permissions.preflight import Tried
    from cloudguard_azure.access.api import Api
    from cloudguard_azure.access.session import Caller
    from cloudguard_azure.cluster.find import FoundCluster
    from cloudguard_azure.identity.holders import Attachments


class AzureAdapter(CloudAdapter):
    """Reads one Kubernetes cluster on Azure."""

    name = "azure"
    options = OPTIONS
    permission_formats = ("json", "terraform")

    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters found in the subscription."""
        from cloudguard_azure.cluster.find import clusters  # noqa: PLC0415 - only when asked for

        return clusters(request, progress)

    def read(self, request: CollectRequest, progress: Progress) -> Snapshot:
        """Read the cluster that ``request`` names."""
        from cloudguard_azure.cluster.find import cluster  # noqa: PLC0415 - only when asked for

        return _read(*cluster(request, progress))

    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return the IAM catalog for the cluster of ``snapshot``."""
        from cloudguard_azure.iam_catalog.catalog_of_cluster import iam_catalog  # noqa: PLC0415 - only when asked for

        return iam_catalog(snapshot)

    def change_forms(self, snapshot: Snapshot) -> ChangeForms:
        """Return the forms of changes to the resources of ``snapshot``."""
        from cloudguard_azure.changes.change_forms import AzureForms  # noqa: PLC0415 - only when asked for

        return AzureForms(snapshot)

    def permissions_as(self, format_name: str) -> str:
        """Return the read-only custom role in one of ``permission_formats``."""
        from cloudguard_azure.access import scanner_role  # noqa: PLC0415 - only when asked for

        match format_name:
            case "terraform":
                return scanner_role.terraform()
            case _:
                return scanner_role.role()

    def verify(self, request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
        """Try each call of ``collect`` without changing anything."""
        from cloudguard_azure.access.preflight import verify  # noqa: PLC0415 - only when asked for

        return verify(request, progress)


def _read(api: Api, caller: Caller, found: FoundCluster) -> Snapshot:
    """Read all facts about a cluster that was found."""
    from cloudguard_azure.cluster import aks, hosts, pools  # noqa: PLC0415 - when asked for
    from cloudguard_azure.identity.aks_places import aks_traits  # noqa: PLC0415 - when asked for
    from cloudguard_azure.identity.holders import attachments, known  # noqa: PLC0415 - when asked for
    from cloudguard_azure.network.topology import read_around  # noqa: PLC0415 - when asked for

    machines = hosts.read_hosts(api, found)
    groups = pools.read_pools(api, found, machines)
    attached = attachments(api, (*found.machine_items, *(scale_set.item for scale_set in found.scale_sets)))
    around, (found_disks, copies, keys, secrets), identities = api.parallel(
        partial(read_around, api, found, machines, groups),
        partial(_read_disks, api, found, machines),
        partial(_read_identities, api, found, (machines, groups), attached),
    )
    installer = found.installer(machines, found_disks, around.topology.balancers)
    cluster = Cluster(
        name=found.name,
        provider="azure",
        account=caller.subscription,
        regions=found.regions,
        installer=installer.name,
        version=found.aks.version if found.aks else "",
        managed=found.aks is not None,
        scanned_by=caller.account,
        hosts=tuple(known(host, attached) for host in around.hosts),
        pools=tuple(known(pool, attached) for pool in around.pools),
        disks=found_disks,
        copies=copies,
        keys=keys,
        managed_by=aks.MANAGED_BY if found.aks else "",
        secrets_encryption=secrets,
        pod_ranges=around.pod_ranges | aks.read_pod_ranges(api, found.aks),
        traits=(*etcd_traits(found_disks), *(aks_traits(api, found.aks.item) if found.aks else ())),
        installer_strength=installer.strength,
        place=found.aks.group if found.aks else "",
    )
    return ADAPTER.snapshot(api, cluster, around.topology, identities)


def _read_disks(
    api: Api, found: FoundCluster, hosts: tuple[Host, ...]
) -> tuple[tuple[Disk, ...], tuple[DiskSnapshot, ...], tuple[Key, ...], SecretsEncryption | None]:
    """Read the disks that may hold etcd, and their keys. For a managed cluster, read the key of its Secrets."""
    from cloudguard_azure.storage import disks, secrets  # noqa: PLC0415 - only when asked for

    if found.aks is None:
        return (*disks.read_disks(api, found, hosts), None)
    encryption, keys = secrets.read_secrets(api, found.aks)
    return (), (), keys, encryption


def _read_identities(
    api: Api, found: FoundCluster, holding: tuple[tuple[Host, ...], tuple[Pool, ...]], attached: Attachments
) -> Identities:
    from cloudguard_azure.identity.identities import ClusterHolders, read_identities  # noqa: PLC0415 - only when asked for

    managed = found.aks.item if found.aks else None
    return read_identities(api, ClusterHolders(found.name, *holding, attached, managed, found.issuer))


ADAPTER = AzureAdapter()
