"""Routes, foreign interfaces and the whole topology, from answers of the real service and of moto."""

from __future__ import annotations

import pytest

from aws_hosts import api_of, hosts_of
from builders import address_sets
from cloudguard.model import cluster as model
from cloudguard.model.filters import Action
from cloudguard.model.network import NextHop, Route, Topology
from cloudguard.model.source import FactKind, Reason
from cloudguard.packet_sets.addresses import ALL4
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.group_members import ClusterInterfaces, foreign_interface
from cloudguard_aws.network.inventory import read_inventory
from cloudguard_aws.network.routes import Tables, peering_ranges, route_table, with_routes
from cloudguard_aws.network.routes import subnet as read_subnet
from cloudguard_aws.network.topology import read_topology
from moto_fixtures.aws.builder import Account, Host

OTHER_ACCOUNT = "999988887777"

TABLE = {
    "RouteTableId": "rtb-1",
    "VpcId": "vpc-1",
    "Associations": [{"Main": True}],
    "Routes": [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
        {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"},
        {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "State": "active"},
        {"DestinationCidrBlock": "1.0.0.0/8", "NatGatewayId": "nat-1", "State": "active"},
        {"DestinationCidrBlock": "10.0.0.0/8", "VpcPeeringConnectionId": "pcx-1", "State": "active"},
        {"DestinationCidrBlock": "172.16.0.0/12", "TransitGatewayId": "tgw-1", "State": "active"},
        {"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vgw-1", "State": "active"},
        {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-1", "State": "active"},
        {"DestinationCidrBlock": "2.0.0.0/8", "GatewayId": "vpce-2", "State": "active"},
        {"DestinationCidrBlock": "3.0.0.0/8", "InstanceId": "i-1", "NetworkInterfaceId": "eni-1", "State": "active"},
        {"DestinationCidrBlock": "4.0.0.0/8", "NatGatewayId": "nat-2", "State": "blackhole"},
        {"DestinationPrefixListId": "pl-office", "TransitGatewayId": "tgw-1", "State": "active"},
        {"DestinationCidrBlock": "5.0.0.0/8", "CoreNetworkArn": "arn:aws:networkmanager::1:core-network/c"},
        {"DestinationCidrBlock": "6.0.0.0/8", "SomethingNewId": "new-1"},
    ],
}


def test_a_route_s_target_decides_its_next_hop() -> None:
    ranges = {"pcx-1": address_sets("10.9.0.0/16", "fd00::/56")}
    found = [
        (route.address_list or str(route.destination), route.hop) for route in route_table(TABLE).behind(ranges).routes
    ]
    assert found == [
        ("10.0.0.0/16", NextHop.LOCAL),
        ("0.0.0.0/0", NextHop.INTERNET),
        ("::/0", NextHop.OUTBOUND),
        ("1.0.0.0/8", NextHop.OUTBOUND),
        ("10.9.0.0/16", NextHop.PEER),
        ("172.16.0.0/12", NextHop.HUB),
        ("192.168.0.0/16", NextHop.VPN),
        ("pl-s3", NextHop.SERVICE),
        ("2.0.0.0/8", NextHop.APPLIANCE),
        ("3.0.0.0/8", NextHop.APPLIANCE),
        ("4.0.0.0/8", NextHop.BLACKHOLE),
        ("pl-office", NextHop.HUB),
        ("5.0.0.0/8", NextHop.HUB),
        ("6.0.0.0/8", NextHop.UNKNOWN),
    ]


def test_peering_ranges_are_those_of_the_peer() -> None:
    here = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}
    there = {"VpcId": "vpc-2", "CidrBlockSet": [{"CidrBlock": "10.9.0.0/16"}, {"CidrBlock": "10.8.0.0/16"}]}
    peering = {"VpcPeeringConnectionId": "pcx-1", "AccepterVpcInfo": there, "RequesterVpcInfo": here}
    assert peering_ranges(peering, frozenset({"vpc-1"})) == ("pcx-1", address_sets("10.9.0.0/16", "10.8.0.0/16"))


SUBNET = read_subnet(
    {"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "MapPublicIpOnLaunch": True}
)


def test_a_subnet_without_its_own_route_table_has_the_main_one() -> None:
    other = {"RouteTableId": "rtb-2", "VpcId": "vpc-2", "Associations": [{"Main": True}], "Routes": []}
    tables = [route_table(other), route_table(TABLE)]
    subnet = with_routes(SUBNET, ("acl-1",), Tables(tables))
    assert subnet.routes == tables[1].routes
    assert subnet.public_by_default
    assert not subnet.inspected


@pytest.mark.parametrize(
    ("destination", "inspected"), [("10.0.1.0/24", True), ("10.0.0.0/16", True), ("10.0.2.0/24", False)]
)
def test_a_gateway_route_table_can_route_a_subnet_through_an_appliance(
    *,
    destination: str,
    inspected: bool,
) -> None:
    edge = {
        "RouteTableId": "rtb-9",
        "VpcId": "vpc-1",
        "Associations": [{"GatewayId": "igw-1", "Main": False}],
        "Routes": [{"DestinationCidrBlock": destination, "GatewayId": "vpce-1", "State": "active"}],
    }
    assert with_routes(SUBNET, (), Tables([route_table(TABLE), route_table(edge)])).inspected is inspected


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("tables", [None, Tables([route_table(TABLE)], complete=False)])
def test_unknown_route_tables_give_routes_to_unknown_hops(tables: Tables | None) -> None:
    """A table that was not understood may be the subnet's own, so the main table may not apply."""
    assert {(str(route.destination), route.hop) for route in with_routes(SUBNET, (), tables).routes} == {
        ("0.0.0.0/0", NextHop.UNKNOWN),
        ("::/0", NextHop.UNKNOWN),
    }


BALANCED = "ELB net/api/0123456789abcdef"


TRUNK = {"Key": "vpcresources.k8s.aws/trunk-eni-id", "Value": "eni-own"}


@pytest.mark.parametrize(
    ("described", "foreign"),
    [
        ({"Attachment": {"InstanceId": "i-1"}}, False),
        ({"Attachment": {"InstanceId": "i-2"}}, True),
        ({"Description": BALANCED, "RequesterManaged": True}, False),
        ({"Description": BALANCED, "RequesterManaged": False}, True),
        ({"Description": "ELB net/other/0123456789abcdef", "RequesterManaged": True}, True),
        ({"Description": "Amazon EKS prod", "RequesterId": "AROA:AmazonEKS"}, False),
        ({"Description": "Amazon EKS other", "RequesterId": "AROA:AmazonEKS"}, True),
        ({"Description": "Amazon EKS prod", "RequesterId": "AIDAMALLORY"}, True),
        ({"InterfaceType": "vpc_endpoint"}, False),
        ({"InterfaceType": "efs", "RequesterManaged": True}, False),
        ({"Description": "EFS mount target for fs-1 (fsmt-1)", "RequesterManaged": True}, False),
        ({"Description": "EFS mount target for fs-1 (fsmt-1)"}, True),
        ({"Status": "available"}, False),
        ({"Status": "available", "InterfaceType": "lambda"}, False),
        ({"Status": "in-use", "InterfaceType": "lambda", "RequesterManaged": True}, True),
        ({"Status": "detaching"}, True),
        ({"InterfaceType": "branch", "TagSet": [TRUNK]}, False),
        ({"InterfaceType": "branch"}, True),
        ({"InterfaceType": "lambda", "TagSet": [TRUNK]}, True),
        ({"TagSet": [{"Key": "cluster.k8s.amazonaws.com/name", "Value": "prod"}]}, True),
        ({"NetworkInterfaceId": "eni-own"}, False),
    ],
)
def test_an_interface_is_foreign_unless_it_is_the_cluster_s(
    *,
    described: dict[str, object],
    foreign: bool,
) -> None:
    of_cluster = ClusterInterfaces("prod", {"i-1"}, {"eni-own"}, {BALANCED})
    item = {"NetworkInterfaceId": "eni-1", "OwnerId": "111122223333", "Groups": [{"GroupId": "sg-1"}]} | described
    assert (foreign_interface(item, of_cluster) is not None) is foreign


@pytest.mark.mistake("service-left-out")
@pytest.mark.parametrize(
    ("described", "known"),
    [
        ({"Attachment": {"InstanceId": "i-2"}, "RequesterManaged": True}, True),
        ({"InterfaceType": "lambda", "RequesterManaged": True}, True),
        ({"Description": "arn:aws:ecs:eu-west-1:1:attachment/1", "RequesterManaged": True}, True),
        ({"Description": "a person's"}, True),
        ({"Description": "RDSNetworkInterface", "RequesterManaged": True}, False),
        ({"Description": "DMSNetworkInterface", "RequesterId": "amazon-dms"}, False),
        ({"InterfaceType": "new_managed", "RequesterManaged": True}, False),
    ],
)
def test_a_service_decides_whether_its_interface_opens_connections(
    described: dict[str, object], *, known: bool
) -> None:
    item = {"NetworkInterfaceId": "eni-1", "Groups": [{"GroupId": "sg-1"}]} | described
    nic = foreign_interface(item, ClusterInterfaces("prod", (), (), ()))
    assert nic is not None
    assert (nic.uncertain == "") is known
    assert known or "opens connections" in nic.uncertain


def standing(api: Api, hosts: tuple[model.Host, ...]) -> Topology:
    inventory = read_inventory(api, hosts=hosts, endpoints=())
    return read_topology(api, inventory, cluster="prod", hosts=hosts, pools=(), endpoints=())


def topology(account: Account, *hosts: Host) -> Topology:
    machines = hosts_of(account, *(host.id for host in hosts))
    return standing(api_of(account), machines)


def test_only_the_topology_around_the_cluster_is_read(inner_account: Account) -> None:
    a = inner_account
    vpc, elsewhere = a.vpc(), a.vpc("10.1.0.0/16")
    subnet, unused = a.subnet(vpc, public=True), a.subnet(vpc)
    nodes, bastions, unrelated = (a.group(vpc, name) for name in ("nodes", "bastions", "unrelated"))
    a.group(elsewhere, "elsewhere")
    nodes.allow("tcp/22", bastions)
    foreign = a.foreign_group(elsewhere, OTHER_ACCOUNT)
    nodes.allow("tcp/443", foreign)
    node = a.host("node", subnet, [nodes], public=True)
    bastion = a.host("bastion", unused, [bastions])
    a.host("other", unused, [unrelated])
    found = topology(a, node)
    assert [network.id for network in found.networks] == [vpc.id]
    assert [subnet.id for subnet in found.subnets] == [subnet.id]
    assert found.subnets[0].routes[-1] == Route(ALL4, NextHop.INTERNET, vpc.gateway, found.subnets[0].routes[-1].source)
    assert found.networks[0].internet_gateway == vpc.gateway
    assert [guard.id for guard in found.filters] == [nodes.id, found.subnets[0].filters[0]]
    assert {(group.id, group.members_known, group.owner) for group in found.groups} == {
        (nodes.id, True, ""),
        (bastions.id, True, ""),
        (foreign.id, False, OTHER_ACCOUNT),
    }
    assert [
        (external_member.id, external_member.groups, external_member.owner)
        for external_member in found.external_members
    ] == [(bastion.interface, (bastions.id,), f"instance {bastion.id}")]
    assert found.outbound_addresses.size == 1


def test_a_prefix_list_is_read_and_a_missing_one_is_unknown(inner_account: Account) -> None:
    a = inner_account
    vpc = a.vpc()
    subnet, nodes = a.subnet(vpc), a.group(vpc, "nodes")
    office = a.prefixes("office", "198.51.100.0/24", "203.0.113.0/24")
    lost = a.prefixes("lost", "192.0.2.0/24")
    nodes.allow("tcp/22", office, lost)
    node = a.host("node", subnet, [nodes])
    a.call("ec2", "delete_managed_prefix_list", PrefixListId=lost.id)
    a.backend("ec2").managed_prefix_lists.pop(lost.id, None)
    api = api_of(a)
    network = standing(api, hosts_of(a, node.id))
    lists = {
        address_list.id: (address_list.name, address_list.ranges, address_list.known)
        for address_list in network.address_lists
    }
    assert lists[office.id] == ("office", address_sets("198.51.100.0/24", "203.0.113.0/24"), True)
    assert lists[lost.id] == ("", (), False)
    assert [(gap.resource, gap.hides) for gap in api.gaps] == [(lost.id, (FactKind.ADDRESS_LISTS,))]


def test_a_network_acl_and_a_peering_are_read(inner_account: Account) -> None:
    a = inner_account
    vpc, peer = a.vpc(ipv6=True), a.vpc("10.9.0.0/16")
    subnet = a.subnet(vpc)
    a.route(subnet, "10.0.0.0/8", a.peering(vpc, peer))
    acl = a.nacl(subnet, "in 100 deny udp/53 0.0.0.0/0", "in 110 allow tcp/443 ::/0", "out 100 allow all 0.0.0.0/0")
    node = a.host("node", subnet, [a.group(vpc, "nodes")])
    network = topology(a, node)
    border = next(guard for guard in network.filters if guard.id == acl)
    assert [(rule.order, rule.action, str(rule.services), str(rule.peer)) for rule in border.rules] == [
        (100, Action.DENY, "udp/53", "0.0.0.0/0"),
        (110, Action.PERMIT, "tcp/443", "::/0"),
        (100, Action.PERMIT, "all", "0.0.0.0/0"),
    ]
    assert [str(route.destination) for route in network.subnets[0].routes if route.hop is NextHop.PEER] == [
        "10.9.0.0/16"
    ]
    assert network.subnets[0].ranges.size6


@pytest.mark.mistake("odd-answer")
def test_a_missing_security_group_is_a_gap(inner_account: Account) -> None:
    a = inner_account
    vpc = a.vpc()
    group = a.group(vpc, "nodes")
    node = a.host("node", a.subnet(vpc), [group])
    hosts = hosts_of(a, node.id)
    del a.backend("ec2").groups[vpc.id][group.id]
    api = api_of(a)
    standing(api, hosts)
    assert [(gap.resource, gap.reason, gap.hides) for gap in api.gaps] == [(group.id, Reason.MISSING, ())]


@pytest.mark.mistake("odd-answer")
def test_a_subnet_without_a_route_table_is_a_gap_with_unknown_routes(inner_account: Account) -> None:
    a = inner_account
    vpc = a.vpc()
    node = a.host("node", a.subnet(vpc), [a.group(vpc, "nodes")])
    a.backend("ec2").route_tables.clear()
    api = api_of(a)
    (subnet,) = standing(api, hosts_of(a, node.id)).subnets
    assert {route.hop for route in subnet.routes} == {NextHop.UNKNOWN}
    assert [(gap.call, gap.resource, gap.hides) for gap in api.gaps] == [("ec2:DescribeRouteTables", subnet.id, ())]


def test_other_hosts_in_the_cluster_s_subnets_are_neighbours(inner_account: Account) -> None:
    a = inner_account
    vpc = a.vpc()
    subnet, unused = a.subnet(vpc), a.subnet(vpc)
    nodes, others = a.group(vpc, "nodes"), a.group(vpc, "others")
    node, near = a.host("node", subnet, [nodes]), a.host("near", subnet, [others])
    a.host("far", unused, [others])
    assert [each.owner for each in topology(a, node).neighbours or ()] == [f"instance {near.id}"]
