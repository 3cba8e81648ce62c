"""What opened between two snapshots is what gets through in the later alone; what is not known opened nothing."""

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

MASTERS = group("masters", ("tcp/6443", "nodes"), ("tcp/2379", "masters"))
KUBELET = ("tcp/10250", "masters")
MASTER = host("m", CONTROL_PLANE, "masters")


def made(*rules: tuple[str, str], node: Host | None = None, pools: tuple[Pool, ...] = ()) -> Snapshot:
    """Return a cluster of one control-plane host and a node, whose group lets in by more ``rules``."""
    return snapshot([MASTER, node or NODE_1], [MASTERS, group("nodes", KUBELET, *rules)], pools=pools)


NODE_1 = host("n", NODE, "nodes", where="public", public="203.0.113.9")


def opened(before: Snapshot, after: Snapshot) -> set[tuple[str, str, str]]:
    """Return what certainly opened: sender, target, services."""
    found = gains(before, after).certain
    return {(one.sender, one.target, ",".join(services for _, services in one.packets)) for one in found}


def test_nothing_opens_where_nothing_changes() -> None:
    found = gains(made(("tcp/22", WORLD)), made(("tcp/22", WORLD)))
    assert (found.certain, found.perhaps) == ((), ())


def test_a_rule_opens_what_no_other_lets_in_to_each_sender_that_can_come() -> None:
    before, after = made(("tcp/22", "198.51.100.0/24")), made(("tcp/22-23", "198.51.100.0/24"))
    assert opened(before, after) == {("the internet", "node n", "tcp/23")}
    assert opened(after, before) == set()
    (change,) = gains(before, after).certain
    assert change.packets == (("198.51.100.0/24", "tcp/23"),)
    assert change.witness.startswith("198.51.100.")
    assert change.witness.endswith(" on n")


def test_hosts_of_the_cluster_are_told_by_their_roles_not_by_addresses() -> None:
    after = replace(made(), topology=replace(made().topology, filters=(_etcd_for_nodes(), group("nodes", KUBELET))))
    assert opened(made(), after) == {("node hosts", "control-plane/etcd m", "tcp/2379")}


def _etcd_for_nodes() -> Filter:
    return group("masters", ("tcp/6443", "nodes"), ("tcp/2379", "masters"), ("tcp/2379", "nodes"))


def test_a_host_that_replaces_another_opens_nothing() -> None:
    later = replace(NODE_1, id="n2", name="n2", interfaces=(interface("x", "public", "10.0.0.99", "nodes"),))
    later = replace(later, interfaces=(replace(later.interfaces[0], public=NODE_1.interfaces[0].public),))
    assert opened(made(("tcp/22", WORLD)), made(("tcp/22", WORLD), node=later)) == set()


def test_a_new_host_is_compared_with_the_next_one_of_its_pool() -> None:
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
def test_an_endpoint_that_lets_in_more_opens(before: str, after: str, sender: str) -> None:
    def at(endpoint: Endpoint) -> Snapshot:
        return snapshot([NODE_1], [group("nodes")], endpoints=(endpoint,))

    found = opened(at(managed_endpoint(before)), at(managed_endpoint(after)))
    assert {one[0] for one in found} == ({sender} if sender else set())


@pytest.mark.parametrize("lost", ["before", "after"])
def test_what_could_not_be_read_neither_opened_nor_closed(lost: str) -> None:
    known = made(("tcp/22", WORLD))
    unread = replace(known, topology=replace(known.topology, filters=(MASTERS,)))
    before, after = (unread, known) if lost == "before" else (known, unread)
    assert opened(before, after) == set()
    assert opened(after, before) == set()
    assert any("tcp/22" in line or "node n" in line for line in gains(before, after).perhaps)


def test_hosts_that_were_not_read_before_may_have_opened() -> None:
    gap = Gap("x:List", "*", Reason.DENIED, "no", (FactKind.HOSTS,))
    full = made(("tcp/22", WORLD))
    before = replace(full, gaps=(gap,), cluster=replace(full.cluster, hosts=(MASTER,)))
    found = gains(before, full)
    assert [one for one in found.certain if one.target.startswith("node")] == []
    assert any("node n" in line for line in found.perhaps)
    alone = replace(before, gaps=())
    assert ("the internet", "node n", "tcp/22") in opened(alone, full)


def test_whoever_has_a_network_of_their_own_is_not_taken_for_another_of_the_same_address() -> None:
    """Consumers of a published balancer may have any address: that they got in before shuts nobody else out."""
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


def _senders(made: Snapshot) -> list[Sender]:
    reach = Reachability(made)
    return [path.sender for one in reach.classes for path in reach.paths_to(one) if not path.sender.identified]
