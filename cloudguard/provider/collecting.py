"""The common part of the adapters: search for clusters, refuse a request without one, put the times in the snapshot."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar

from cloudguard.errors import AccessError, ClusterNotFoundError, UsageError
from cloudguard.model.cluster import Cluster
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Identities
from cloudguard.model.network import Topology
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.model.ways_in import WayIn
from cloudguard.provider.port import ClusterSummary, CollectRequest, NotAllSeenError, Option, Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from cloudguard.provider.change_forms import ChangeForms
    from cloudguard.provider.host_roles import HostRoles
    from cloudguard.provider.ownership.facts import OwnerFacts
    from cloudguard.provider.permissions.preflight import Tried
    from cloudguard.provider.reader import Reader
    from cloudguard.results.reference import ReferenceEntry

_FEW = 5
"""The number of clusters, or of failed calls, that an error lists. For more clusters it gives their number."""


def role_counts(hosts: Iterable[HostRoles | None]) -> tuple[tuple[str, int], ...]:
    """Return pairs of a role, or "unknown", and the number of ``hosts`` whose first role it is, as in a summary."""
    counts = Counter(str(known.roles[0]) if known and known.roles else "unknown" for known in hosts)
    return tuple(sorted(counts.items()))


def all_clusters(
    clusters: Iterable[ClusterSummary],
    gaps: Mapping[str, Sequence[Gap]],
    provider: str,
    advice: str = "Grant the permission",
) -> tuple[ClusterSummary, ...]:
    """Return ``clusters`` by region and name. Raises NotAllSeenError if there are ``gaps``: some may be missing.

    ``gaps``: by the region, project or subscription that was searched. ``advice``: the hint, without a full stop.
    """
    ordered = tuple(sorted(clusters, key=lambda cluster: (cluster.region, cluster.name)))
    if refused := [f"{gap.call} in {place}: {gap.message}" for place, listed in gaps.items() for gap in listed]:
        names = f" Clusters found: {', '.join(cluster.name for cluster in ordered)}" if ordered else ""
        message = f"could not list all clusters: {'; '.join(refused[:_FEW])}"
        raise NotAllSeenError(message, ordered, hint=f"{advice}; see: cloudguard permissions {provider}.{names}")
    return ordered


def refused_search(cluster: str, gaps: Iterable[Gap], place: str, provider: str) -> AccessError | None:
    """Return the error for a cluster whose hosts a failed call may hide; None if no call hides hosts."""
    hidden = [gap for gap in gaps if FactKind.HOSTS in gap.hides and gap.reason is not Reason.MISSING]
    if not hidden:
        return None
    refused = "; ".join(f"{gap.call}: {gap.message}" for gap in hidden)
    message = f"could not check whether {cluster!r} is in {place}: {refused}"
    return AccessError(message, hint=f"Grant the permission; see: cloudguard permissions {provider}")


def not_found(cluster: str, place: str, names: Collection[str], hint: str) -> ClusterNotFoundError:
    """Return the error for a cluster that does not exist. ``names``: all clusters. ``hint``: for no clusters."""
    listed = sorted(names)
    few = ", ".join(listed[:_FEW]) + (f" and {len(listed) - _FEW} more" if len(listed) > _FEW else "")
    message = f"no cluster is called {cluster!r} in {place}"
    return ClusterNotFoundError(message, hint=f"Clusters found: {few}" if listed else hint)


class CloudAdapter:
    """An adapter. Its package ``cloudguard_NAME`` holds ``ways_in.toml``, ``owners.toml`` and ``references.toml``.

    These functions of the package are loaded when they are needed:
    ``cluster.find.clusters(request, progress)``: see ``Adapter.discover``;
    ``cluster.find.cluster(request, progress)``, whose result is the arguments of ``reading.read_all``: a Snapshot;
    ``iam_catalog.catalog_of_cluster.iam_catalog(snapshot)``: see ``Adapter``;
    ``changes.change_forms.Forms(snapshot)``: see ``MakesPlans``;
    ``access.preflight.verify(request, progress)``: see ``TriesPermissions``;
    ``access.scanner_permissions.FORMATS``: format → a function that returns the permissions in it.
    """

    name: ClassVar[str]
    options: ClassVar[tuple[Option, ...]]
    permission_formats: ClassVar[tuple[str, ...]]
    """The keys of ``FORMATS``. The first one is the cloud's own form."""

    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters that the caller can see in the account. Raises AccessError if no call is possible."""
        clusters: tuple[ClusterSummary, ...] = self._module("cluster.find").clusters(request, progress)
        return clusters

    def read(self, request: CollectRequest, progress: Progress) -> Snapshot:
        """Read the cluster that ``request`` names, without the times."""
        found = self._module("cluster.find").cluster(request, progress)
        snapshot: Snapshot = self._module("reading").read_all(*found)
        return snapshot

    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return the catalog of this cloud's permissions for the cluster of ``snapshot``. Makes no call."""
        catalog: IamCatalog = self._module("iam_catalog.catalog_of_cluster").iam_catalog(snapshot)
        return catalog

    def change_forms(self, snapshot: Snapshot) -> ChangeForms:
        """Return the cloud's forms of changes to the resources of ``snapshot``."""
        of_cloud: ChangeForms = self._module("changes.change_forms").Forms(snapshot)
        return of_cloud

    def permissions_as(self, format_name: str) -> str:
        """Return the read-only policy or role that a check needs, in a format of ``permission_formats``."""
        formats: Mapping[str, Callable[[], str]] = self._module("access.scanner_permissions").FORMATS
        return formats[format_name]()

    def permissions(self) -> str:
        """Return the read-only policy or role that a check needs, in the cloud's own form."""
        return self.permissions_as(self.permission_formats[0])

    def verify(self, request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
        """Try each call of ``collect`` without changing anything. Raises AccessError if no call is possible."""
        outcomes: tuple[Tried, ...] = self._module("access.preflight").verify(request, progress)
        return outcomes

    def _module(self, name: str) -> Any:  # noqa: ANN401 - a module of any provider
        return import_module(f"cloudguard_{self.name}.{name}")

    def collect(self, request: CollectRequest, progress: Progress = silent) -> Snapshot:
        """Read one cluster. A refused call is a Gap. Raises ClusterNotFoundError, AccessError or UsageError."""
        if not request.cluster:
            message = "no cluster is named"
            raise UsageError(message, hint=f"Give --cluster NAME; see: cloudguard discover {self.name}")
        started = _now()
        return replace(self.read(request, progress), started=started, finished=_now())

    def ways_in(self) -> tuple[WayIn, ...]:
        """Return the table of ways in."""
        from cloudguard.provider.ways_in import ways_in  # noqa: PLC0415 - only when asked for

        return ways_in(f"cloudguard_{self.name}")

    def owners(self) -> Mapping[str, OwnerFacts]:
        """Return the table of owners."""
        from cloudguard.provider.ownership.facts import owner_facts  # noqa: PLC0415 - only when asked for

        return owner_facts(f"cloudguard_{self.name}")

    def references(self) -> tuple[ReferenceEntry, ...]:
        """Return the table of references."""
        from cloudguard.results.reference import reference_table  # noqa: PLC0415 - only when asked for

        return reference_table(f"cloudguard_{self.name}")


def snapshot_of(reader: Reader[Any], cluster: Cluster, topology: Topology, identities: Identities) -> Snapshot:
    """Return the snapshot of the facts, with the reader's gaps and the ways in that were asked for. It has no times."""
    from cloudguard.provider.ways_in import asked_for, ways_in  # noqa: PLC0415 - only when a cluster is read

    return Snapshot(
        schema=SCHEMA,
        tool=f"cloudguard {version('cloudguard-k8s')}",
        started="",
        finished="",
        cluster=cluster,
        topology=topology,
        identities=identities,
        gaps=reader.gaps,
        asked=asked_for(ways_in(f"cloudguard_{cluster.provider}")),
        assumed_empty=reader.assumed_empty,
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
