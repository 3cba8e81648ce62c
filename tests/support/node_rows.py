"""Clusters of one node, and their node-access row."""

from __future__ import annotations

from dataclasses import replace

from builders import NODE, group, host, snapshot
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult
from judged import rows_of

INTERNET, INSIDE, NODE_PORTS = "node-access/internet", "node-access/inside", "node-access/node-ports"
PUBLIC_ADDRESS, FROM_CONTROL_PLANE = "node-access/public-address", "node-access/control-plane"


def row(facts: Snapshot, policy: Declarations | None = None) -> RowResult:
    """Return the row of a snapshot."""
    return rows_of(facts, policy)["node-access"]


def checks_of(result: RowResult) -> list[tuple[str, Severity]]:
    """Return the check and the severity of each finding."""
    return [(finding.check, finding.severity) for finding in result.findings]


def public_node(*allowed: tuple[str, str], v6: str = "", public: str = "203.0.113.9") -> Snapshot:
    """Return a cluster of one node with a public address."""
    return snapshot([host("n", NODE, "nodes", where="public", public=public, v6=v6)], [group("nodes", *allowed)])


def private_node(*allowed: tuple[str, str], **more: object) -> Snapshot:
    """Return a cluster of one private node. ``more``: fields of its topology."""
    facts = snapshot([host("n", NODE, "nodes")], [group("nodes", *allowed)])
    return replace(facts, topology=replace(facts.topology, **more)) if more else facts  # type: ignore[arg-type]
