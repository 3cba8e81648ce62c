"""Peers of the proposed rules: groups with only the cluster's hosts, each once, and never a host's address."""

from __future__ import annotations

from builders import CONTROL_PLANE, NODE, RANGE, SOURCE, WORLD, balancer, group, host, interface, snapshot, to
from cloudguard.model.filters import Group
from cloudguard.packet_sets.services import ServiceSet
from edits import lets, new_group, peer
from judged import kept_by

ETCD = ServiceSet.parse("tcp/2379-2380")


def test_a_shared_group_is_not_a_peer_for_the_control_plane_alone() -> None:
    hosts = [host("cp", CONTROL_PLANE, "all", address="10.0.1.11"), host("n", NODE, "all", address="10.0.1.21")]
    facts = snapshot(hosts, [group("all", ("all", "all"))])
    traffics = kept_by(facts)["all-0"]
    assert lets("tcp/2379-2380", new_group("control-plane/etcd")) in traffics
    assert not any(traffic.services & ETCD and traffic.peer == peer("all") for traffic in traffics)


def test_a_group_with_external_members_is_not_kept_as_a_peer() -> None:
    hosts = [host("n1", NODE, "nodes", address="10.0.1.21"), host("n2", NODE, "nodes", address="10.0.1.22")]
    external = interface("eni-x", "private", "10.0.1.99", "nodes")
    facts = snapshot(hosts, [group("nodes", ("tcp/10250", "nodes"))], external_members=[external])
    assert kept_by(facts)["nodes-0"] == (lets("tcp/10250", new_group("node")),)


def test_a_group_with_unknown_members_is_not_kept_as_a_peer() -> None:
    hosts = [host(name, NODE, "abroad", "nodes") for name in ("a", "b")]
    foreign = Group("abroad", "abroad", SOURCE, members_known=False, owner="222233334444")
    facts = snapshot(
        hosts, [group("nodes", ("tcp/10250", "abroad")), group("abroad")], groups=[foreign, Group("nodes", "", SOURCE)]
    )
    assert kept_by(facts)["nodes-0"] == (lets("tcp/10250", "nodes"),)


def test_traffic_that_another_rule_permits_is_not_permitted_again() -> None:
    hosts = [host("a", NODE, "nodes"), host("b", NODE, "nodes")]
    facts = snapshot(hosts, [group("nodes", ("tcp/10250", "nodes"), ("tcp/10250", RANGE))])
    assert kept_by(facts) == {"nodes-1": ()}


def test_equal_rules_are_written_once() -> None:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")]
    office = "198.51.100.0/24"
    filters = [group("masters", *(("tcp/6443", who) for who in (office, WORLD, "10.0.0.0/8"))), group("nodes")]
    api = balancer("api", "tcp/6443", [to(hosts[0], "tcp/6443")])
    kept = kept_by(snapshot(hosts, filters, balancers=[api]))
    written = [(traffic.services, traffic.peer) for traffics in kept.values() for traffic in traffics]
    assert kept.keys() == {"masters-1", "masters-2"}
    assert len(written) == len(set(written)) > 0
    assert (ServiceSet.parse("tcp/6443"), peer("nodes")) in written
    assert (ServiceSet.parse("tcp/6443"), peer(office)) not in written


def test_no_rule_is_edited_for_advice_alone() -> None:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")]
    assert kept_by(snapshot(hosts, [group("masters"), group("nodes", ("tcp/9100", RANGE))])) == {}


def test_a_group_with_unread_members_is_not_used_as_a_peer() -> None:
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes")]
    filters = [group("masters", ("tcp/2000-7000", RANGE)), group("nodes")]
    read = kept_by(snapshot(hosts, filters))["masters-0"]
    unread = kept_by(snapshot(hosts, filters, groups=[]))["masters-0"]
    assert lets("tcp/2000-2378,tcp/2381-7000", "nodes") in read
    assert lets("tcp/2000-2378,tcp/2381-7000", new_group("node")) in unread
