"""The common part of every adapter: refuse a request without a cluster, and put the times in the snapshot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar

from cloudguard.errors import UsageError
from cloudguard.model.cluster import Cluster
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Identities
from cloudguard.model.network import Topology
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard.model.ways_in import WayIn
from cloudguard.provider.port import ClusterSummary, CollectRequest, Option, Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudguard.provider.ownership.facts import OwnerFacts
    from cloudguard.provider.reader import Reader
    from cloudguard.results.reference import ReferenceEntry


class CloudAdapter(ABC):
    """An adapter. Its package ``cloudguard_NAME`` holds ``ways_in.toml``, ``owners.toml`` and ``references.toml``."""

    name: ClassVar[str]
    options: ClassVar[tuple[Option, ...]]

    @abstractmethod
    def discover(self, request: CollectRequest, progress: Progress = silent) -> tuple[ClusterSummary, ...]:
        """Return the clusters that the caller can see in the account. Raises AccessError if no call is possible."""

    @abstractmethod
    def read(self, request: CollectRequest, progress: Progress) -> Snapshot:
        """Read the cluster that ``request`` names. Implementations end with a call of ``snapshot``."""

    @abstractmethod
    def iam_catalog(self, snapshot: Snapshot) -> IamCatalog:
        """Return the catalog of this cloud's permissions for the cluster of ``snapshot``. Makes no call."""

    @abstractmethod
    def permissions_as(self, format_name: str) -> str:
        """Return the read-only policy or role that a check needs, in a format of ``permission_formats``."""

    def permissions(self) -> str:
        """Return the read-only policy or role that a check needs, in the cloud's own form."""
        return self.permissions_as("json")

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

    def snapshot(self, reader: Reader[Any], cluster: Cluster, topology: Topology, identities: Identities) -> Snapshot:
        """Return the snapshot of the facts, with the reader's gaps and the ways in that were asked for."""
        from cloudguard.provider.ways_in import asked  # noqa: PLC0415 - only when a cluster is read

        return Snapshot(
            schema=SCHEMA,
            tool=f"cloudguard {version('cloudguard-k8s')}",
            started="",
            finished="",
            cluster=cluster,
            topology=topology,
            identities=identities,
            gaps=reader.gaps,
            asked=asked(self.ways_in()),
            assumed_empty=reader.assumed_empty,
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
