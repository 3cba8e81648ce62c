"""The exact sentences of rows and findings, and sentences that they must not contain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, RANGE, SOURCE, WORLD, balancer, group, host, interface, snapshot, subnet, to
from cloudguard.model.cluster import Disk, Pool
from cloudguard.model.load_balancers import ClientAddress, Listener
from cloudguard.model.network import Network, NextHop
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.finding import Finding
from judged import rows_of

MASTER, WORKER = host("cp", CONTROL_PLANE, "masters"), host("n1", NODE, "nodes")


def findings_of(facts: Snapshot, check: str) -> list[Finding]:
    return [finding for finding in rows_of(facts)[check.partition("/")[0]].findings if finding.check == check]


def public(*allowed: tuple[str, str]) -> Snapshot:
    node = host("n1", NODE, "nodes", where="public", public="203.0.113.9")
    return snapshot([node], [group("nodes", *allowed)])


@pytest.mark.parametrize(("count", "more"), [(3, ""), (4, " and 1 more"), (5, " and 2 more")])
def test_a_few_senders_are_named_and_the_rest_counted(count: int, more: str) -> None:
    labels = [f"g{number}" for number in range(count)]
    strangers = [interface(name, "private", f"10.0.1.{200 + number}", name) for number, name in enumerate(labels)]
    facts = snapshot([WORKER], [group("nodes", *(("tcp/10250", name) for name in labels))], external_members=strangers)
    (finding,) = findings_of(facts, "node-access/inside")
    assert f"{more} can connect to tcp/10250 of 1 node" in finding.message
    assert finding.message.count("an interface outside") == 3


@pytest.mark.parametrize(("count", "more"), [(6, ""), (7, " and 1 more")])
def test_a_few_services_are_named_and_the_rest_counted(count: int, more: str) -> None:
    ports = [f"tcp/{8000 + 2 * number}" for number in range(count)]
    (finding,) = findings_of(public((",".join(ports), WORLD)), "node-access/internet")
    assert f"can connect to {','.join(ports[:6])}{more} of 1 node" in finding.message


def test_a_message_names_every_service_of_senders_that_several_rules_name() -> None:
    one, other, both = "198.51.100.0/25", "198.51.100.128/25", "198.51.100.0/24"
    (finding,) = findings_of(public(("tcp/80", one), ("tcp/80", other), ("tcp/81", both)), "node-access/internet")
    expected = f"{both} on the internet can connect to tcp/80, {both} on the internet to tcp/81 of 1 node"
    assert finding.message == expected


def test_a_message_on_other_ports_leaves_out_node_ports() -> None:
    (finding,) = findings_of(public(("tcp/29000-31000", WORLD)), "node-access/internet")
    assert "tcp/29000-29999 of" in finding.message
    (only,) = findings_of(public(("tcp/31000", WORLD)), "node-access/node-ports")
    assert "tcp/31000 of" in only.message


def gaps(*messages: str) -> Snapshot:
    made = [Gap("test:Read", "*", Reason.DENIED, text, (FactKind.DISKS,)) for text in messages]
    disk = Disk("d1", "", "cp", "/dev/a", encrypted=True, key="", source=SOURCE)
    return snapshot([MASTER], [group("masters")], gaps=made, disks=[disk])


def test_the_reason_of_unknown_is_the_first_line_and_a_count() -> None:
    assert rows_of(gaps("one"))["etcd-encryption"].why == "test:Read on *: one"
    assert rows_of(gaps("one", "two"))["etcd-encryption"].why == "test:Read on *: one (and 1 more)"
    assert rows_of(gaps("one", "two", "three"))["etcd-encryption"].why == "test:Read on *: one (and 2 more)"


def test_the_reason_of_a_failure_is_the_worst_finding_and_a_count() -> None:
    def why(*disks: Disk) -> str:
        return rows_of(snapshot([MASTER], disks=disks))["etcd-encryption"].why

    plain = [Disk(f"d{number}", "", "cp", "/dev/a", encrypted=False, key="", source=SOURCE) for number in range(3)]
    assert why(plain[0]) == "d0 (/dev/a of cp) holds etcd and is not encrypted"
    assert why(*plain).endswith("is not encrypted (and 2 more)")
    mixed = rows_of(public(("tcp/22", WORLD), ("icmp", WORLD)))["node-access"]
    assert (len(mixed.findings), "more" in mixed.why) == (2, False)
    medium = rows_of(public(("tcp/22", WORLD), ("tcp/30080", WORLD)))["node-access"]
    assert medium.why.endswith("(and 1 more)")


def test_a_network_without_the_cluster_s_hosts_is_not_inside() -> None:
    facts = snapshot([WORKER], [group("nodes", ("tcp/10250", "10.9.0.0/16"))])
    other = Network("other", "other", AddressSet.parse("10.9.0.0/16"), SOURCE)
    both = replace(facts, topology=replace(facts.topology, networks=(*facts.topology.networks, other)))
    assert not rows_of(both)["node-access"].findings
    assert not rows_of(both)["node-access"].unknown


def test_a_message_names_the_ranges_of_a_network_that_get_in() -> None:
    facts = snapshot([WORKER], [group("nodes", ("tcp/10250", "10.0.0.0/8"))])
    (network,) = facts.topology.networks
    wider = replace(network, ranges=network.ranges | AddressSet.parse("100.64.0.0/16"))
    both = replace(facts, topology=replace(facts.topology, networks=(wider,)))
    assert "anyone inside vpc (10.0.0.0/16)" in findings_of(both, "node-access/inside")[0].message


def test_an_unread_network_hides_no_other_network() -> None:
    """An internal balancer is in two networks; the first network was not read."""
    lost = replace(subnet("lost", ("172.16.0.0/24",)), network="a-lost")
    home = subnet("private", ("10.0.1.0/24",), (WORLD, NextHop.OUTBOUND, "nat"))
    nlb = balancer("etcd", "tcp/2379", [to(MASTER, "tcp/2379")], facing=False, where=("lost", "private"))
    facts = snapshot([MASTER], [group("masters", ("tcp/2379", RANGE))], subnets=[lost, home], balancers=[nlb])
    listed = rows_of(facts)["etcd-access"]
    assert "anyone inside vpc (10.0.0.0/16" in findings_of(facts, "etcd-access/inside")[0].message
    assert any("anyone inside a-lost, whose ranges could not be read" in line for line in listed.unknown)


def test_a_second_plaintext_listener_is_found() -> None:
    first = balancer("etcd", "tcp/80", [to(MASTER, "tcp/2379")], facing=False, seen=ClientAddress.REPLACED)
    listener = Listener(
        "second", ServiceSet.parse("tcp/81"), (to(MASTER, "tcp/2379"),), ClientAddress.REPLACED, SOURCE, plaintext=True
    )
    both = replace(first, listeners=(*first.listeners, listener))
    facts = snapshot([MASTER], [group("masters")], balancers=[both])
    assert [finding.message for finding in findings_of(facts, "etcd-access/plaintext")] == [
        "etcd sends unencrypted traffic (tcp/81) to etcd"
    ]


def test_a_sender_that_is_a_next_host_is_called_so() -> None:
    pool = Pool("asg", "asg", NODE, (), ("private",), ("nodes",), ("nodes",), SOURCE)
    facts = snapshot([MASTER], [group("masters", ("tcp/2379", "nodes")), group("nodes")], pools=[pool])
    (finding,) = findings_of(facts, "etcd-access/inside")
    assert finding.message.startswith("the next node host can connect to etcd (tcp/2379) on 1 control-plane host")
    unnamed = snapshot([MASTER, host("x", (), "nodes")], [group("masters", ("tcp/2379", "nodes")), group("nodes")])
    (other,) = findings_of(unnamed, "etcd-access/inside")
    assert other.message.startswith("1 unknown host can connect")


def test_advice_on_public_addresses_is_shown_on_the_first_host_by_id() -> None:
    hosts = [host(name, NODE, "nodes", where="public", public=f"203.0.113.{len(name)}") for name in ("bb", "a", "ccc")]
    (finding,) = findings_of(snapshot(hosts, [group("nodes")]), "node-access/public-address")
    assert (finding.resource.id, finding.hosts) == ("a", ("a", "bb", "ccc"))
    assert finding.witness.summary == "a has 203.0.113.1 and its subnet has a route to the internet"


@pytest.mark.parametrize("facet", [FactKind.ENDPOINT, FactKind.FILTERS, FactKind.HOSTS])
def test_nodes_of_a_managed_cluster_depend_on_its_endpoint_and_all_other_facts(facet: FactKind) -> None:
    gap = Gap("test:Read", "*", Reason.DENIED, "denied", (facet,))
    facts = snapshot([WORKER], [group("nodes")], gaps=[gap], managed=True)
    assert rows_of(facts)["node-access"].unknown == ("test:Read on *: denied",)


@pytest.mark.parametrize(("cidr", "who"), [("8.0.0.0/7", "the internet"), ("8.0.0.0/8", "8.0.0.0/8 on the internet")])
def test_a_message_says_the_internet_only_for_most_of_it(cidr: str, who: str) -> None:
    (finding,) = findings_of(public(("tcp/22", cidr)), "node-access/internet")
    assert finding.message.startswith(f"{who} can connect")
