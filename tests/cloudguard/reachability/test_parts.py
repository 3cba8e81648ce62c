"""Parts of the engine tested separately: classes, ordered filters, balancers of one IP version, unread facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    OPEN,
    RANGE,
    SOURCE,
    WORLD,
    WORLD6,
    address_sets,
    balancer,
    group,
    host,
    interface,
    network_acl,
    rule,
    snapshot,
    subnet,
    to,
)
from cloudguard.intervals import address_point
from cloudguard.model.cluster import Pool
from cloudguard.model.filters import AddressList, Direction, Filter
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.network import NextHop, Topology
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.filters import Filters
from cloudguard.reachability.host_classes import HostClass, classify
from cloudguard.reachability.paths import Path, Reachability
from cloudguard.reachability.routes import is_default, routed
from cloudguard.results.report import Verdict
from judged import rows_of

SSH = ServiceSet.parse("tcp/22").first()


def behind(facts: Snapshot) -> list[Path]:
    """Return the paths from the internet through a balancer to the only class."""
    reach = Reachability(facts)
    (target,) = reach.classes
    return [path for path in reach.paths_to(target) if path.balancer is not None and not path.sender.inside]


def has(packets: PacketSet, address: str) -> bool:
    return SSH in packets.at(address_point(address))


def test_a_target_by_address_is_the_interface_that_has_it() -> None:
    node = host("n1", NODE, "nodes", address="10.0.1.9")
    two = replace(node, interfaces=(*node.interfaces, interface("second", "private", "10.0.1.10", "nodes")))
    by_address = replace(to(node, "tcp/8080"), address=AddressSet.parse("10.0.1.10"))
    front = balancer("web", "tcp/80", [by_address, replace(to(node, "tcp/1"), host="elsewhere")])
    facts = snapshot([two], [group("nodes")], balancers=[front])
    classes = classify(facts.cluster, facts.topology)
    registered = {
        tuple(nic.id for nic in host_class.interfaces): tuple(
            (reg.balancer.id, reg.listener.id, reg.service) for reg in host_class.key.registrations
        )
        for host_class in classes
    }
    assert registered == {
        ("nic-n1",): (),
        ("second",): (("web", "web-listener", ServiceSet.parse("tcp/8080")),),
    }
    assert all(host_class.hosts == [two] for host_class in classes)


def test_indistinguishable_hosts_are_one_class_in_any_order() -> None:
    hosts = [host(name, NODE, "nodes") for name in ("a", "b", "c")] + [host("m", CONTROL_PLANE, "nodes")]

    def names(classes: tuple[HostClass, ...]) -> list[set[str]]:
        return [{host.id for host in each.hosts} for each in classes]

    facts, other = snapshot(hosts), snapshot(hosts[::-1])
    assert names(classify(facts.cluster, facts.topology)) == names(classify(other.cluster, other.topology))
    assert sorted(map(len, names(classify(facts.cluster, facts.topology)))) == [1, 3]


def test_a_host_with_several_interfaces_in_one_class_counts_once() -> None:
    node = host("n1", NODE, "nodes")
    two = replace(node, interfaces=(*node.interfaces, interface("second", "private", "10.0.1.10", "nodes")))
    (only,) = classify(snapshot([two]).cluster, Topology())
    assert (only.hosts, len(only.interfaces)) == ([two], 2)
    assert only.addresses == AddressSet.union((*node.interfaces[0].addresses, AddressSet.parse("10.0.1.10")))


def ordered(*lines: tuple[str, str, str]) -> tuple[bool, bool]:
    """Whether an ordered filter lets 192.0.2.9 in on tcp/22: (lower bound, upper bound). Its list was not read."""
    unread = AddressList("office", "", (), known=False, source=SOURCE)
    filters = Filters(Topology(filters=(network_acl("acl", *lines),), address_lists=(unread,)))
    side = filters.allowed_traffic(("acl",), Direction.INGRESS).by_address
    return has(side.lower, "192.0.2.9"), has(side.upper, "192.0.2.9")


@pytest.mark.parametrize("who", ["list:office", "somebody"])
def test_an_unknown_peer_in_an_ordered_filter_may_match_or_not(who: str) -> None:
    assert ordered(("permit in", "all", who)) == (False, True)
    assert ordered(("deny in", "all", who), ("permit in", "all", WORLD)) == (False, True)
    assert ordered(("permit in", "all", who), ("deny in", "all", WORLD)) == (False, True)
    assert ordered(("permit in", "tcp/22", WORLD), ("deny in", "all", who)) == (True, True)
    assert ordered(("deny in", "tcp/22", WORLD), ("permit in", "all", who)) == (False, False)
    assert ordered(("permit in", "udp", who)) == (False, False)


def test_rules_of_an_ordered_filter_are_evaluated_by_their_order_number() -> None:
    lines = (rule("second", "all", WORLD, order=2), rule("first", "tcp/22", WORLD, deny=True, order=1))
    acl = Filter("acl", "", "network ACL", lines, SOURCE, ordered=True)
    side = Filters(Topology(filters=(acl,))).allowed_traffic(("acl",), Direction.INGRESS).by_address
    assert not has(side.upper, "192.0.2.9")


def test_answers_pass_a_stateful_subnet_filter() -> None:
    shut = replace(network_acl("acl", ("permit in", "all", WORLD)), stateful=True)
    filters = Filters(Topology(subnets=(subnet("a", ("10.0.0.0/24",), guard="acl"),), filters=(shut,)))
    assert has(filters.subnet_filters("a").lower, "192.0.2.9")
    stateless = Filters(
        Topology(subnets=(subnet("a", ("10.0.0.0/24",), guard="acl"),), filters=(replace(shut, stateful=False),))
    )
    assert not has(stateless.subnet_filters("a").upper, "192.0.2.9")
    assert has(stateless.subnet_ingress("a").lower, "10.0.0.77")


def test_an_unread_subnet_filter_is_unknown_in_both_directions() -> None:
    filters = Filters(Topology(subnets=(subnet("a", ("10.0.0.0/24",), guard="acl"),)))
    for bounds in (filters.subnet_filters("a"), filters.subnet_egress("a"), filters.subnet_filters("nowhere")):
        assert not has(bounds.lower, "192.0.2.9")
        assert has(bounds.upper, "192.0.2.9")


def test_the_longest_prefix_decides_and_the_network_s_own_route_wins_a_tie() -> None:
    routes = (
        (WORLD, NextHop.INTERNET, "gw"),
        ("10.0.0.0/8", NextHop.PEER, "p"),
        (RANGE, NextHop.LOCAL, "local"),
        (RANGE, NextHop.PEER, "a"),
    )
    addresses = routed(subnet("a", ("10.0.0.0/24",), *routes), {})
    assert addresses[NextHop.LOCAL, "local"] == AddressSet.parse(RANGE)
    assert addresses[NextHop.PEER, "p"] == AddressSet.parse("10.0.0.0/8") - AddressSet.parse(RANGE)
    assert (NextHop.PEER, "a") not in addresses
    assert addresses[NextHop.INTERNET, "gw"] == ALL4 - AddressSet.parse("10.0.0.0/8")


def front(seen: ClientAddress, *allowed: tuple[str, str], address: str = "", v6: str = "") -> list[Path]:
    home = subnet("public", ("10.0.0.0/24",), (WORLD, NextHop.INTERNET, "gw"), (WORLD6, NextHop.INTERNET, "gw"))
    node = host("n1", NODE, "nodes", where="public", address=address, v6=v6)
    nlb = balancer("ssh", "tcp/22", [to(node, "tcp/22")], seen=seen, dual=True)
    return behind(snapshot([node], [group("nodes", *allowed)], subnets=[home], balancers=[nlb]))


def test_clients_of_another_ip_version_have_the_balancer_s_address() -> None:
    (four,) = front(ClientAddress.PRESERVED, ("tcp/22", "10.0.0.0/24"))
    assert (four.allowed.lower.addresses() & ALL6, four.allowed.upper.addresses() & ALL4) == (
        four.allowed.lower.addresses(),
        AddressSet.nothing(),
    )
    assert has(four.allowed.lower, "2600::1")
    (six,) = front(ClientAddress.PRESERVED, ("tcp/22", WORLD6), address="fd00::9")
    assert has(six.allowed.lower, "2600::1")
    assert not has(six.allowed.upper, "198.51.100.7")


def test_an_unknown_client_address_may_be_the_client_s_or_the_balancer_s() -> None:
    (path,) = front(ClientAddress.UNKNOWN, ("tcp/22", "10.0.0.0/24"))
    assert (has(path.allowed.lower, "198.51.100.7"), has(path.allowed.upper, "198.51.100.7")) == (False, True)
    (both,) = front(ClientAddress.UNKNOWN, ("tcp/22", WORLD))
    assert has(both.allowed.lower, "198.51.100.7")


@pytest.mark.parametrize("seen", [ClientAddress.PRESERVED, ClientAddress.REPLACED])
@pytest.mark.parametrize("where", [(), ("nowhere",)])
def test_a_balancer_in_an_unread_subnet_is_unknown(seen: ClientAddress, where: tuple[str, ...]) -> None:
    node = host("n1", NODE, "nodes")
    nlb = balancer("ssh", "tcp/22", [to(node, "tcp/22")], seen=seen, where=where)
    (path,) = behind(snapshot([node], [group("nodes", ("tcp/22", "198.51.100.0/24"))], balancers=[nlb]))
    assert not path.allowed.lower
    assert has(path.allowed.upper, "198.51.100.7")


def test_a_listener_for_two_protocols_forwards_each_by_itself() -> None:
    node = host("n1", NODE, "nodes")
    dns = balancer("dns", "tcp/53,udp/53", [to(node, "tcp/53,udp/53")], "front", seen=ClientAddress.REPLACED)
    facts = snapshot([node], [group("nodes", ("all", "front")), group("front", ("tcp/53", WORLD))], balancers=[dns])
    serviceses = [path.allowed.upper.services() for path in behind(facts)]
    assert [services for services in serviceses if services] == [ServiceSet.parse("tcp/53")]


def test_a_balancer_s_egress_rule_may_name_the_target_s_group() -> None:
    node = host("n1", NODE, "nodes")
    for named in ("nodes", "others"):
        guard = group("front", ("tcp/22", WORLD), closed=True)
        guard = replace(guard, rules=(*guard.rules, rule("out", "tcp/22", named, out=True)))
        nlb = balancer("ssh", "tcp/22", [to(node, "tcp/22")], "front")
        (path,) = behind(snapshot([node], [group("nodes", ("tcp/22", "front")), guard], balancers=[nlb]))
        assert has(path.allowed.lower, "198.51.100.7") is (named == "nodes")


def test_a_host_without_a_public_address_is_not_exposed_by_a_route() -> None:
    node = host("n1", NODE, "nodes", where="public")
    reach = Reachability(snapshot([node], [group("nodes", ("all", WORLD))]))
    assert not reach.exposed(reach.classes[0])
    public = Reachability(
        snapshot([replace(node, interfaces=(replace(node.interfaces[0], public=address_sets("203.0.113.9")),))])
    )
    assert public.exposed(public.classes[0])


def test_every_host_of_a_row_is_judged() -> None:
    """Of two control-plane hosts, one has an open filter. It is found though the first host is clean."""
    hosts = [host("cp1", CONTROL_PLANE, "clean"), host("cp2", CONTROL_PLANE, "careless")]
    filters = [group("clean"), group("careless", ("tcp/2379", RANGE))]
    rows = rows_of(snapshot(hosts, filters))
    assert rows["etcd-access"].verdict is Verdict.FAIL
    assert rows["etcd-access"].findings[0].hosts == ("cp2",)


def test_traffic_inside_one_subnet_passes_no_subnet_filter() -> None:
    home = subnet("private", ("10.0.1.0/24",), guard="acl")
    hosts = [host("cp", CONTROL_PLANE, "masters"), host("n1", NODE, "nodes")]
    filters = [
        group("masters", ("tcp/2379", "nodes")),
        group("nodes"),
        network_acl("acl", ("deny in", "all", WORLD), *OPEN),
    ]
    rows = rows_of(snapshot(hosts, filters, subnets=[home]))
    assert rows["etcd-access"].verdict is Verdict.FAIL


@pytest.mark.parametrize("row", ["api-server-access", "node-access", "etcd-access", "etcd-encryption"])
def test_a_pool_without_hosts_leaves_the_row_unknown(row: str) -> None:
    """The next host is judged, but without a host of the role it is unknown whether all hosts were found."""
    pool = Pool("asg", "asg", CONTROL_PLANE, (), ("private",), ("masters",), ("masters",), SOURCE)
    rows = rows_of(snapshot((), [group("masters")], pools=[pool]))
    assert rows[row].verdict is Verdict.UNKNOWN


def test_a_host_without_read_interfaces_never_passes() -> None:
    blind = replace(host("cp2", CONTROL_PLANE, "masters"), interfaces=())
    facts = snapshot([host("cp1", CONTROL_PLANE, "masters"), blind], [group("masters")])
    rows = rows_of(facts)
    for name in ("api-server-access", "node-access", "etcd-access"):
        assert rows[name].verdict is Verdict.UNKNOWN, name
        assert "no interface of cp2 (cp2.prod) was read" in rows[name].unknown


def test_a_network_with_routes_from_two_subnets_is_one_sender() -> None:
    homes = [
        subnet("a", ("10.0.0.0/24",), ("192.168.0.0/17", NextHop.PEER, "pcx")),
        subnet("b", ("10.0.1.0/24",), ("192.168.64.0/18", NextHop.PEER, "pcx")),
    ]
    (routed_in,) = [
        sender
        for sender in Reachability(snapshot((), subnets=homes)).senders.inside(("a", "b"))
        if "pcx" in sender.name
    ]
    assert routed_in.addresses == AddressSet.parse("192.168.0.0/17")


@pytest.mark.parametrize(
    ("cidr", "whole"),
    [("0.0.0.0/1", True), ("128.0.0.0/2", False), ("::/1", True), ("8000::/2", False), ("2000::/3", False)],
)
def test_a_route_for_half_of_all_addresses_counts_as_a_default_route(cidr: str, whole: bool) -> None:  # noqa: FBT001 - a case
    assert is_default(AddressSet.parse(cidr)) is whole
