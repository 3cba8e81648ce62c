"""The exposure of hosts as values: the senders that reach each service, and what would decide unknown cases."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sample
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.results.network.exposure import HostExposure, ServiceExposure, Widest
from cloudguard.results.report import RowResult
from cloudguard.rows.judge import judge


def rows_of(snapshot: Snapshot) -> dict[str, RowResult]:
    """Return the rows by name."""
    return {row.row: row for row in judge(snapshot, Declarations())[0]}


def exposures(snapshot: Snapshot) -> tuple[HostExposure, ...]:
    """Return the exposure of each class of hosts."""
    return rows_of(snapshot)["node-access"].basis.exposure


def of_kind(exposure: HostExposure, name: str) -> ServiceExposure:
    """Return the exposure of one kind of service."""
    return next(service for service in exposure.services if service.name == name)


def test_hosts_are_grouped_by_the_senders_that_reach_them() -> None:
    masters, nodes = exposures(sample.snapshot(nodes=2))
    assert (masters.roles, masters.count, masters.example) == ("control-plane+etcd", 1, "m-1")
    assert (nodes.roles, nodes.count) == ("node", 2)
    api = of_kind(masters, "API")
    assert (api.widest, api.senders[0], api.possible) == (Widest.INTERNET, "the internet", None)
    assert of_kind(masters, "etcd").widest is Widest.INTERNET
    assert of_kind(masters, "kubelet") == ServiceExposure("kubelet", "tcp/10250,tcp/10255", Widest.NOBODY)
    assert {service.widest for service in nodes.services} == {Widest.NOBODY}


@pytest.mark.parametrize(
    ("peer", "widest", "senders"),
    [
        ("203.0.113.0/24", Widest.PUBLIC, ("203.0.113.0/24 on the internet",)),
        ("10.0.9.0/24", Widest.INSIDE, ("anyone inside vpc",)),
        ("10.0.0.10/32", Widest.NOBODY, ()),
    ],
)
def test_the_widest_sender_is_shown(peer: str, widest: Widest, senders: tuple[str, ...]) -> None:
    base = sample.snapshot()
    filters = [
        replace(guard, rules=(*guard.rules[1:2], sample.rule("r-ssh", "tcp/22", peer)))
        if guard.id == "f-masters"
        else guard
        for guard in base.topology.filters
    ]
    masters = exposures(replace(base, topology=replace(base.topology, filters=tuple(filters))))[0]
    ssh = of_kind(masters, "SSH, RDP")
    assert (ssh.widest, ssh.senders) == (widest, senders)


def test_an_unread_filter_is_undecided_and_the_missing_permission_is_named() -> None:
    gap = Gap("memory:ReadFilters", "f-masters", Reason.DENIED, "no", (FactKind.FILTERS,), "memory:read")
    base = sample.snapshot(gaps=(gap,))
    filters = tuple(guard for guard in base.topology.filters if guard.id != "f-masters")
    unread = replace(base, topology=replace(base.topology, filters=filters))
    ssh = of_kind(exposures(unread)[0], "SSH, RDP")
    assert (ssh.widest, ssh.possible) == (Widest.NOBODY, Widest.INTERNET)
    row = rows_of(unread)["etcd-access"]
    assert tuple(undecided.what for undecided in row.undecided) == row.unknown
    connection = next(undecided for undecided in row.undecided if undecided.sender == "the internet")
    assert (connection.why, connection.gaps, connection.would_help) == (
        "filter f-masters could not be read",
        ("memory:ReadFilters",),
        "memory:read",
    )
    assert connection.what.startswith(f"whether the internet can reach {connection.service} on {connection.target}")
    (failed,) = [undecided for undecided in row.undecided if undecided.what.startswith("memory:ReadFilters")]
    assert (failed.sender, failed.gaps) == ("", ("memory:ReadFilters",))


def test_every_row_quotes_the_kubernetes_documentation() -> None:
    rows = rows_of(sample.snapshot())
    assert all(row.recommendation for row in rows.values())
    assert rows["etcd-access"].recommendation.startswith(
        "Access to etcd (the datastore of Kubernetes) should be limited"
    )
