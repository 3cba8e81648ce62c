"""Rules, balancers and neighbours on Azure in rare forms. Each name gives the reason for its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azure_clusters import INTERNET, Clean, capz_tags
from azure_fixtures import Subscription
from azure_ids import Item
from azure_networks import link
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_server import Azure
from azure_ways_in import SSH
from cloudguard import collection, pipeline

NODE, ETCD = "node-access", "etcd-access"


def public(ports: str = "22", source: str | list[str] = INTERNET, *more: Item, **rest: Any) -> Clean:  # noqa: ANN401 - JSON
    """Return nodes with public addresses, and a rule in their security group."""
    return Clean(nodes=[rule("one", 100, ports, source, **rest), *more], public="Standard")


def half_denied() -> Clean:
    return public("22", INTERNET, rule("no", 90, "22", "0.0.0.0/1", access="Deny"))


def for_another_group() -> Clean:
    """Return a rule for an application security group without members."""
    account = Clean(public="Standard")
    group = account.application_group("web")
    listed = account.properties(account.node_group_rules)["securityRules"]
    item = rule("one", 100, "22", INTERNET, destination_groups=[group])
    listed.append({"id": f"{account.node_group_rules}/securityRules/one", **item})
    return account


def behind(front: int, port: int, protocol: str = "Tcp", *, outbound: bool = False) -> Clean:
    """Return a balancer in front of a node whose group lets the internet in on ``port``."""
    account = Clean(nodes=[rule("one", 100, str(port), INTERNET, protocol=protocol if protocol != "All" else "*")])
    places = [] if outbound else [(front, port if front else 0)]
    shown = account.public_address("front", "20.71.0.20")
    balancer = account.load_balancer("front", *places, public=shown, protocol=protocol, outbound=outbound)
    configuration = account.properties(account.interface_of("prod-node-1"))["ipConfigurations"][0]
    configuration["properties"]["loadBalancerBackendAddressPools"] = [link(account.pool(balancer))]
    return account


def beside_etcd(state: str) -> Clean:
    """Return a rule that lets a peered network reach etcd, and the peering in this ``state``."""
    account = Clean(masters=[rule("etcd", 150, "2379", "10.2.0.0/16")])
    other = account.network("other", "10.2.0.0/16")
    account.peering(account.vnet, other, peeringState=state)
    account.peering(other, account.vnet, peeringState=state)
    return account


def next_host_with_an_address() -> Clean:
    account = Clean(nodes=[SSH])
    subnet = f"{account.vnet}/subnets/prod-node-subnet"
    account.scale_set("md-1", subnet, public=["20.71.0.50"], asgs=[account.nodes], tags=capz_tags("node"))
    return account


SHAPES: dict[str, tuple[Callable[[], Subscription], str, str]] = {
    "both halves of the internet": (lambda: public("22", ["0.0.0.0/1", "128.0.0.0/1"]), NODE, "FAIL"),
    "a range of source ports, which the sender chooses": (lambda: public(sourcePortRange="1024-65535"), NODE, "FAIL"),
    "a rule for the host's public address, which rules do not see": (
        lambda: public(destination="20.71.0.0/24"),
        NODE,
        "PASS",
    ),
    "a denial for half of the internet": (half_denied, NODE, "FAIL"),
    "an application group without these hosts": (for_another_group, NODE, "PASS"),
    "a balancer for all ports": (lambda: behind(0, 22, "All"), NODE, "FAIL"),
    "a UDP balancer": (lambda: behind(111, 111, "Udp"), NODE, "FAIL"),
    "an outbound balancer": (lambda: behind(22, 22, outbound=True), NODE, "PASS"),
    "a next host with its own public address": (next_host_with_an_address, NODE, "FAIL"),
    "a disconnected peering": (lambda: beside_etcd("Disconnected"), ETCD, "PASS"),
}


@pytest.mark.parametrize(("build", "row", "verdict"), SHAPES.values(), ids=SHAPES)
def test_rules_give_the_expected_verdict(
    azure_cloud: AzureProxy, build: Callable[[], Subscription], row: str, verdict: str
) -> None:
    azure_cloud.azure = Azure(build())
    subscription = (azure_cloud.azure.account.subscription,)
    snapshot = collection.collect("azure", cluster="prod", options={"subscription": subscription})
    result = pipeline.evaluate(snapshot).row(row)
    assert result.verdict == verdict, (result.why, result.unknown)
