"""The Google Cloud adapter: find a cluster, read it, return its snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudguard.model.cluster import Cluster, Disk, DiskSnapshot, Host, Pool
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Identities
from cloudguard.model.keys import Key
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.provider.collecting import CloudAdapter
from cloudguard.provider.etcd_disks import etcd_traits
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, silent
from cloudguard_gcp.access.session import OPTIONS

if TYPE_CHECKING:
    from cloudguard.provider.permissions.preflight import Tried
    from cloudguard_gcp.access.api import Api
    from cloudguard_gcp.access.session import Caller
    from cloudguard_gcp.cluster.find import FoundCluster
    from cloudguard_gcp.cluster.instances import Instance


class GcpAdapter(CloudAdapter):
    """Reads one Kubernetes cluster on Google Cloud."""

    name = "gcp"
    options = OPTIONS
    permission_formats = ("json", "terraform")

    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters found in the project."""
        from cloudguard_gcp.cluster.find import clusters  # noqa: PLC0415 - only when asked for

        return clusters(request, progress)

    def read(self, request: CollectRequest, progress: Progress) -> Snapshot:
        """Read the cluster that ``request`` names."""
        from cloudguard_gcp.cluster.find import cluster  # noqa: PLC0415 - only when asked for

        return _read(*cluster(request, progress))

    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return the IAM catalog for the cluster of ``snapshot``."""
        from cloudguard_gcp.iam_catalog.catalog_of_cluster import iam_catalog  # noqa: PLC0415 - only when asked for

        return iam_catalog(snapshot)

    def change_forms(self, snapshot: Snapshot) -> ChangeForms:
        """Return the forms of changes to the resources of ``snapshot``."""
        from cloudguard_gcp.changes.change_forms import GcpForms  # noqa: PLC0415 - only when asked for

        return GcpForms(snapshot)

    def permissions_as(self, format_name: str) -> str:
        """Return the read-only custom role in one of ``permission_formats``."""
        from cloudguard_gcp.access import scanner_role  # noqa: PLC0415 - only when asked for

        match format_name:
            case "terraform":
                return scanner_role.terraform()
            case _:
                return scanner_role.role()

    def verify(self, request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
        """Try each call of ``collect`` without changing anything."""
        from cloudguard_gcp.access.preflight import verify  # noqa: PLC0415 - only when asked for

        return verify(request, progress)


def _read(api: Api, caller: Caller, found: FoundCluster) -> Snapshot:
    """Read all facts about a cluster that was found."""
    from cloudguard_gcp.cluster import gke, hosts, pod_ranges, pools  # noqa: PLC0415 - when asked for
    from cloudguard_gcp.identity import gatekeepers, shared_copies  # noqa: PLC0415 - when asked for
    from cloudguard_gcp.identity.identities import known  # noqa: PLC0415 - when asked for
    from cloudguard_gcp.network import topology  # noqa: PLC0415 - when asked for
    from cloudguard_gcp.network.members import with_members  # noqa: PLC0415 - when asked for

    found = with_members(api, found)
    machines = hosts.read_hosts(api, found)
    groups, templates = pools.read_pools(api, found, machines)
    around, (found_disks, copies, found_keys), identities = api.parallel(
        lambda: topology.read_around(api, found, machines, groups),
        lambda: _read_disks(api, found, machines),
        lambda: _read_identities(api, caller, found, (machines, groups, templates)),
    )
    found_disks, copies = shared_copies.with_outsiders(api, (caller.project, *_numbers(caller)), found_disks, copies)
    machines, groups = hosts.guarded(machines, around.chains), pools.guarded(groups, around.chains)
    installer = found.installer(machines, found_disks, around.topology.balancers)
    cluster = Cluster(
        name=found.name,
        provider="gcp",
        account=caller.project,
        regions=found.regions,
        installer=installer.name,
        version=found.gke.version if found.gke else "",
        managed=found.gke is not None,
        scanned_by=caller.account,
        hosts=known(machines, caller),
        pools=known(groups, caller),
        disks=found_disks,
        copies=copies,
        keys=found_keys,
        managed_by=gke.MANAGED_BY if found.gke else "",
        secrets_encryption=found.gke.secrets if found.gke else None,
        pod_ranges=pod_ranges.pod_ranges(api, found),
        traits=(*etcd_traits(found_disks), *pools.next_hosts(api, found.project, groups), *_number_trait(caller)),
        installer_strength=installer.strength,
        place=found.gke.location if found.gke and found.gke.location != found.gke.region else "",
    )
    guarded = gatekeepers.with_guarded_ways(api, (caller.project, *_numbers(caller)), around.topology, found.gke)
    return ADAPTER.snapshot(api, cluster, guarded, identities)


def _read_identities(
    api: Api,
    caller: Caller,
    found: FoundCluster,
    holding: tuple[tuple[Host, ...], tuple[Pool, ...], dict[str, Instance]],
) -> Identities:
    from cloudguard_gcp.identity.identities import held_accounts, holders_of, read_identities  # noqa: PLC0415
    from cloudguard_gcp.identity.kubernetes_accounts import IdentityPools, SelfManaged  # noqa: PLC0415

    cluster: IdentityPools | SelfManaged = SelfManaged(found.name, found.other_clusters)
    if gke := found.gke:
        cluster_name = f"projects/{caller.project}/locations/{gke.location}/clusters/{gke.name}"
        cluster = IdentityPools(gke.workload_pools, cluster_name)
    holders = holders_of(held_accounts(found, caller, *holding))
    return read_identities(api, (caller.project, *_numbers(caller)), holders, cluster, found.outside_groups)


def _read_disks(
    api: Api, found: FoundCluster, hosts: tuple[Host, ...]
) -> tuple[tuple[Disk, ...], tuple[DiskSnapshot, ...], tuple[Key, ...]]:
    """Read the disks that may hold etcd, and their keys. For a managed cluster, read the key of its Secrets."""
    from cloudguard_gcp.cluster import disks, keys  # noqa: PLC0415 - only when asked for

    if found.gke is None:
        return disks.read_disks(api, project=found.project, cluster=found.name, hosts=hosts, instances=found.instances)
    return (), (), keys.read_keys(api, (found.gke.secrets.key, *found.gke.keys))


def _number_trait(caller: Caller) -> tuple[tuple[str, str], ...]:
    """Return the number of the caller's project as a trait of the cluster."""
    from cloudguard_gcp.cluster.disks import PROJECT_NUMBER  # noqa: PLC0415 - only when asked for

    return tuple((PROJECT_NUMBER, number) for number in _numbers(caller))


def _numbers(caller: Caller) -> tuple[str, ...]:
    """Return the number of the caller's project, which its default account has in its address; () if it is unknown."""
    from cloudguard_gcp.access.resource_names import owner_of  # noqa: PLC0415 - only when asked for

    number = owner_of(caller.default_account)
    return (number,) if number else ()


ADAPTER = GcpAdapter()
