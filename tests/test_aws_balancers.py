"""Load balancers, as the real service answers and as moto does."""

from __future__ import annotations

from typing import Any

import pytest
from cloudguard.model.cluster import Host as ModelHost
from cloudguard.model.cluster import Role
from cloudguard.model.network import Balancer, ClientAddress, Interface, Target
from cloudguard.model.source import Facet
from moto_fixtures.aws.builder import Account, Host, Subnet, Vpc

from aws_hosts import SOURCE, api_of, hosts_of
from cloudguard_aws.api import Api
from cloudguard_aws.balancers import read_balancers, target_memberships
from cloudguard_aws.listeners import (
    Members,
    TargetGroup,
    balancer,
    classic,
    client_address,
    declared_service,
    forwarded,
    listeners_of,
    services_of,
    targets_of,
)

PRESERVED, REPLACED, UNKNOWN = ClientAddress.PRESERVED, ClientAddress.REPLACED, ClientAddress.UNKNOWN


def member(name: str, *addresses: str) -> ModelHost:
    return ModelHost(name, "", (Role.NODE,), (), (Interface(f"eni-{name}", "subnet-1", addresses, SOURCE),), SOURCE)


MEMBERS = Members.of([member("i-1", "10.0.0.5", "10.0.4.0/28", "2001:db8::5"), member("i-2", "10.0.0.6")])


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("i-1", ("i-1", "")),
        ("i-9", None),
        ("10.0.0.6", ("i-2", "10.0.0.6")),
        ("10.0.4.7", ("i-1", "10.0.4.0/28")),
        ("10.0.5.7", None),
        ("2001:db8::5", ("i-1", "2001:db8::5")),
        ("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/1", None),
    ],
)
def test_target_is_found_by_id_address_or_delegated_prefix(target: str, found: tuple[str, str] | None) -> None:
    assert MEMBERS.find(target) == found


@pytest.mark.parametrize(
    ("protocol", "text"),
    [
        ("TCP", "tcp/53"),
        ("TLS", "tcp/53"),
        ("HTTPS", "tcp/53"),
        ("UDP", "udp/53"),
        ("TCP_UDP", "tcp/53,udp/53"),
        ("QUIC", "udp/53"),
        ("TCP_QUIC", "tcp/53,udp/53"),
    ],
)
def test_listener_protocol_is_the_services_it_means(protocol: str, text: str) -> None:
    assert services_of(protocol, 53) == text


@pytest.mark.parametrize(
    ("kind", "protocol", "attributes", "seen"),
    [
        ("instance", "TCP", {}, PRESERVED),
        ("instance", "TLS", {}, PRESERVED),
        ("instance", "TCP", {"preserve_client_ip.enabled": "false"}, REPLACED),
        ("instance", "TCP", None, UNKNOWN),
        ("ip", "TCP", {}, REPLACED),
        ("ip", "TLS", {}, REPLACED),
        ("ip", "TCP", {"preserve_client_ip.enabled": "true"}, PRESERVED),
        ("ip", "UDP", {}, PRESERVED),
        ("ip", "TCP_UDP", {}, PRESERVED),
        ("ip", "UDP", None, PRESERVED),
        ("ip", "TCP", None, UNKNOWN),
    ],
)
def test_client_address_follows_the_attribute_else_the_default_of_the_kind(
    kind: str, protocol: str, attributes: dict[str, str] | None, seen: ClientAddress
) -> None:
    assert client_address({"TargetType": kind, "Protocol": protocol}, attributes) is seen


def test_targets_outside_the_cluster_are_left_out_and_ports_default_to_the_groups() -> None:
    group = {"Port": 30080, "Protocol": "TCP_UDP"}
    registered: list[dict[str, Any]] = [
        {"Target": {"Id": "i-1", "Port": 31000}, "TargetHealth": {"State": "unhealthy"}},
        {"Target": {"Id": "i-2"}},
        {"Target": {"Id": "i-9", "Port": 1}},
    ]
    assert targets_of(group, registered, MEMBERS) == (
        Target("i-1", "", "tcp/31000,udp/31000", "unhealthy"),
        Target("i-2", "", "tcp/30080,udp/30080", ""),
    )


def test_listener_is_split_where_its_groups_differ() -> None:
    item = {"ListenerArn": "l-1", "Protocol": "TLS", "Port": 443}
    groups = [
        TargetGroup("a", "TCP", (Target("i-1", "", "tcp/1"),), PRESERVED),
        TargetGroup("b", "TLS", (Target("i-2", "", "tcp/2"),), PRESERVED),
        TargetGroup("c", "TCP", (Target("i-3", "", "tcp/3"),), REPLACED),
        TargetGroup("d", "TCP", (Target("i-4", "", "tcp/4"),), PRESERVED),
    ]
    found = {(one.id, one.client_address, one.plaintext, len(one.targets)) for one in listeners_of(item, groups, "")}
    assert found == {
        ("l-1", PRESERVED, False, 1),
        ("l-1#2", PRESERVED, True, 2),
        ("l-1#3", REPLACED, True, 1),
    }


def test_forward_actions_name_one_group_or_several() -> None:
    actions: list[dict[str, Any]] = [
        {"Type": "authenticate-oidc", "Order": 1},
        {"Type": "forward", "TargetGroupArn": "a", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a"}]}},
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "b"}, {"TargetGroupArn": "c"}]}},
        {"Type": "redirect", "RedirectConfig": {}},
    ]
    assert list(dict.fromkeys(forwarded(actions))) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"kubernetes.io/cluster/prod": "owned", "kubernetes.io/service-name": "web/front"}, "web/front"),
        ({"elbv2.k8s.aws/cluster": "prod", "service.k8s.aws/stack": "web/front"}, "web/front"),
        ({"elbv2.k8s.aws/cluster": "prod", "ingress.k8s.aws/stack": "shared"}, "shared"),
        ({"elbv2.k8s.aws/cluster": "other", "service.k8s.aws/stack": "web/front"}, ""),
        ({"kubernetes.io/cluster/prod": "owned"}, ""),
        ({}, ""),
    ],
)
def test_service_is_declared_by_the_tags_of_this_clusters_controllers(tags: dict[str, str], said: str) -> None:
    assert declared_service(tags, "prod") == said


NLB: dict[str, Any] = {
    "LoadBalancerArn": "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/api/0123",
    "LoadBalancerName": "api",
    "Type": "network",
    "Scheme": "internet-facing",
    "VpcId": "vpc-1",
    "IpAddressType": "dualstack",
    "AvailabilityZones": [
        {
            "SubnetId": "subnet-2",
            "LoadBalancerAddresses": [{"IpAddress": "198.51.100.1"}],
        },
        {"SubnetId": "subnet-1", "LoadBalancerAddresses": [{"IPv6Address": "2001:db8::1"}]},
    ],
}


def test_network_balancer_without_groups_has_no_filters_and_keeps_its_addresses() -> None:
    found = balancer(NLB, (), "", "elbv2:DescribeLoadBalancers")
    assert (found.kind, found.filters, found.labels) == ("nlb", (), ())
    assert found.segments == ("subnet-1", "subnet-2")
    assert found.addresses == ("198.51.100.1", "2001:db8::1")
    assert found.internet_facing
    assert found.dual_stack
    assert not balancer(NLB | {"Scheme": "internal", "IpAddressType": "ipv4"}, (), "", "").internet_facing


def test_classic_balancer_is_a_proxy_that_may_speak_plaintext() -> None:
    listeners = [
        ("TCP", 443, "TCP", 6443),
        ("HTTPS", 8443, "HTTP", 80),
        ("SSL", 993, "TCP", 143),
        ("SSL", 995, "SSL", 995),
    ]
    item = {
        "LoadBalancerName": "old",
        "Scheme": "internet-facing",
        "VPCId": "vpc-1",
        "Subnets": ["subnet-1"],
        "SecurityGroups": ["sg-1"],
        "Instances": [{"InstanceId": "i-1"}, {"InstanceId": "i-9"}],
        "ListenerDescriptions": [
            {"Listener": {"Protocol": a, "LoadBalancerPort": b, "InstanceProtocol": c, "InstancePort": d}}
            for a, b, c, d in listeners
        ],
    }
    found = classic(item, MEMBERS, "", "elb:DescribeLoadBalancers")
    assert {one.client_address for one in found.listeners} == {REPLACED}
    assert [(one.service, one.targets[0].service, one.plaintext) for one in found.listeners] == [
        ("tcp/443", "tcp/6443", False),
        ("tcp/8443", "tcp/80", True),
        ("tcp/993", "tcp/143", True),
        ("tcp/995", "tcp/995", False),
    ]
    assert all([target.host for target in one.targets] == ["i-1"] for one in found.listeners)


def ground(account: Account) -> tuple[Vpc, Subnet, Host]:
    """Make a VPC with one node."""
    vpc = account.vpc()
    subnet = account.subnet(vpc, public=True)
    return vpc, subnet, account.host("node", subnet, [account.group(vpc, "nodes")])


def read(account: Account, vpc: Vpc, host: Host, api: Api | None = None) -> tuple[Balancer, ...]:
    members = Members.of(hosts_of(account, host.id))
    return read_balancers(api or api_of(account), cluster="prod", network_ids={vpc.id}, members=members)


def test_balancers_of_others_are_left_out(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    elsewhere = a.vpc("10.1.0.0/16")
    other = a.host("other", subnet, [a.group(vpc, "others")])
    mine = a.nlb("mine", subnet)
    a.listener(mine, 443, [node, other], 6443)
    a.listener(a.nlb("theirs", subnet), 443, [other], 443, name="theirs")
    a.listener(a.nlb("elsewhere", a.subnet(elsewhere)), 443, [], 443, name="elsewhere")
    a.clb("old", subnet, [a.group(vpc, "lb")], 443, [other], 443)
    (found,) = read(a, vpc, node)
    assert (found.id, found.kind, found.filters) == (mine.arn, "nlb", ())
    (listener,) = found.listeners
    assert listener.client_address is PRESERVED
    assert [(one.host, one.address, one.service) for one in listener.targets] == [(node.id, "", "tcp/6443")]


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
    found = {one.name: one for one in read(a, vpc, node)}
    assert {name: one.kind for name, one in found.items()} == {"web": "alb", "pods": "nlb", "old": "clb"}
    assert found["web"].declared_service == "web/front"
    assert found["web"].listeners[0].client_address is REPLACED
    assert found["web"].listeners[0].plaintext
    assert not found["pods"].internet_facing
    assert {(one.service, one.client_address) for one in found["pods"].listeners} == {
        ("udp/53", PRESERVED),
        ("tcp/443", REPLACED),
    }
    assert found["pods"].listeners[0].targets[0].address == node.address
    assert found["pods"].filters == found["pods"].labels == (guard.id,)


def test_memberships_name_ports_and_targets_without_more_calls(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    api_balancer = a.nlb("api", subnet, internal=True)
    a.listener(api_balancer, 443, [node], 6443)
    a.clb("old", subnet, [a.group(vpc, "lb")], 443, [node], 9345)
    asked: list[str] = []
    api = api_of(a, asked)
    found = target_memberships(api, network_ids={vpc.id})
    assert {(one.balancer, one.target, one.port, one.internet_facing) for one in found} == {
        (api_balancer.arn, node.id, 6443, False),
        ("old", node.id, 9345, True),
    }
    before = list(asked)
    read(a, vpc, node, api)
    assert len([call for call in asked if call.endswith("LoadBalancers")]) == 2
    assert before == asked[: len(before)]


def test_listener_that_only_redirects_leads_nowhere(inner_account: Account) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    alb = a.nlb("web", subnet, [a.group(vpc, "lb")], kind="application")
    a.listener(alb, 443, [node], 30443, protocol="HTTP")
    redirect = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    a.call("elbv2", "create_listener", LoadBalancerArn=alb.arn, Protocol="HTTP", Port=80, DefaultActions=[redirect])
    (found,) = read(a, vpc, node)
    assert [one.service for one in found.listeners] == ["tcp/443"]


@pytest.mark.parametrize("guarded", [False, True])
def test_network_balancer_before_an_application_one(inner_account: Account, *, guarded: bool) -> None:
    a = inner_account
    vpc, subnet, node = ground(a)
    guard = a.group(vpc, "lb")
    alb = a.nlb("inner", subnet, [guard], kind="application", internal=True)
    a.listener(alb, 80, [node], 30080, protocol="HTTP", name="nodes")
    outer = a.nlb("outer", subnet, [a.group(vpc, "outer")] if guarded else [])
    group = a.call(
        "elbv2", "create_target_group", Name="to-alb", Protocol="TCP", Port=80, VpcId=vpc.id, TargetType="alb"
    )["TargetGroups"][0]["TargetGroupArn"]
    a.call("elbv2", "register_targets", TargetGroupArn=group, Targets=[{"Id": alb.arn, "Port": 80}])
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    a.call("elbv2", "create_listener", LoadBalancerArn=outer.arn, Protocol="TCP", Port=80, DefaultActions=forward)
    api = api_of(a)
    found = {one.name: one for one in read(a, vpc, node, api)}
    if guarded:
        assert set(found) == {"inner"}
        assert [(gap.resource, gap.hides) for gap in api.gaps] == [(outer.arn, (Facet.BALANCERS,))]
        return
    through = found["outer > inner"]
    assert through.internet_facing
    assert through.filters == through.labels == (guard.id,)
    assert [(one.service, one.client_address) for one in through.listeners] == [("tcp/80", REPLACED)]
    assert through.listeners[0].targets == found["inner"].listeners[0].targets
    assert through.network == vpc.id
