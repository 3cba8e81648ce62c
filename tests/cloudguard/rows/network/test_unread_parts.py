"""A list or filter that was not read leaves undecided only what the rules that name it, or the filter, can let in."""

from __future__ import annotations

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    OPEN,
    PRIVATE,
    PUBLIC,
    SOURCE,
    WORLD,
    group,
    host,
    network_acl,
    snapshot,
    subnet,
)
from cloudguard.model.filters import AddressList
from cloudguard.model.network import NextHop
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import RowResult
from judged import rows_of

UNREAD = AddressList("pl-1", "", (), known=False, source=SOURCE)
GAP = Gap("test:Lists", "pl-1", Reason.DENIED, "AccessDenied", (FactKind.ADDRESS_LISTS,), "test:Read")


def cluster(*of_masters: tuple[str, str], of_nodes: tuple[tuple[str, str], ...] = ()) -> Snapshot:
    """Return a cluster with a list that could not be read."""
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes", where="public", public="203.0.113.9")]
    return snapshot(hosts, [group("masters", *of_masters), group("nodes", *of_nodes)], lists=[UNREAD], gaps=[GAP])


@pytest.mark.parametrize(
    ("of_masters", "of_nodes", "verdicts"),
    [
        ((), (), "PASS PASS PASS"),
        (("tcp/6443", "list:pl-1"), (), "UNKNOWN PASS PASS"),
        (("tcp/2379", "list:pl-1"), (), "PASS PASS UNKNOWN"),
        ((), ("tcp/8080", "list:pl-1"), "PASS UNKNOWN PASS"),
        (("all", "list:pl-1"), (), "UNKNOWN UNKNOWN UNKNOWN"),
    ],
)
def test_only_rows_whose_ports_the_list_s_rules_reach_are_unknown(
    of_masters: tuple[str, str], of_nodes: tuple[str, str], verdicts: str
) -> None:
    facts = cluster(*filter(None, [of_masters]), of_nodes=(of_nodes,) if of_nodes else ())
    results = rows_of(facts, Declarations(admin_cidrs=("198.51.100.0/24",)))
    rows = [results[name] for name in ("api-server-access", "node-access", "etcd-access")]
    assert " ".join(row.verdict for row in rows) == verdicts
    assert all("pl-1" in line for row in rows for line in row.unknown)
    assert {undecided.would_help for row in rows for undecided in row.undecided} <= {"test:Read"}


def test_a_certain_excess_fails_beside_the_list() -> None:
    row = rows_of(cluster(of_nodes=(("tcp/8080", "list:pl-1"), ("tcp/9000", WORLD))))["node-access"]
    assert (row.verdict, bool(row.unknown)) == ("FAIL", True)


def test_a_route_to_the_list_leaves_open_who_is_behind_it() -> None:
    def row(*allowed: tuple[str, str]) -> RowResult:
        routed = subnet("private", ("10.0.1.0/24",), ("list:pl-1", NextHop.PEER, "pcx"))
        hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")]
        groups = [group("masters", *allowed), group("nodes")]
        return rows_of(snapshot(hosts, groups, subnets=[PUBLIC, routed], lists=[UNREAD], gaps=[GAP]))["etcd-access"]

    assert row(("tcp/2379", "172.16.0.0/12")).verdict == "UNKNOWN"
    assert row(("tcp/9000", "172.16.0.0/12")).verdict == "PASS"


@pytest.mark.parametrize("missing", ["nodes", "acl"])
def test_a_filter_that_is_missing_hides_only_what_it_guards(missing: str) -> None:
    gap = Gap("test:Filters", missing, Reason.MISSING, "not seen", ())
    guarded = subnet("other", ("10.0.2.0/24",), guard="acl")
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes", where="other", address="10.0.2.9")]
    filters = [group("masters"), group("nodes", ("tcp/8080", WORLD)), network_acl("acl", *OPEN)]
    facts = snapshot(
        hosts, [guard for guard in filters if guard.id != missing], subnets=[PUBLIC, PRIVATE, guarded], gaps=[gap]
    )
    rows = rows_of(facts)
    assert [rows[name].verdict for name in ("api-server-access", "etcd-access")] == ["PASS", "PASS"]
    assert any(missing in line for line in rows["node-access"].unknown)
    assert {each.gaps for each in rows["node-access"].undecided if missing in each.what} == {("test:Filters",)}


@pytest.mark.parametrize(
    ("let_in", "verdict"), [("172.16.0.0/12", "UNKNOWN"), ("203.0.113.0/24", "PASS"), ("cp", "PASS")]
)
def test_routes_that_were_not_read_may_lead_to_any_private_network(let_in: str, verdict: str) -> None:
    unread = subnet("private", ("10.0.1.0/24",), (WORLD, NextHop.UNKNOWN, ""))
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")]
    groups = [group("masters", ("tcp/2379", let_in)), group("nodes")]
    assert rows_of(snapshot(hosts, groups, subnets=[PUBLIC, unread]))["etcd-access"].verdict == verdict
