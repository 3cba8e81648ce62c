"""The Google Cloud adapter: find, read, assemble."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from cloudguard.errors import UsageError
from cloudguard.model.cluster import Cluster, Disk, Host, Key, Pool
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Identities
from cloudguard.model.network import Topology
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard.model.ways_in import WayIn
from cloudguard.provider.etcd_disks import etcd_traits
from cloudguard.provider.port import ClusterSummary, CollectRequest, Option, Progress, silent
from cloudguard_gcp.access.session import OPTIONS

if TYPE_CHECKING:
    from cloudguard.provider.answers import Item
    from cloudguard_gcp.access.api import Api
    from cloudguard_gcp.access.session import Caller
    from cloudguard_gcp.cluster.find import Found
    from cloudguard_gcp.cluster.gke import Managed


class GcpAdapter:
    """Reads one Kubernetes cluster on Google Cloud."""

    name = "gcp"
    options: tuple[Option, ...] = OPTIONS

    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters that the project shows."""
        from cloudguard_gcp.cluster.find import clusters  # noqa: PLC0415 - only when asked for

        return clusters(request, progress)

    def collect(self, request: CollectRequest, progress: Progress = silent) -> Snapshot:
        """Read one cluster."""
        if not request.cluster:
            message = "no cluster is named"
            raise UsageError(message, hint="Give --cluster NAME; see: cloudguard discover gcp")
        from cloudguard_gcp.cluster.find import cluster  # noqa: PLC0415 - only when asked for

        started = _now()
        return _read(*cluster(request, progress), started)

    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return what is known of Google's permissions, for the cluster of ``snapshot``."""
        from cloudguard_gcp.iam_catalog.catalog_of_cluster import iam_catalog  # noqa: PLC0415 - only when asked for

        return iam_catalog(snapshot)

    def ways_in(self) -> tuple[WayIn, ...]:
        """Return the table of ways in."""
        from cloudguard.provider.ways_in import ways_in  # noqa: PLC0415 - only when asked for

        return ways_in("cloudguard_gcp")

    def permissions(self) -> str:
        """Return the read-only custom role that ``collect`` and ``discover`` need."""
        from cloudguard_gcp.access.scanner_role import role  # noqa: PLC0415 - only when asked for

        return role()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read(api: Api, caller: Caller, found: Found, started: str) -> Snapshot:
    """Read all about a cluster that was found."""
    from cloudguard.provider.ways_in import asked  # noqa: PLC0415 - when asked for
    from cloudguard_gcp.cluster import gke, hosts, pools  # noqa: PLC0415 - when asked for
    from cloudguard_gcp.identity.holders import known  # noqa: PLC0415
    from cloudguard_gcp.network import pod_ranges, topology  # noqa: PLC0415 - when asked for

    managed = gke.read_managed(api, found.gke) if found.gke else None
    machines = hosts.read_hosts(api, found)
    networks = hosts.networks_of(found.instances, managed.endpoints if managed else ())
    groups, templates = pools.read_pools(api, found, machines)
    around, disks_and_keys, identities = api.three(
        lambda: topology.read_around(
            api, project=caller.project, networks=networks, hosts=machines, pools=groups, everyone=found.everyone
        ),
        lambda: _read_disks(api, caller.project, found, managed, machines),
        lambda: _read_identities(api, caller, found, (machines, groups, templates)),
    )
    machines, groups = hosts.guarded(machines, around.chains), pools.guarded(groups, around.chains)
    return Snapshot(
        schema=SCHEMA,
        tool=f"cloudguard {version('cloudguard-k8s')}",
        started=started,
        finished=_now(),
        cluster=Cluster(
            name=found.name,
            provider="gcp",
            account=caller.project,
            regions=found.regions,
            installer=found.installer,
            version=managed.version if managed else "",
            managed=managed is not None,
            scanned_by=caller.account,
            hosts=known(machines, caller),
            pools=known(groups, caller),
            disks=disks_and_keys[0],
            keys=disks_and_keys[1],
            managed_by=gke.MANAGED_BY if managed else "",
            secrets_encryption=managed.secrets if managed else None,
            pod_ranges=pod_ranges.pod_ranges(api, caller.project, found.instances, found.gke),
            traits=etcd_traits(disks_and_keys[0]),
        ),
        topology=_with_endpoints(around.topology, managed),
        identities=identities,
        gaps=api.gaps,
        asked=asked(ADAPTER.ways_in()),
    )


def _read_identities(
    api: Api, caller: Caller, found: Found, holding: tuple[tuple[Host, ...], tuple[Pool, ...], dict[str, Item]]
) -> Identities:
    from cloudguard_gcp.identity.holders import held  # noqa: PLC0415 - only when asked for
    from cloudguard_gcp.identity.identities import holders_of, read_identities  # noqa: PLC0415

    return read_identities(api, caller.project, holders_of(held(found, caller, *holding)))


def _with_endpoints(topology: Topology, managed: Managed | None) -> Topology:
    """Return the topology with a managed control plane's endpoints, and what these name."""
    if managed is None:
        return topology
    return replace(
        topology,
        endpoints=managed.endpoints,
        filters=(*topology.filters, *managed.filters),
        address_lists=(*topology.address_lists, *managed.lists),
    )


def _read_disks(
    api: Api, project: str, found: Found, managed: Managed | None, hosts: tuple[Host, ...]
) -> tuple[tuple[Disk, ...], tuple[Key, ...]]:
    """Read the disks that may hold etcd, and their keys; of a managed cluster, the key of its Secrets."""
    from cloudguard_gcp.cluster import disks  # noqa: PLC0415 - only when asked for

    if managed is None:
        return disks.read_disks(api, project=project, cluster=found.name, hosts=hosts)
    return (), disks.read_keys(api, (managed.secrets.key, *managed.keys))


ADAPTER = GcpAdapter()
