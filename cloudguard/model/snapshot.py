"""The snapshot: all facts that an adapter read about one cluster. The engines evaluate it."""

from __future__ import annotations

from cloudguard.model.cluster import Cluster
from cloudguard.model.identity import Identities
from cloudguard.model.network import Topology
from cloudguard.model.source import FactKind, Gap
from cloudguard.values import dataclass

SCHEMA = "cloudguard/snapshot/v2"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Facts about one cluster, and the gaps in them. Times are ISO 8601 in UTC.

    ``asked``: the ids of the ways in that were asked for, or are shut. ``assumed_empty``: API calls that the cloud does
    not support. They count as answered with an empty result, because the caller said so.
    """

    schema: str
    tool: str
    started: str
    finished: str
    cluster: Cluster
    topology: Topology
    identities: Identities
    gaps: tuple[Gap, ...] = ()
    asked: tuple[str, ...] = ()
    assumed_empty: tuple[str, ...] = ()

    def gaps_hiding(self, kinds: frozenset[FactKind]) -> tuple[Gap, ...]:
        """Return the gaps that hide facts of any of ``kinds``."""
        return tuple(gap for gap in self.gaps if kinds.intersection(gap.hides))
