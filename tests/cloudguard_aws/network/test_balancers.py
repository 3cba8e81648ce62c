"""Load balancers in front of a cluster, read from moto."""

from __future__ import annotations

from typing import Any, cast

import pytest

from aws_hosts import api_of, hosts_of
from cloudguard.model.load_balancers import Balancer, ClientAddress, OuterBalancer
from cloudguard.model.source import FactKind, Reason
from cloudguard.packet_sets.services import ServiceSet
from cloudguard_aws.access.api import Api
from cloudguard_aws.network.balancers import read_balancers, read_cluster_balancers
from cloudguard_aws.network.inventory import read_inventory
from cloudguard_aws.network.listeners import Members
from cloudguard_aws.network.registrations import api_targets
from cloudguard_aws.network.topology import read_topology
from moto_fixtures.aws.builder import Account, Host, Subnet, Vpc
from moto_fixtures.aws.builder import Balancer as MadeBalancer

PRESERVED, REPLACED = ClientAddress.PRESERVED, ClientAddress.REPLACED


def ground(account: Account) -> tuple[Vpc, Subnet, Host]:
    """Make a VPC with one node."""
    vpc = account.vpc()
    subnet = account.subnet(vpc, public=True)
    return vpc, subnet, account.host("node", subnet, [account.group(vpc, "nodes")])


def read(account: Account, vpc: Vpc, host: Host, api: Api | None = None) -> tuple[Balancer, ...]:
    members = Members.of(hosts_of(account, host.id))
    api = api or api_of(account)
    return read_balancers(api, read_cluster_balancers(api, {vpc.id}, members), cluster="prod").balancers


def test_balancers_without_targets_in_the_cluster_are_left_out(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    elsewhere = a.vpc("10.1.0.0/16")
    other = a.host("other", subnet, [a.group(vpc, "others")])
    mine = a.nlb("mine", subnet)
    a.listener(mine, 443, [node, other], 6443)
    a.listener(a.nlb("theirs", subnet), 443, [other], 443, name="theirs")
    a.listener(a.nlb("elsewhere", a.subnet(elsewhere)), 443, [], 443, name="elsewhere")
    a.clb("old", subnet, [a.group(vpc, "lb")], 443, [other], 443)
    (front,) = read(a, vpc, node)
    assert (front.id, front.kind, front.filters) == (mine.arn, "nlb", ())
    (listener,) = front.listeners
    assert listener.client_address is PRESERVED
    assert [(target.host, target.address.texts(), str(target.service)) for target in listener.targets] == [
        (node.id, (), "tcp/6443")
    ]


def test_each_kind_of_balancer_is_found_with_its_tags(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    guard = a.group(vpc, "lb")
    tags = {"elbv2.k8s.aws/cluster": "prod", "ingress.k8s.aws/stack": "web/front"}
    alb = a.nlb("web", subnet, [guard], kind="application", tags=tags)
    a.listener(alb, 80, [node], 30080, protocol="HTTP")
    by_address = a.nlb("pods", subnet, [guard], internal=True)
    a.listener(by_address, 53, [node], 53, protocol="UDP", by_address=True, name="dns")
    a.listener(by_address, 443, [node], 8443, by_address=True, name="pods")
    a.clb("old", subnet, [guard], 443, [node], 6443)
    balancers = {balancer.name: balancer for balancer in read(a, vpc, node)}
    assert {name: balancer.kind for name, balancer in balancers.items()} == {"web": "alb", "pods": "nlb", "old": "clb"}
    assert balancers["web"].declared_service == "web/front"
    assert balancers["web"].listeners[0].client_address is REPLACED
    assert balancers["web"].listeners[0].plaintext
    assert not balancers["pods"].internet_facing
    assert {(str(listener.service), listener.client_address) for listener in balancers["pods"].listeners} == {
        ("udp/53", PRESERVED),
        ("tcp/443", REPLACED),
    }
    assert balancers["pods"].listeners[0].targets[0].address.texts() == (node.address,)
    assert balancers["pods"].filters == balancers["pods"].groups == (guard.id,)


def test_api_targets_name_ports_and_balancers_without_more_calls(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    api_balancer = a.nlb("api", subnet, internal=True)
    a.listener(api_balancer, 443, [node], 6443)
    a.clb("old", subnet, [a.group(vpc, "lb")], 443, [node], 9345)
    asked: list[str] = []
    api = api_of(a, asked)
    found = api_targets(api, {vpc.id}, {6443}, {})
    assert found == {node.id: f"target of {api_balancer.arn} on port 6443"}
    assert api_targets(api, {vpc.id}, {9345}, {}) == {node.id: "target of old on port 9345"}
    assert api_targets(api, {vpc.id}, {80}, {}) == {}
    before = list(asked)
    read(a, vpc, node, api)
    assert len([call for call in asked if call.endswith("LoadBalancers")]) == 2
    assert before == asked[: len(before)]


def test_a_listener_that_only_redirects_has_no_targets(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    alb = a.nlb("web", subnet, [a.group(vpc, "lb")], kind="application")
    a.listener(alb, 443, [node], 30443, protocol="HTTP")
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    a.call("elbv2", "create_listener", LoadBalancerArn=alb.arn, Protocol="HTTP", Port=80, DefaultActions=[redirect])
    (front,) = read(a, vpc, node)
    assert [str(listener.service) for listener in front.listeners] == ["tcp/443"]


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize("guarded", [False, True])
def test_a_network_balancer_in_front_of_an_application_balancer(inner_account: Account, *, guarded: bool) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    guard = a.group(vpc, "lb")
    alb = a.nlb("inner", subnet, [guard], kind="application", internal=True)
    a.listener(alb, 80, [node], 30080, protocol="HTTP", name="nodes")
    front = a.group(vpc, "outer")
    outer = a.nlb("outer", subnet, [front] if guarded else [])
    group = a.call(
        "elbv2", "create_target_group", Name="to-alb", Protocol="TCP", Port=80, VpcId=vpc.id, TargetType="alb"
    )["TargetGroups"][0]["TargetGroupArn"]
    a.call("elbv2", "register_targets", TargetGroupArn=group, Targets=[{"Id": alb.arn, "Port": 80}])
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    a.call("elbv2", "create_listener", LoadBalancerArn=outer.arn, Protocol="TCP", Port=80, DefaultActions=forward)
    api = api_of(a)
    balancers = {balancer.name: balancer for balancer in read(a, vpc, node, api)}
    assert api.gaps == ()
    through = balancers["outer > inner"]
    own = (front.id,) if guarded else ()
    assert through.outer == OuterBalancer(ServiceSet.parse("tcp/80"), (subnet.id,), own, own)
    assert through.internet_facing
    assert through.filters == through.groups == (guard.id,)
    assert [(str(listener.service), listener.client_address) for listener in through.listeners] == [
        ("tcp/80", REPLACED)
    ]
    assert through.listeners[0].targets == balancers["inner"].listeners[0].targets
    assert through.network == vpc.id


@pytest.mark.mistake("way-in-left-out")
def test_a_balancer_in_another_network_that_targets_the_cluster_counts(inner_account: Account) -> None:
    a = inner_account
    vpc, _, node = ground(a)
    hub, twin = a.vpc("10.1.0.0/16"), a.vpc(vpc.cidr)
    edge = a.nlb("edge", a.subnet(hub, public=True))
    a.listener(edge, 443, [node], 6443, by_address=True, name="edge")
    same = a.nlb("same-addresses", a.subnet(twin, public=True))
    a.listener(same, 443, [node], 6443, by_address=True, name="same")
    api, hosts = api_of(a), hosts_of(a, node.id)
    around = read_inventory(api, hosts=hosts, endpoints=(), network_ids={vpc.id})
    assert [balancer.name for balancer in around.balancers.modern] == ["edge"]
    assert {network.id for network in around.vpcs.networks} >= {vpc.id, hub.id}
    topology = read_topology(api, around, cluster="prod", hosts=hosts, pools=(), endpoints=())
    (balancer,) = topology.balancers
    (subnet,) = (subnet for subnet in topology.subnets if subnet.id in balancer.subnets)
    assert subnet.routes
    assert subnet.filters[0] in {guard.id for guard in topology.filters}
    assert api.gaps == ()
    assert api_targets(api, {vpc.id}, {6443}, {}) == {}


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    ("changed", "kind", "facing"),
    [
        ({"Type": "tunnel"}, "tunnel", True),
        ({"Scheme": "internet-and-edge"}, "nlb", None),
        ({"Scheme": None}, "nlb", None),
        ({"Type": None, "Scheme": "internal"}, "load balancer", False),
    ],
)
def test_an_unknown_setting_of_a_balancer_never_closes_it(
    inner_account: Account, changed: dict[str, str | None], kind: str, *, facing: bool | None
) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    a.listener(a.nlb("front", subnet), 443, [node], 6443)
    api = api_of(a)

    def edit(parsed: dict[str, Any], **_rest: object) -> None:
        parsed["LoadBalancers"][0].update(changed)

    api.client("elbv2").meta.events.register("after-call.elastic-load-balancing-v2.DescribeLoadBalancers", edit)
    (front,) = read(a, vpc, node, api)
    assert (front.kind, front.internet_facing) == (kind, facing)
    assert front.listeners[0].client_address is (PRESERVED if kind == "nlb" else ClientAddress.UNKNOWN)


@pytest.mark.mistake("unknown-word")
def test_a_listener_with_an_unknown_action_may_send_to_every_target_group(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    a.listener(a.nlb("front", subnet), 443, [node], 6443)
    api = api_of(a)

    def edit(parsed: dict[str, Any], **_rest: object) -> None:
        parsed["Listeners"][0]["DefaultActions"] = [{"Type": "spread"}]

    api.client("elbv2").meta.events.register("after-call.elastic-load-balancing-v2.DescribeListeners", edit)
    (front,) = read(a, vpc, node, api)
    assert [str(target.service) for target in front.listeners[0].targets] == ["tcp/6443"]


@pytest.mark.mistake("odd-answer")
def test_a_balancer_without_listeners_in_the_answer_is_a_gap(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    a.listener(a.nlb("front", subnet), 443, [node], 6443)
    api = api_of(a)

    def edit(parsed: dict[str, Any], **_rest: object) -> None:
        parsed["Listeners"] = []

    api.client("elbv2").meta.events.register("after-call.elastic-load-balancing-v2.DescribeListeners", edit)
    assert read(a, vpc, node, api) == ()
    assert [(gap.call, gap.hides) for gap in api.gaps] == [("elbv2:DescribeListeners", (FactKind.BALANCERS,))]


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize(("denied", "internet_facing"), [("true", False), ("false", True), ("", False)])
def test_an_internal_balancer_may_let_in_the_internet_by_ipv6(
    inner_account: Account,
    denied: str,
    internet_facing: bool,  # noqa: FBT001 - a parameter
) -> None:
    a = inner_account
    vpc, subnet, host = ground(a)
    made = a.call(
        "elbv2",
        "create_load_balancer",
        Name="inside",
        Type="network",
        Scheme="internal",
        Subnets=[subnet.id],
        IpAddressType="dualstack",
    )["LoadBalancers"][0]["LoadBalancerArn"]
    a.listener(MadeBalancer(made, vpc), 6443, [host], 6443)
    attributes = [{"Key": "ipv6.deny_all_igw_traffic", "Value": denied}] if denied else []
    a.call("elbv2", "modify_load_balancer_attributes", LoadBalancerArn=made, Attributes=attributes)
    (front,) = read(a, vpc, host)
    assert (front.internet_facing, front.dual_stack, front.public_ipv4) == (internet_facing, True, not internet_facing)


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("forgotten", ["every", "one"])
def test_a_target_group_that_a_listener_names_and_no_answer_contains_is_a_gap(
    inner_account: Account, forgotten: str
) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    front = a.nlb("front", subnet)
    a.listener(front, 443, [node], 6443)
    a.listener(front, 80, [node], 30080, name="second")

    def forget(parsed: dict[str, Any], **_rest: object) -> None:
        del parsed["TargetGroups"][0 if forgotten == "every" else 1 :]

    cast("Any", a.session).events.register("after-call.elastic-load-balancing-v2.DescribeTargetGroups", forget)
    api = api_of(a)
    read(a, vpc, node, api)
    gaps = [(gap.call, gap.reason, gap.hides) for gap in api.gaps]
    missing = ("elbv2:DescribeTargetGroups", Reason.MISSING, (FactKind.BALANCERS,))
    assert gaps == [missing] * (2 if forgotten == "every" else 1)


@pytest.mark.mistake("odd-answer")
def test_a_listener_and_a_target_group_that_contradict_each_other_are_a_gap(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    a.listener(a.nlb("front", subnet), 443, [node], 6443)

    def unlink(parsed: dict[str, Any], **_rest: object) -> None:
        for target_group in parsed["TargetGroups"]:
            target_group["LoadBalancerArns"] = []

    cast("Any", a.session).events.register("after-call.elastic-load-balancing-v2.DescribeTargetGroups", unlink)
    api = api_of(a)
    assert read(a, vpc, node, api) == ()
    assert ["no target group names" in gap.message for gap in api.gaps] == [True]
