"""Interfaces that services place in a VPC, one kind per case: passive, sending, of outsiders, guarded, unknown."""

from __future__ import annotations

import pytest

from aws_hosts import api_of, hosts_of
from cloudguard.model.network import Topology
from cloudguard.model.source import Gap
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard_aws.network.inventory import read_inventory
from cloudguard_aws.network.topology import read_topology
from moto_fixtures.aws.builder import Account, Group, Host, Subnet

SENDS, MAY_SEND, PASSIVE, GUARDED, OUTSIDERS = "sends", "may send", "passive", "guarded", "outsiders"


@pytest.fixture
def place(inner_account: Account) -> tuple[Subnet, Group, Host]:
    """A subnet with a node, whose group lets its own members in."""
    vpc = inner_account.vpc()
    subnet, nodes = inner_account.subnet(vpc), inner_account.group(vpc, "nodes")
    nodes.allow("all", nodes)
    return subnet, nodes, inner_account.host("node", subnet, [nodes])


def read(account: Account, host: Host) -> tuple[Topology, tuple[Gap, ...]]:
    """Read the topology around one host."""
    api, hosts = api_of(account), hosts_of(account, host.id)
    around = read_inventory(api, hosts=hosts, endpoints=())
    return read_topology(api, around, cluster="prod", hosts=hosts, pools=(), endpoints=()), api.gaps


def meaning(topology: Topology) -> str:
    """Return the meaning of the interface in the nodes' group."""
    if topology.tunnels:
        (tunnel,) = topology.tunnels
        return GUARDED if tunnel.gatekeeper else OUTSIDERS
    return next(
        (MAY_SEND if external_member.uncertain else SENDS for external_member in topology.external_members), PASSIVE
    )


@pytest.mark.mistake("service-left-out")
@pytest.mark.parametrize(
    ("kind", "description", "expected"),
    [
        ("lambda", "AWS Lambda VPC ENI-web-1", SENDS),
        ("branch", "", SENDS),
        ("interface", "ClientVPN Endpoint resource cvpn-endpoint-0123456789abcdef0", SENDS),
        ("interface", "arn:aws:ecs:eu-west-1:123456789012:attachment/1", SENDS),
        ("interface", "RDSNetworkInterface", MAY_SEND),
        ("quicksight", "", MAY_SEND),
        ("never-heard-of", "", MAY_SEND),
        ("never-heard-of", "VPC Endpoint Interface vpce-0123456789abcdef0", MAY_SEND),
        ("interface", "VPC Endpoint Interface vpce-0123456789abcdef0", PASSIVE),
        ("efs", "EFS mount target for fs-0123456789abcdef0", PASSIVE),
        ("vpc_endpoint", "VPC Endpoint Interface vpce-0123456789abcdef0", PASSIVE),
        ("nat_gateway", "Interface for NAT Gateway nat-0123456789abcdef0", PASSIVE),
        ("ec2_instance_connect_endpoint", "EC2 Instance Connect Endpoint - eice-0123456789abcdef0", GUARDED),
        ("api_gateway_managed", "", OUTSIDERS),
    ],
)
def test_the_kind_of_an_interface_in_the_nodes_group_decides_its_meaning(
    inner_account: Account, place: tuple[Subnet, Group, Host], kind: str, description: str, expected: str
) -> None:
    subnet, nodes, node = place
    inner_account.interface(subnet, [nodes], description, kind=kind)
    topology, gaps = read(inner_account, node)
    assert (meaning(topology), gaps) == (expected, ())


@pytest.mark.mistake("service-left-out")
@pytest.mark.parametrize("kind", ["ec2_instance_connect_endpoint", "api_gateway_managed"])
def test_an_interface_in_another_group_counts_by_its_address(
    inner_account: Account, place: tuple[Subnet, Group, Host], kind: str
) -> None:
    subnet, _, node = place
    doors = inner_account.group(subnet.vpc, "doors")
    made = inner_account.interface(subnet, [doors], "", kind=kind)
    (tunnel,) = read(inner_account, node)[0].tunnels
    assert tunnel.source.resource == made
    assert (tunnel.groups, tunnel.ranges.size4) == ((doors.id,), 1)


@pytest.mark.mistake("service-left-out")
@pytest.mark.parametrize("tagged", [True, False])
def test_a_rule_for_cloudfront_applies_to_its_origins_in_the_vpc(
    inner_account: Account, place: tuple[Subnet, Group, Host], *, tagged: bool
) -> None:
    """Traffic through CloudFront's interfaces has addresses of its prefix list, though no route leads there."""
    subnet, nodes, node = place
    nodes.allow("tcp/443", inner_account.prefixes("com.amazonaws.global.cloudfront.origin-facing", "120.52.22.96/27"))
    origin = inner_account.interface(subnet, [inner_account.group(subnet.vpc, "origins")], "", kind="interface")
    if tagged:
        inner_account.tag(origin, {"aws.cloudfront.vpcorigin": "enabled"})
    topology, gaps = read(inner_account, node)
    assert gaps == ()
    assert [tunnel.source.resource for tunnel in topology.tunnels] == ([origin] if tagged else [])
    assert all(AddressSet.parse("120.52.22.96/27") <= tunnel.ranges for tunnel in topology.tunnels)


@pytest.mark.mistake("service-left-out")
def test_a_vpc_origin_of_cloudfront_lets_outsiders_in(
    inner_account: Account, place: tuple[Subnet, Group, Host]
) -> None:
    """Anyone may write its tag, so the interface remains a member of its group, too."""
    subnet, nodes, node = place
    origin = inner_account.interface(subnet, [nodes], "", kind="interface")
    inner_account.tag(origin, {"aws.cloudfront.vpcorigin": "enabled"})
    topology, _ = read(inner_account, node)
    assert (meaning(topology), [external_member.id for external_member in topology.external_members]) == (
        OUTSIDERS,
        [origin],
    )


@pytest.mark.mistake("service-left-out")
def test_a_tag_does_not_make_an_interface_of_another_instance_the_cluster_s(
    inner_account: Account, place: tuple[Subnet, Group, Host]
) -> None:
    subnet, nodes, node = place
    other = inner_account.host("other", subnet, [inner_account.group(subnet.vpc, "others")])
    made = inner_account.second_interface(other, subnet, [nodes])
    inner_account.tag(made, {"cluster.k8s.amazonaws.com/name": "prod"})
    topology, _ = read(inner_account, node)
    assert [external_member.id for external_member in topology.external_members] == [made]
