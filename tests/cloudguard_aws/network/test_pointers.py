"""A resource that an answer points to and that is not followed is a gap. Without a pointer, there is no call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

import aws_accelerator
from aws_hosts import api_of, hosts_of
from cloudguard.model.network import Topology
from cloudguard.model.source import FactKind, Reason
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.inventory import read_inventory
from cloudguard_aws.network.topology import read_topology
from moto_fixtures.aws.builder import Account, Host

HIDES = (FactKind.BALANCERS,)
LATTICE = "169.254.171.0/24"


def read(api: Api, account: Account, *hosts: Host, registers: Mapping[str, Sequence[str]] | None = None) -> Topology:
    """Read the topology around ``hosts``."""
    machines = hosts_of(account, *(host.id for host in hosts))
    inventory = read_inventory(api, hosts=machines, endpoints=(), registers=registers)
    return read_topology(api, inventory, cluster="prod", hosts=machines, pools=(), endpoints=())


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize("to", ["node", "balancer", "other", ""])
def test_an_accelerator_that_may_send_to_the_cluster_is_a_sender(inner_account: Account, to: str) -> None:
    """If this account lists none that sends anywhere, its interface belongs to an accelerator of another account."""
    a = inner_account
    vpc = a.vpc()
    subnet = a.subnet(vpc)
    node = a.host("node", subnet, [a.group(vpc, "nodes")])
    front = a.nlb("front", subnet, internal=True)
    a.listener(front, 443, [node], 30443)
    aws_accelerator.place(a, subnet)
    endpoint = {"node": node.id, "balancer": front.arn, "other": "i-0123456789abcdef0"}
    aws_accelerator.answer_for(a.session, *([endpoint[to]] if to else []))
    api = api_of(a)
    topology = read(api, a, node)
    senders = [(tunnel.id, bool(tunnel.uncertain), tunnel.keeps_clients) for tunnel in topology.tunnels]
    assert senders == ([] if to == "other" else [("Global Accelerator", True, keeps) for keeps in (False, True)])
    assert api.gaps == ()


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize(
    ("description", "kind", "gaps"),
    [("Amazon EKS prod", "interface", 1), ("Amazon EKS other", "interface", 0), ("Amazon EKS prod", "", 0)],
)
def test_a_balancer_with_the_managed_endpoint_as_its_target_is_a_gap(
    inner_account: Account, description: str, kind: str, gaps: int
) -> None:
    """Only for an interface managed by a service, the description is reliable; anyone may write other descriptions."""
    a = inner_account
    subnet = a.subnet(a.vpc())
    group = a.group(subnet.vpc, "nodes")
    node = a.host("node", subnet, [group])
    made = a.interface(subnet, [group], description, kind=kind)
    (item,) = a.call("ec2", "describe_network_interfaces", NetworkInterfaceIds=[made])["NetworkInterfaces"]
    front = a.nlb("front", subnet)
    a.listener(front, 443, [replace(node, address=item["PrivateIpAddress"])], 443, by_address=True)
    api = api_of(a)
    read(api, a, node)
    assert [(gap.resource, gap.reason, gap.hides) for gap in api.gaps] == [
        (front.arn, Reason.UNSUPPORTED, HIDES)
    ] * gaps


def test_accelerators_are_read_only_if_one_has_an_interface(inner_account: Account) -> None:
    asked: list[str] = []
    vpc = inner_account.vpc()
    node = inner_account.host("node", inner_account.subnet(vpc), [inner_account.group(vpc, "nodes")])
    read(api_of(inner_account, asked), inner_account, node)
    assert [step for step in asked if step.startswith("globalaccelerator")] == []


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize("by", ["prefix list", "range", "scaling group", ""])
def test_a_sign_of_lattice_makes_its_addresses_a_sender(inner_account: Account, by: str) -> None:
    a = inner_account
    vpc = a.vpc()
    nodes = a.group(vpc, "nodes")
    listed = a.prefixes("com.amazonaws.eu-west-1.vpc-lattice", LATTICE)
    nodes.allow("tcp/443", listed if by == "prefix list" else LATTICE if by == "range" else "10.0.0.0/16")
    node = a.host("node", a.subnet(vpc), [nodes])
    arn = "arn:aws:vpc-lattice:eu-west-1:123456789012:targetgroup/tg-0123456789abcdef0"
    api = api_of(a)
    topology = read(api, a, node, registers={arn: ["nodes"]} if by == "scaling group" else {})
    assert [(tunnel.id, bool(tunnel.uncertain)) for tunnel in topology.tunnels] == [("VPC Lattice", True)] * bool(by)
    assert all(AddressSet.parse(LATTICE) <= tunnel.ranges for tunnel in topology.tunnels)
    assert api.gaps == ()
