"""Traffic that opened between two snapshots gets through only in the later one. Unknown facts open nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    SOURCE,
    WORLD,
    balancer,
    group,
    host,
    interface,
    managed_endpoint,
    snapshot,
    to,
)
from cloudguard.comparison.traffic import gains
from cloudguard.model.cluster import Host, Pool
from cloudguard.model.filters import Filter
from cloudguard.model.load_balancers import ClientAddress, PublishedService
from cloudguard.model.network import Endpoint
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.reachability.paths import Reachability
from cloudguard.reachability.senders import Sender
from cloudguard.results.comparison import Packets

MASTERS = group("masters", ("tcp/6443", "nodes"), ("tcp/2379", "masters"))
KUBELET = ("tcp/10250", "masters")
MASTER = host("m", CONTROL_PLANE, "masters")


def made(*rules: tuple[str, str], node: Host | None = None, pools: tuple[Pool, ...] = ()) -> Snapshot:
    """Return a cluster with a control-plane host and a node; the node's group has ``rules`` in addition."""
    return snapshot([MASTER, node or NODE_1], [MASTERS, group("nodes", KUBELET, *rules)], pools=pools)


NODE_1 = host("n", NODE, "nodes", where="public", public="203.0.113.9")


def opened(before: Snapshot, after: Snapshot) -> set[tuple[str, str, str]]:
    """Return the traffic that certainly opened: (sender, target, services)."""
    changes = gains(before, after).certain
    return {(change.sender, change.target, ",".join(part.services for part in change.packets)) for change in changes}


def test_equal_snapshots_open_nothing() -> None:
    found = gains(made(("tcp/22", WORLD)), made(("tcp/22", WORLD)))
    assert (found.certain, found.perhaps) == ((), ())


def test_a_rule_opens_only_traffic_that_was_closed_before() -> None:
    before, after = made(("tcp/22", "198.51.100.0/24")), made(("tcp/22-23", "198.51.100.0/24"))
    assert opened(before, after) == {("the internet", "node n", "tcp/23")}
    assert opened(after, before) == set()
    (change,) = gains(before, after).certain
    assert change.packets == (Packets("198.51.100.0/24", "tcp/23"),)
    assert change.witness.startswith("198.51.100.")
    assert change.witness.endswith(" on n")


def test_hosts_of_the_cluster_are_named_by_role_not_by_address() -> None:
    after = replace(made(), topology=replace(made().topology, filters=(_etcd_for_nodes(), group("nodes", KUBELET))))
    assert opened(made(), after) == {("node hosts", "control-plane/etcd m", "tcp/2379")}


def _etcd_for_nodes() -> Filter:
    return group("masters", ("tcp/6443", "nodes"), ("tcp/2379", "masters"), ("tcp/2379", "nodes"))


def test_a_host_that_replaces_another_opens_nothing() -> None:
    later = replace(NODE_1, id="n2", name="n2", interfaces=(interface("x", "public", "10.0.0.99", "nodes"),))
    later = replace(later, interfaces=(replace(later.interfaces[0], public=NODE_1.interfaces[0].public),))
    assert opened(made(("tcp/22", WORLD)), made(("tcp/22", WORLD), node=later)) == set()


def test_a_new_host_is_compared_with_the_next_host_of_its_pool() -> None:
    pool = Pool("p", "p", NODE, (), ("public",), ("nodes",), ("nodes",), SOURCE, public=True)
    inside = replace(host("n", NODE, "nodes"), pool="")
    before = made(("tcp/22", WORLD), node=inside, pools=(pool,))
    public = replace(NODE_1, id="n2", name="n2", pool="p")
    both = replace(before, cluster=replace(before.cluster, hosts=(MASTER, inside, public)))
    assert opened(before, both) == set()
    alone = replace(both, cluster=replace(both.cluster, pools=()))
    without = replace(before, cluster=replace(before.cluster, pools=()))
    assert ("the internet", "node n2", "tcp/22") in opened(without, alone)


@pytest.mark.parametrize(
    ("before", "after", "sender"),
    [
        ("198.51.100.0/24", "0.0.0.0/0", "the internet"),
        ("198.51.100.0/24", "198.51.100.0/25", ""),
    ],
)
def test_a_wider_endpoint_opens_traffic(before: str, after: str, sender: str) -> None:
    def at(endpoint: Endpoint) -> Snapshot:
        return snapshot([NODE_1], [group("nodes")], endpoints=(endpoint,))

    found = opened(at(managed_endpoint(before)), at(managed_endpoint(after)))
    assert {where[0] for where in found} == ({sender} if sender else set())


@pytest.mark.parametrize("lost", ["before", "after"])
def test_an_unread_filter_opens_and_closes_nothing_for_certain(lost: str) -> None:
    known = made(("tcp/22", WORLD))
    unread = replace(known, topology=replace(known.topology, filters=(MASTERS,)))
    before, after = (unread, known) if lost == "before" else (known, unread)
    assert opened(before, after) == set()
    assert opened(after, before) == set()
    assert any("tcp/22" in line or "node n" in line for line in gains(before, after).perhaps)


def test_traffic_to_hosts_that_were_not_read_before_opened_perhaps() -> None:
    gap = Gap("x:List", "*", Reason.DENIED, "no", (FactKind.HOSTS,))
    full = made(("tcp/22", WORLD))
    before = replace(full, gaps=(gap,), cluster=replace(full.cluster, hosts=(MASTER,)))
    found = gains(before, full)
    assert [change for change in found.certain if change.target.startswith("node")] == []
    assert any("node n" in line for line in found.perhaps)
    alone = replace(before, gaps=())
    assert ("the internet", "node n", "tcp/22") in opened(alone, full)


def test_senders_of_another_network_with_the_same_addresses_are_distinct() -> None:
    """Consumers of a published balancer may have any address, so their earlier access says nothing about others."""
    published = replace(
        balancer("api", "tcp/6443", [to(MASTER, "tcp/6443")], seen=ClientAddress.REPLACED),
        internet_facing=False,
        published=(PublishedService("p", ("*",), accepts_each=False, source=SOURCE),),
    )
    open_to_all = group("masters", ("tcp/6443", WORLD))
    inside = snapshot([MASTER], [open_to_all], balancers=(published,))
    outside = replace(inside, topology=replace(inside.topology, balancers=(replace(published, internet_facing=True),)))
    assert _senders(inside)
    assert "the internet" in {sender for sender, _, _ in opened(inside, outside)}


def _senders(facts: Snapshot) -> list[Sender]:
    reach = Reachability(facts)
    return [
        path.sender for host_class in reach.classes for path in reach.paths_to(host_class) if not path.sender.identified
    ]
