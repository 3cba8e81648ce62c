"""Forwarding rules of a made-up project as balancers: their subnets, their targets, and the addresses targets see."""

from __future__ import annotations

from typing import Any, Final

import pytest

from cloudguard import pipeline
from cloudguard.model.filters import Direction
from cloudguard.model.load_balancers import Balancer, ClientAddress
from cloudguard.model.network import Topology
from cloudguard.model.source import FactKind
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from cloudguard_gcp.access.links import last
from gcp_clusters import host_of_shared, kops, shared
from gcp_project import REGION, ZONE, Project
from gcp_proxy import Proxy
from gcp_server import Google

HERE: Final = f"regions/{REGION}"
NODES: Final = f"projects/acme-prod/{HERE}/subnetworks/nodes"
MASTER: Final = f"{ZONE}/master-a"


class Cluster:
    """A cluster with an instance group for its control plane. Tests add forwarding rules."""

    def __init__(self) -> None:
        self.project = kops()
        self.network = self.project.link("global/networks/default")
        self.group = self.add_group("masters", self.network)

    def add_group(self, name: str, network: str) -> str:
        """Add a group of the control plane's host, whose port "api" is 6443."""
        where = f"zones/{ZONE}"
        link = self.project.add(
            where, "instanceGroups", name, network=network, namedPorts=[{"name": "api", "port": 6443}]
        )
        path = f"projects/acme-prod/{where}/instanceGroups/{name}/listInstances"
        master = self.project.link(f"{where}/instances/master-a")
        self.project.answer("compute", path, {"items": [{"instance": master}]}, "POST")
        return link

    def rule(self, where: str, scheme: str, **rest: Any) -> None:  # noqa: ANN401 - JSON
        """Add a forwarding rule "api" for port 443."""
        whole = {"IPProtocol": "TCP", "portRange": "443-443", "loadBalancingScheme": scheme, "IPAddress": "34.140.0.8"}
        self.project.add(where, "forwardingRules", "api", **whole | rest)

    def service(self, where: str, group: str = "", **rest: str) -> str:
        """Add a backend service."""
        backends = [{"group": group or self.group}]
        return self.project.add(where, "backendServices", "api", backends=backends, portName="api", **rest)

    def proxy(self, kind: str, where: str, protocol: str) -> str:
        """Add a proxy in front of a backend service that speaks ``protocol``."""
        service = self.service(where, protocol=protocol)
        if "Http" not in kind:
            return self.project.add(where, kind, "api", service=service)
        return self.project.add(
            where, kind, "api", urlMap=self.project.add(where, "urlMaps", "api", defaultService=service)
        )


def topology(google_cloud: Proxy, project: Project) -> Topology:
    google_cloud.google = Google(project)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    assert snapshot.gaps == ()
    return snapshot.topology


def only_balancer(google_cloud: Proxy, cluster: Cluster) -> Balancer:
    (front,) = topology(google_cloud, cluster.project).balancers
    return front


@pytest.mark.mistake("way-in-left-out")
def test_a_passthrough_balancer_preserves_the_client_address(google_cloud: Proxy) -> None:
    cluster = Cluster()
    master = cluster.project.link(f"zones/{ZONE}/instances/master-a")
    pool = cluster.project.add(HERE, "targetPools", "api", instances=[master])
    cluster.rule(HERE, "EXTERNAL", target=pool)
    front = only_balancer(google_cloud, cluster)
    (listener,) = front.listeners
    assert (front.kind, front.internet_facing, front.subnets, front.filters) == ("passthrough", True, (NODES,), ())
    assert (str(listener.service), listener.client_address) == ("tcp/443", ClientAddress.PRESERVED)
    assert [(target.host, str(target.service)) for target in listener.targets] == [(MASTER, "tcp/443")]


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize(
    ("kind", "protocol", "plaintext"),
    [
        ("targetTcpProxies", "TCP", False),
        ("targetSslProxies", "TCP", True),
        ("targetSslProxies", "SSL", False),
        ("targetHttpsProxies", "HTTP", True),
        ("targetHttpsProxies", "HTTPS", False),
    ],
)
def test_a_global_proxy_connects_from_google_s_front_ends_to_the_backend_s_port(
    google_cloud: Proxy, kind: str, protocol: str, *, plaintext: bool
) -> None:
    cluster = Cluster()
    cluster.rule("global", "EXTERNAL", target=cluster.proxy(kind, "global", protocol))
    around = topology(google_cloud, cluster.project)
    (front,) = around.balancers
    (listener,) = front.listeners
    (place,) = [subnet for subnet in around.subnets if subnet.id in front.subnets]
    assert place.ranges.cidrs() == ("35.191.0.0/16", "130.211.0.0/22")
    assert (listener.client_address, listener.plaintext) == (ClientAddress.REPLACED, plaintext)
    assert [str(target.service) for target in listener.targets] == ["tcp/6443"]


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize(
    ("where", "purpose"), [(HERE, "REGIONAL_MANAGED_PROXY"), ("global", "GLOBAL_MANAGED_PROXY"), (HERE, "")]
)
def test_an_internal_proxy_is_in_its_proxy_only_subnet_or_an_unknown_one(
    google_cloud: Proxy, where: str, purpose: str
) -> None:
    cluster = Cluster()
    for name, one, cidr in (("regional", "REGIONAL", "10.9.0.0/24"), ("cross", "GLOBAL", "10.9.1.0/24")):
        if purpose:
            cluster.project.subnet(cluster.network, name, cidr, purpose=f"{one}_MANAGED_PROXY")
    target = cluster.proxy("targetTcpProxies" if where == HERE else "targetHttpProxies", where, "TCP")
    cluster.rule(where, "INTERNAL_MANAGED", target=target, network=cluster.network)
    around = topology(google_cloud, cluster.project)
    (front,) = around.balancers
    ranges = [subnet.ranges.cidrs() for subnet in around.subnets if subnet.id in front.subnets]
    assert ranges == {"R": [("10.9.0.0/24",)], "G": [("10.9.1.0/24",)], "": []}[purpose[:1]]


@pytest.mark.mistake("way-in-left-out")
def test_a_regional_internet_proxy_is_in_its_network_s_proxy_only_subnet(google_cloud: Proxy) -> None:
    cluster = Cluster()
    cluster.project.subnet(cluster.network, "proxies", "10.9.0.0/24", purpose="REGIONAL_MANAGED_PROXY")
    target = cluster.proxy("targetTcpProxies", HERE, "TCP")
    cluster.rule(HERE, "EXTERNAL_MANAGED", target=target, network=cluster.network)
    around = topology(google_cloud, cluster.project)
    (front,) = around.balancers
    (place,) = [subnet for subnet in around.subnets if subnet.id in front.subnets]
    assert (front.internet_facing, place.ranges.cidrs()) == (True, ("10.9.0.0/24",))
    assert place.network not in {subnet.network for subnet in around.subnets if subnet.id == NODES}


def test_an_endpoint_is_a_host_if_it_has_the_address_of_the_host(google_cloud: Proxy) -> None:
    cluster = Cluster()
    where = f"zones/{ZONE}"
    node = cluster.project.link(f"{where}/instances/node-1")
    group = cluster.project.add(where, "networkEndpointGroups", "pods", networkEndpointType="GCE_VM_IP_PORT")
    endpoints = [
        {"networkEndpoint": {"instance": node, "ipAddress": address, "port": 8080}}
        for address in ("10.0.0.11", "10.64.0.9")
    ]
    path = f"projects/acme-prod/{where}/networkEndpointGroups/pods/listNetworkEndpoints"
    cluster.project.answer("compute", path, {"items": endpoints}, "POST")
    target = cluster.project.add("global", "targetTcpProxies", "api", service=cluster.service("global", group))
    cluster.rule("global", "EXTERNAL", target=target)
    (listener,) = only_balancer(google_cloud, cluster).listeners
    assert [(target.host, str(target.address), str(target.service)) for target in listener.targets] == [
        (f"{ZONE}/node-1", "10.0.0.11/32", "tcp/8080")
    ]


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize(("address", "hosts"), [("10.0.0.11", [f"{ZONE}/node-1"]), ("10.9.9.9", [])])
def test_an_endpoint_of_a_hybrid_group_is_a_host_if_it_has_its_address(
    google_cloud: Proxy, address: str, hosts: list[str]
) -> None:
    cluster = Cluster()
    where = f"zones/{ZONE}"
    group = cluster.project.add(where, "networkEndpointGroups", "x", networkEndpointType="NON_GCP_PRIVATE_IP_PORT")
    endpoints = [{"networkEndpoint": {"ipAddress": address, "port": 22}}]
    path = f"projects/acme-prod/{where}/networkEndpointGroups/x/listNetworkEndpoints"
    cluster.project.answer("compute", path, {"items": endpoints}, "POST")
    target = cluster.project.add("global", "targetTcpProxies", "api", service=cluster.service("global", group))
    cluster.rule("global", "EXTERNAL", target=target)
    balancers = topology(google_cloud, cluster.project).balancers
    assert [target.host for each in balancers for listener in each.listeners for target in listener.targets] == hosts


def test_members_of_groups_in_other_networks_are_not_read(google_cloud: Proxy) -> None:
    cluster = Cluster()
    group = cluster.add_group("others", cluster.project.network("other"))
    service = cluster.service(HERE, group, loadBalancingScheme="INTERNAL", protocol="TCP")
    cluster.rule(HERE, "INTERNAL", backendService=service)
    assert topology(google_cloud, cluster.project).balancers == ()
    assert not any(request.method.endswith("listInstances") for request in google_cloud.google.asked)


@pytest.mark.parametrize("version", ["IPV4", "IPV6"])
def test_internet_traffic_has_the_ip_version_of_the_rule_s_address(google_cloud: Proxy, version: str) -> None:
    cluster = Cluster()
    target, address = cluster.proxy("targetTcpProxies", "global", "TCP"), {"IPV6": "2600:1901::9"}
    cluster.rule("global", "EXTERNAL", target=target, ipVersion=version, IPAddress=address.get(version, "34.140.0.8"))
    front = only_balancer(google_cloud, cluster)
    assert (front.dual_stack, front.public_ipv4) == ((False, True) if version == "IPV4" else (True, False))


def test_rules_for_client_sidecars_are_no_balancer(google_cloud: Proxy) -> None:
    cluster = Cluster()
    target = cluster.proxy("targetHttpProxies", "global", "HTTP")
    cluster.rule("global", "INTERNAL_SELF_MANAGED", target=target, network=cluster.network)
    assert topology(google_cloud, cluster.project).balancers == ()


def test_the_source_ranges_of_a_rule_are_a_filter(google_cloud: Proxy) -> None:
    cluster = Cluster()
    service = cluster.service(HERE, protocol="TCP")
    sources = ["192.0.2.7", "198.51.100.0/24", "2001:db8::7"]
    cluster.rule(HERE, "EXTERNAL", backendService=service, sourceIpRanges=sources)
    around = topology(google_cloud, cluster.project)
    (front,) = around.balancers
    (guard,) = [guard for guard in around.filters if guard.id in front.filters]
    peers = [str(rule.peer) for rule in guard.rules if rule.direction is Direction.INGRESS]
    assert peers == ["192.0.2.7/32", "198.51.100.0/24", "2001:db8::7/128"]


@pytest.mark.parametrize(
    ("description", "declared"),
    [
        ('{"kubernetes.io/service-name":"shop/web"}', "shop/web"),
        ('{"networking.gke.io/service-name":"shop/web","networking.gke.io/api-version":"ga"}', "shop/web"),
        ('{"kubernetes.io/ingress-name": "shop/all"}', "shop/all"),
        ("{half", ""),
        ("the API", ""),
    ],
)
def test_a_rule_s_description_names_its_service(google_cloud: Proxy, description: str, declared: str) -> None:
    cluster = Cluster()
    cluster.rule(HERE, "EXTERNAL", backendService=cluster.service(HERE), description=description)
    assert only_balancer(google_cloud, cluster).declared_service == declared


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("global/targetGrpcProxies/api", True),
        ("global/targetHttpProxies/gone", True),
        (f"{HERE}/targetVpnGateways/old", False),
        (f"{HERE}/serviceAttachments/theirs", False),
        ("all-apis", False),
    ],
)
def test_an_unread_target_of_a_rule_is_a_gap(google_cloud: Proxy, target: str, *, told: bool) -> None:
    cluster = Cluster()
    cluster.rule("global", "EXTERNAL", target=cluster.project.link(target) if "/" in target else target)
    google_cloud.google = Google(cluster.project)
    gaps = ADAPTER.collect(CollectRequest(cluster="prod")).gaps
    assert [(last(gap.resource), gap.hides) for gap in gaps] == (
        [(last(target), (FactKind.BALANCERS,))] if told else []
    )


@pytest.mark.mistake("way-in-left-out")
def test_a_target_pool_s_backup_pool_is_a_target(google_cloud: Proxy) -> None:
    cluster = Cluster()
    link = cluster.project.link(f"zones/{ZONE}/instances/master-a")
    spare = cluster.project.add(HERE, "targetPools", "spare", instances=[link])
    first = cluster.project.add(HERE, "targetPools", "api", instances=[], backupPool=spare)
    cluster.rule(HERE, "EXTERNAL", target=first)
    (listener,) = only_balancer(google_cloud, cluster).listeners
    assert [target.host for target in listener.targets] == [MASTER]


@pytest.mark.mistake("way-in-left-out")
def test_rules_of_the_shared_vpc_s_project_have_hosts_as_targets(google_cloud: Proxy) -> None:
    project, (owner,) = shared(), host_of_shared()
    machine = project.link(f"zones/{ZONE}/instances/control-plane")
    pool = project.add(HERE, "targetPools", "api", instances=[machine])
    rule = {"IPProtocol": "TCP", "portRange": "443-443", "loadBalancingScheme": "EXTERNAL", "IPAddress": "34.140.0.8"}
    owner.add(HERE, "forwardingRules", "api", target=pool, **rule)
    google_cloud.google = Google(project, beside=(owner,))
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    assert snapshot.gaps == ()
    assert [balancer.id for balancer in snapshot.topology.balancers] == [
        f"projects/net-host/{HERE}/forwardingRules/api"
    ]


def test_nobody_connects_from_the_network_of_google_s_proxies(google_cloud: Proxy) -> None:
    """Their ranges are documented, and only proxies have addresses in them."""
    cluster = Cluster()
    cluster.project.firewall(cluster.network, "api", "tcp:6443", "35.191.0.0/16", "130.211.0.0/22")
    office = {"sourceIpRanges": ["198.51.100.0/24"]}
    cluster.rule("global", "EXTERNAL", target=cluster.proxy("targetTcpProxies", "global", "TCP"), **office)
    google_cloud.google = Google(cluster.project)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod"))
    row = pipeline.evaluate(snapshot, Declarations(admin_cidrs=("198.51.100.0/24",))).row("api-server-access")
    assert (row.verdict, row.unknown) == (Verdict.PASS, ()), row.why
