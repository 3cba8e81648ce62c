"""Routes, groups, strangers and ways out of a made-up project's network."""

from __future__ import annotations

from typing import Any, Final

import pytest

from builders import each
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
    nic = Interface(name, SUBNET, each("10.0.0.2"), READ, public=each(*filter(None, [public])), groups=labels)
    return Host(name, name, (), (), (nic,), READ)


def hops(*routes: Item, hosts: tuple[Host, ...] = (), pools: tuple[Pool, ...] = ()) -> list[tuple[NextHop, str]]:
    subnet = {"selfLink": SUBNET, "name": "s", "network": NETWORK, "ipCidrRange": "10.0.0.0/20"}
    (found,) = with_routes([vpc_subnet(subnet).subnet], [*map(vpc_route, routes)], (), members_of(hosts, pools))
    return [(one.hop, one.target) for one in found.routes]


def test_of_one_destinations_routes_the_lowest_priority_number_counts() -> None:
    later, sooner = route("later", GATEWAY), route("sooner", PROXY, priority=900)
    assert hops(later, sooner) == [(NextHop.APPLIANCE, "a-firewall")]
    assert hops(later, route("further", PROXY, priority=1100)) == [(NextHop.INTERNET, "default-internet-gateway")]


def test_a_route_for_a_tag_counts_for_subnets_where_a_host_or_the_next_one_has_it() -> None:
    plain, tagged = route("plain", GATEWAY), route("tagged", PROXY, priority=900, tags=["inside"])
    gateway, appliance = (NextHop.INTERNET, "default-internet-gateway"), (NextHop.APPLIANCE, "a-firewall")
    pool = Pool("p", "p", (), (), (SUBNET,), (), ("tag/inside",), READ, public=False)
    assert hops(plain, tagged) == [gateway]
    assert hops(plain, tagged, hosts=(host("a"),)) == [gateway]
    assert hops(plain, tagged, hosts=(host("a", "inside"),)) == [appliance]
    assert hops(plain, tagged, pools=(pool,)) == [appliance]


def test_where_hosts_differ_those_that_the_internet_may_address_decide_and_else_it_is_unknown() -> None:
    plain, tagged = route("plain", GATEWAY), route("tagged", PROXY, priority=900, tags=["inside"])
    hidden = host("a", "inside")
    assert hops(plain, tagged, hosts=(hidden, host("b", public="192.0.2.7"))) == [
        (NextHop.INTERNET, "default-internet-gateway")
    ]
    shown = host("a", "inside", public="192.0.2.8")
    ((hop, target),) = hops(plain, tagged, hosts=(shown, host("b", public="192.0.2.7")))
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
def test_next_hops_in_the_models_words(hop: Item, kind: NextHop) -> None:
    assert [one for one, _ in hops(route("r", hop, destRange="10.8.0.0/16"))] == [kind]


def around(google_cloud: Proxy, project: Project, *beside: Project) -> Topology:
    google_cloud.google = Google(project, beside=beside)
    return ADAPTER.collect(CollectRequest(cluster="prod")).topology


def test_hosts_leave_by_the_routers_of_the_project_that_their_network_belongs_to(google_cloud: Proxy) -> None:
    (owner,) = host_of_shared()
    address = owner.add(f"regions/{REGION}", "addresses", "out", address="34.140.0.7")
    nat = {"name": "nat", "natIpAllocateOption": "MANUAL_ONLY", "natIps": [address]}
    owner.add(f"regions/{REGION}", "routers", "r", network=owner.link("global/networks/shared"), nats=[nat])
    assert around(google_cloud, shared(), owner).outbound_addresses.texts() == ("34.76.0.9", "34.140.0.7")


def test_whoever_stands_outside_and_carries_what_a_rule_names_is_a_stranger(google_cloud: Proxy) -> None:
    found = around(google_cloud, by_account())
    account = "service-account/batch@acme-prod.iam.gserviceaccount.com"
    assert [(one.owner, one.addresses, one.groups) for one in found.external_members] == [
        ("batch-1", each("10.0.0.99"), (account,))
    ]
    assert {one.id: one.members_known for one in found.groups}[account]


def test_of_a_network_that_the_project_shares_not_all_who_carry_a_tag_are_known(google_cloud: Proxy) -> None:
    project = kops()
    project.answer("compute", "projects/acme-prod", {"name": "acme-prod", "xpnProjectStatus": "HOST"})
    groups = around(google_cloud, project).groups
    assert groups
    assert not any(one.members_known for one in groups)


def test_what_routers_learn_is_routed_in_their_region_or_in_all(google_cloud: Proxy) -> None:
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
        found = around(google_cloud, project)
        learned = {
            one.name: [str(route.destination) for route in one.routes if route.hop is NextHop.VPN]
            for one in found.subnets
        }
        assert learned == {"nodes": ["10.200.0.0/16"], "far": other}


def test_who_comes_by_what_a_router_learned_is_judged(google_cloud: Proxy) -> None:
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


def test_a_peering_of_which_no_route_is_seen_is_told(google_cloud: Proxy) -> None:
    project = kops()
    (network,) = project.lists["projects/acme-prod/global/networks"]
    network["peerings"] = [{"name": "other", "state": "ACTIVE"}, {"name": "old", "state": "INACTIVE"}]
    google_cloud.google = Google(project)
    (gap,) = ADAPTER.collect(CollectRequest(cluster="prod")).gaps
    assert (gap.resource, gap.hides) == ("other", (FactKind.ROUTES,))
    link = network["selfLink"]
    project.add("global", "routes", "peering-1", network=link, destRange="10.8.0.0/16", nextHopPeering="other")
    assert ADAPTER.collect(CollectRequest(cluster="prod")).gaps == ()


def test_a_stopped_machine_gets_its_public_address_again(google_cloud: Proxy) -> None:
    project = open_ssh()
    for one in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        one["status"] = "TERMINATED"
        for access in one["networkInterfaces"][0].get("accessConfigs", ()):
            del access["natIP"]
    google_cloud.google = Google(project)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("node-access")
    assert row.verdict is Verdict.FAIL
    assert {one.check for one in row.findings if one.severity is Severity.CRITICAL} == {"node-access/internet"}


def test_an_interface_by_another_projects_attachment_leaves_its_own_network_open_and_no_other(
    google_cloud: Proxy,
) -> None:
    """Its network is not told; a machine that is not the cluster's concerns nobody by it."""
    attachment = {"name": "nic1", "networkAttachment": f"projects/other/regions/{REGION}/networkAttachments/a"}
    for name, verdict in (("batch", Verdict.PASS), ("node-1", Verdict.UNKNOWN)):
        project = kops()
        project.instance("batch", project.link(f"regions/{REGION}/subnetworks/nodes"), "10.0.0.99")
        for one in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
            if one["name"] == name:
                one["networkInterfaces"].append(attachment)
        google_cloud.google = Google(project)
        snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
        assert snapshot.gaps == ()
        assert pipeline.evaluate(snapshot, Declarations()).row("node-access").verdict is verdict
