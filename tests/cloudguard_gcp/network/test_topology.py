"""Routes, groups, strangers and outbound addresses of a made-up project's network."""

from __future__ import annotations

from typing import Any, Final

import pytest

from builders import address_sets
from cloudguard import pipeline
from cloudguard.model.cluster import Host, Pool
from cloudguard.model.network import Interface, NextHop, Topology
from cloudguard.model.source import FactKind, Source
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from cloudguard_gcp.network.routes import members_of, vpc_route, with_routes
from cloudguard_gcp.network.subnets import vpc_subnet
from gcp_clusters import by_account, host_of_shared, kops, open_ssh, shared
from gcp_project import REGION, Project
from gcp_proxy import Proxy
from gcp_server import Google

Item = dict[str, Any]
NETWORK: Final = "projects/p/global/networks/n"
SUBNET: Final = "projects/p/regions/r/subnetworks/s"
READ: Final = Source("made up")
GATEWAY: Final = {"nextHopGateway": "projects/p/global/gateways/default-internet-gateway"}
PROXY: Final = {"nextHopInstance": "projects/p/zones/r-a/instances/a-firewall"}


def route(name: str, hop: Item, **rest: Any) -> Item:  # noqa: ANN401 - JSON
    return {"name": name, "network": NETWORK, "destRange": "0.0.0.0/0", "priority": 1000, **hop, **rest}


def host(name: str, *tags: str, public: str = "") -> Host:
    labels = tuple(f"tag/{tag}" for tag in tags)
    nic = Interface(
        name, SUBNET, address_sets("10.0.0.2"), READ, public=address_sets(*filter(None, [public])), groups=labels
    )
    return Host(name, name, (), (), (nic,), READ)


def hops(*routes: Item, hosts: tuple[Host, ...] = (), pools: tuple[Pool, ...] = ()) -> list[tuple[NextHop, str]]:
    subnet = {"selfLink": SUBNET, "name": "s", "network": NETWORK, "ipCidrRange": "10.0.0.0/20"}
    (found,) = with_routes([vpc_subnet(subnet).subnet], [*map(vpc_route, routes)], (), members_of(hosts, pools))
    return [(route.hop, route.target) for route in found.routes]


def test_the_route_with_the_lowest_priority_number_counts() -> None:
    later, sooner = route("later", GATEWAY), route("sooner", PROXY, priority=900)
    assert hops(later, sooner) == [(NextHop.APPLIANCE, "a-firewall")]
    assert hops(later, route("further", PROXY, priority=1100)) == [(NextHop.INTERNET, "default-internet-gateway")]


def test_a_route_with_a_tag_counts_if_a_host_or_next_host_has_the_tag() -> None:
    plain, tagged = route("plain", GATEWAY), route("tagged", PROXY, priority=900, tags=["inside"])
    gateway, appliance = (NextHop.INTERNET, "default-internet-gateway"), (NextHop.APPLIANCE, "a-firewall")
    pool = Pool("p", "p", (), (), (SUBNET,), (), ("tag/inside",), READ, public=False)
    assert hops(plain, tagged) == [gateway]
    assert hops(plain, tagged, hosts=(host("a"),)) == [gateway]
    assert hops(plain, tagged, hosts=(host("a", "inside"),)) == [appliance]
    assert hops(plain, tagged, pools=(pool,)) == [appliance]


def test_the_routes_of_public_hosts_decide_between_different_routes() -> None:
    plain, tagged = route("plain", GATEWAY), route("tagged", PROXY, priority=900, tags=["inside"])
    hidden = host("a", "inside")
    assert hops(plain, tagged, hosts=(hidden, host("b", public="192.0.2.7"))) == [
        (NextHop.INTERNET, "default-internet-gateway")
    ]
    node = host("a", "inside", public="192.0.2.8")
    ((hop, target),) = hops(plain, tagged, hosts=(node, host("b", public="192.0.2.7")))
    assert (hop, target) == (NextHop.UNKNOWN, "default-internet-gateway or a-firewall")


@pytest.mark.parametrize(
    ("hop", "kind"),
    [
        ({"nextHopNetwork": NETWORK}, NextHop.LOCAL),
        ({"nextHopPeering": "to-shared"}, NextHop.PEER),
        ({"nextHopVpnTunnel": "projects/p/regions/r/vpnTunnels/t"}, NextHop.VPN),
        ({"nextHopHub": "projects/p/locations/global/hubs/h"}, NextHop.HUB),
        ({"nextHopIlb": "10.0.0.9"}, NextHop.APPLIANCE),
        ({}, NextHop.UNKNOWN),
    ],
)
def test_each_next_hop_has_its_kind_in_the_model(hop: Item, kind: NextHop) -> None:
    assert [next_hop for next_hop, _ in hops(route("r", hop, destRange="10.8.0.0/16"))] == [kind]


def topology_of(google_cloud: Proxy, project: Project, *beside: Project) -> Topology:
    google_cloud.google = Google(project, beside=beside)
    return ADAPTER.collect(CollectRequest(cluster="prod")).topology


def test_outbound_addresses_come_from_routers_of_the_network_s_project(google_cloud: Proxy) -> None:
    (owner,) = host_of_shared()
    address = owner.add(f"regions/{REGION}", "addresses", "out", address="34.140.0.7")
    nat = {"name": "nat", "natIpAllocateOption": "MANUAL_ONLY", "natIps": [address]}
    owner.add(f"regions/{REGION}", "routers", "r", network=owner.link("global/networks/shared"), nats=[nat])
    assert topology_of(google_cloud, shared(), owner).outbound_addresses.texts() == ("34.76.0.9", "34.140.0.7")


@pytest.mark.mistake("sender-without-route")
def test_a_machine_outside_the_cluster_with_an_allowed_account_is_a_stranger(google_cloud: Proxy) -> None:
    topology = topology_of(google_cloud, by_account())
    account = "service-account/batch@acme-prod.iam.gserviceaccount.com"
    assert [
        (external_member.owner, external_member.addresses, external_member.groups)
        for external_member in topology.external_members
    ] == [("batch-1", address_sets("10.0.0.99"), (account,))]
    assert {group.id: group.members_known for group in topology.groups}[account]


@pytest.mark.mistake("sender-without-route")
def test_in_a_shared_network_the_members_of_a_tag_are_not_all_known(google_cloud: Proxy) -> None:
    project = kops()
    project.answer("compute", "projects/acme-prod", {"name": "acme-prod", "xpnProjectStatus": "HOST"})
    groups = topology_of(google_cloud, project).groups
    assert groups
    assert not any(group.members_known for group in groups)


@pytest.mark.mistake("sender-without-route")
def test_learned_routes_apply_to_the_router_s_region_or_to_all_regions(google_cloud: Proxy) -> None:
    for mode, other in (("REGIONAL", []), ("GLOBAL", ["10.200.0.0/16"])):
        project = kops()
        (network,) = project.lists["projects/acme-prod/global/networks"]
        network["routingConfig"] = {"routingMode": mode}
        project.scopes.append("regions/us-east1")
        peer = {"name": "office", "interfaceName": "if-0"}
        project.add(f"regions/{REGION}", "routers", "vpn", network=network["selfLink"], bgpPeers=[peer])
        project.add("regions/us-east1", "routers", "nat", network=network["selfLink"])
        project.add("regions/us-east1", "subnetworks", "far", network=network["selfLink"], ipCidrRange="10.9.0.0/20")
        project.answer(
            "compute",
            f"projects/acme-prod/regions/{REGION}/routers/vpn/getRouterStatus",
            {"result": {"bestRoutes": [{"destRange": "10.200.0.0/16", "nextHopIp": "169.254.0.2", "priority": 100}]}},
        )
        topology = topology_of(google_cloud, project)
        learned = {
            subnet.name: [str(route.destination) for route in subnet.routes if route.hop is NextHop.VPN]
            for subnet in topology.subnets
        }
        assert learned == {"nodes": ["10.200.0.0/16"], "far": other}


@pytest.mark.mistake("sender-without-route")
def test_a_sender_behind_a_learned_route_is_judged(google_cloud: Proxy) -> None:
    project = kops(office={"allow": "tcp:10250", "sourceRanges": ["192.168.0.0/16"]})
    network = project.link("global/networks/default")
    google_cloud.google = Google(project)
    before = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("node-access")
    project.add(f"regions/{REGION}", "routers", "vpn", network=network, bgpPeers=[{"name": "office"}])
    status = {"result": {"bestRoutes": [{"destRange": "192.168.0.0/16", "nextHopIp": "169.254.0.2"}]}}
    project.answer("compute", f"projects/acme-prod/regions/{REGION}/routers/vpn/getRouterStatus", status)
    after = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("node-access")
    assert (before.verdict, after.verdict) == (Verdict.PASS, Verdict.FAIL)
    assert "vpn" in after.why


@pytest.mark.mistake("sender-without-route")
def test_a_peering_without_routes_is_a_gap(google_cloud: Proxy) -> None:
    project = kops()
    (network,) = project.lists["projects/acme-prod/global/networks"]
    network["peerings"] = [{"name": "other", "state": "ACTIVE"}, {"name": "old", "state": "INACTIVE"}]
    google_cloud.google = Google(project)
    (gap,) = ADAPTER.collect(CollectRequest(cluster="prod")).gaps
    assert (gap.resource, gap.hides) == ("other", (FactKind.ROUTES,))
    link = network["selfLink"]
    project.add("global", "routes", "peering-1", network=link, destRange="10.8.0.0/16", nextHopPeering="other")
    assert ADAPTER.collect(CollectRequest(cluster="prod")).gaps == ()


@pytest.mark.mistake("next-host-left-out")
def test_a_stopped_machine_may_get_a_public_address_again(google_cloud: Proxy) -> None:
    project = open_ssh()
    for list_ in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        list_["status"] = "TERMINATED"
        for access in list_["networkInterfaces"][0].get("accessConfigs", ()):
            del access["natIP"]
    google_cloud.google = Google(project)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("node-access")
    assert row.verdict is Verdict.FAIL
    assert {finding.check for finding in row.findings if finding.severity is Severity.CRITICAL} == {
        "node-access/internet"
    }


@pytest.mark.mistake("member-left-out")
def test_an_interface_of_another_project_s_attachment_has_an_unknown_network(
    google_cloud: Proxy,
) -> None:
    """The network of the interface is unknown. For a machine outside the cluster, this does not matter."""
    attachment = {"name": "nic1", "networkAttachment": f"projects/other/regions/{REGION}/networkAttachments/a"}
    for name, verdict in (("batch", Verdict.PASS), ("node-1", Verdict.UNKNOWN)):
        project = kops()
        project.instance("batch", project.link(f"regions/{REGION}/subnetworks/nodes"), "10.0.0.99")
        for list_ in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
            if list_["name"] == name:
                list_["networkInterfaces"].append(attachment)
        google_cloud.google = Google(project)
        snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
        assert snapshot.gaps == ()
        assert pipeline.evaluate(snapshot, Declarations()).row("node-access").verdict is verdict
