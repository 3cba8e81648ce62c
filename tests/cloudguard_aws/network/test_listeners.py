"""Listeners, target groups and balancers, parsed from answers of the real service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aws_hosts import SOURCE
from builders import address_sets
from cloudguard.model.cluster import Host as ModelHost
from cloudguard.model.cluster import Role
from cloudguard.model.load_balancers import BackendTarget, ClientAddress
from cloudguard.model.network import Interface
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard_aws.network.listeners import (
    Members,
    OwnTargets,
    classic,
    client_address,
    declared_service,
    listener_facts,
    listeners_of,
    services_of,
    targets_of,
)
from cloudguard_aws.network.registrations import (
    classic_balancer,
    load_balancer,
    registered_target,
    target_group,
)

PRESERVED, REPLACED, UNKNOWN = ClientAddress.PRESERVED, ClientAddress.REPLACED, ClientAddress.UNKNOWN


def member(name: str, *addresses: str) -> ModelHost:
    return ModelHost(
        name, "", (Role.NODE,), (), (Interface(f"eni-{name}", "subnet-1", address_sets(*addresses), SOURCE),), SOURCE
    )


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
def test_a_target_is_found_by_id_address_or_delegated_prefix(target: str, found: tuple[str, str] | None) -> None:
    member = MEMBERS.find(target)
    assert (member and (member[0], ",".join(member[1].texts()))) == found


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
def test_a_listener_s_protocol_gives_its_services(protocol: str, text: str) -> None:
    assert str(services_of(protocol, 53)) == text


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
        ("alb", "TCP", {}, PRESERVED),
        ("ip", "CARRIER_PIGEON", {}, UNKNOWN),
        ("satellite", "TCP", {}, UNKNOWN),
        ("satellite", "TCP", {"preserve_client_ip.enabled": "true"}, PRESERVED),
        ("instance", "TCP", {"preserve_client_ip.enabled": "sometimes"}, UNKNOWN),
    ],
)
def test_the_attribute_or_the_kind_decides_the_client_address(
    kind: str, protocol: str, attributes: dict[str, str] | None, seen: ClientAddress
) -> None:
    group = target_group({"TargetGroupArn": "a", "TargetType": kind, "Protocol": protocol})
    assert client_address(group, attributes) is seen


def target(host: str, services: str, healthy: str = "") -> BackendTarget:
    """Return a target by id."""
    return BackendTarget(host, AddressSet.nothing(), ServiceSet.parse(services), healthy)


def test_foreign_targets_are_left_out_and_the_group_s_port_is_the_default() -> None:
    group = target_group({"TargetGroupArn": "a", "Port": 30080, "Protocol": "TCP_UDP"})
    registered: list[dict[str, Any]] = [
        {"Target": {"Id": "i-1", "Port": 31000}, "TargetHealth": {"State": "unhealthy"}},
        {"Target": {"Id": "i-2"}},
        {"Target": {"Id": "i-9", "Port": 1}},
    ]
    targets = tuple(registered_target(item, group.port) for item in registered)
    assert targets_of(replace(group, targets=targets), MEMBERS) == (
        target("i-1", "tcp/31000,udp/31000", "unhealthy"),
        target("i-2", "tcp/30080,udp/30080"),
    )


def test_a_listener_with_different_target_groups_is_split() -> None:
    facts = listener_facts({"ListenerArn": "l-1", "Protocol": "TLS", "Port": 443})
    groups = [
        OwnTargets("TCP", (target("i-1", "tcp/1"),), PRESERVED),
        OwnTargets("TLS", (target("i-2", "tcp/2"),), PRESERVED),
        OwnTargets("TCP", (target("i-3", "tcp/3"),), REPLACED),
        OwnTargets("TCP", (target("i-4", "tcp/4"),), PRESERVED),
    ]
    found = {
        (listener.id, listener.client_address, listener.plaintext, len(listener.targets))
        for listener in listeners_of(facts, groups)
    }
    assert found == {
        ("l-1", PRESERVED, False, 1),
        ("l-1#2", PRESERVED, True, 2),
        ("l-1#3", REPLACED, True, 1),
    }


def test_a_forward_action_names_one_or_several_groups() -> None:
    actions: list[dict[str, Any]] = [
        {"Type": "authenticate-oidc", "Order": 1},
        {"Type": "forward", "TargetGroupArn": "a", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a"}]}},
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "b"}, {"TargetGroupArn": "c"}]}},
        {"Type": "redirect", "RedirectConfig": {}},
    ]
    facts = listener_facts({"ListenerArn": "l-1", "Port": 443, "DefaultActions": actions})
    assert facts.forwards_to == ("a", "b", "c")


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ({"kubernetes.io/cluster/prod": "owned", "kubernetes.io/service-name": "web/front"}, "web/front"),
        ({"elbv2.k8s.aws/cluster": "prod", "service.k8s.aws/stack": "web/front"}, "web/front"),
        ({"elbv2.k8s.aws/cluster": "prod", "ingress.k8s.aws/stack": "shared"}, "shared"),
        ({"eks:eks-cluster-name": "prod", "service.eks.amazonaws.com/stack": "web/front"}, "web/front"),
        ({"eks:eks-cluster-name": "prod", "ingress.eks.amazonaws.com/stack": "shared"}, "shared"),
        ({"eks:eks-cluster-name": "other", "service.eks.amazonaws.com/stack": "web/front"}, ""),
        ({"elbv2.k8s.aws/cluster": "other", "service.k8s.aws/stack": "web/front"}, ""),
        ({"kubernetes.io/cluster/prod": "owned"}, ""),
        ({}, ""),
    ],
)
def test_tags_of_the_cluster_s_controllers_name_the_service(tags: dict[str, str], text: str) -> None:
    assert declared_service(tags, "prod") == text


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


def test_a_network_balancer_without_groups_has_no_filters() -> None:
    front = load_balancer(NLB)
    assert (front.kind, front.filters, front.groups) == ("nlb", (), ())
    assert front.subnets == ("subnet-1", "subnet-2")
    assert front.addresses == AddressSet.of(("198.51.100.1", "2001:db8::1"))
    assert front.internet_facing
    assert front.dual_stack
    assert not load_balancer(NLB | {"Scheme": "internal", "IpAddressType": "ipv4"}).internet_facing


def test_a_classic_balancer_is_a_proxy_that_may_use_plaintext() -> None:
    listeners = [
        ("TCP", 443, "TCP", 6443),
        ("HTTPS", 8443, "HTTP", 80),
        ("SSL", 993, "TCP", 143),
        ("SSL", 995, "SSL", 995),
    ]
    item: dict[str, Any] = {
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
    front = classic(classic_balancer(item), MEMBERS, "")
    assert {listener.client_address for listener in front.listeners} == {REPLACED}
    assert [
        (str(listener.service), str(listener.targets[0].service), listener.plaintext) for listener in front.listeners
    ] == [
        ("tcp/443", "tcp/6443", False),
        ("tcp/8443", "tcp/80", True),
        ("tcp/993", "tcp/143", True),
        ("tcp/995", "tcp/995", False),
    ]
    assert all([target.host for target in listener.targets] == ["i-1"] for listener in front.listeners)
