"""The whole of what was read about one cluster: what an adapter gives and the engine takes."""

from __future__ import annotations

from dataclasses import dataclass

from cloudguard.model.cluster import Cluster
from cloudguard.model.identity import Identities
from cloudguard.model.network import Topology
from cloudguard.model.source import FactKind, Gap

SCHEMA = "cloudguard/snapshot/v3"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Facts about one cluster, and the gaps in them. Times are ISO 8601 in UTC."""

    schema: str
    tool: str
    started: str
    finished: str
    cluster: Cluster
    topology: Topology
    identities: Identities
    gaps: tuple[Gap, ...] = ()

    def gaps_hiding(self, facets: frozenset[FactKind]) -> tuple[Gap, ...]:
        """Gaps that hide any of ``facets``."""
        return tuple(gap for gap in self.gaps if facets.intersection(gap.hides))
