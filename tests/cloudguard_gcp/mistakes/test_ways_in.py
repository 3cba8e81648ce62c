"""Load balancers of further kinds in front of the control plane: each of them is a way in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gcp_clusters import OFFICE, WORLD, kops
from gcp_judged import API, MASTERS, NETWORK, Build, Shape, assert_shape, nic, opened
from gcp_project import REGION, ZONE, Project
from gcp_proxy import Proxy

HERE, WHERE = f"regions/{REGION}", f"zones/{ZONE}"
FRONTS = ("35.191.0.0/16", "130.211.0.0/22")
Choice = Callable[[str], Any]
"""A function from the link of a backend service to a part of a URL map."""


def cluster(*sources: str) -> Project:
    return opened(kops(), "tcp:443", *sources, targetTags=[MASTERS])


def group(project: Project, name: str = "masters", where: str = WHERE, members: Sequence[str] = ("master-a",)) -> str:
    named = [{"name": "api", "port": 443}]
    made = project.add(where, "instanceGroups", name, network=project.link(NETWORK), namedPorts=named)
    listed = [{"instance": project.link(f"{WHERE}/instances/{member}")} for member in members]
    path = f"projects/acme-prod/{where}/instanceGroups/{name}/listInstances"
    project.answer("compute", path, {"items": listed}, "POST")
    return made


def service(project: Project, where: str, *groups: str, **rest: Any) -> str:  # noqa: ANN401 - JSON
    backends = [{"group": each} for each in groups]
    return project.add(where, "backendServices", "api", backends=backends, portName="api", **rest)


def rule(project: Project, where: str, scheme: str, **rest: Any) -> Project:  # noqa: ANN401 - JSON
    whole = {"IPProtocol": "TCP", "portRange": "443-443", "IPAddress": "34.140.0.8", "loadBalancingScheme": scheme}
    project.add(where, "forwardingRules", "api", **whole | rest)
    return project


def by_url(
    where: str = "global", scheme: str = "EXTERNAL_MANAGED", kind: str = "targetHttpsProxies", **chosen: Choice
) -> Build:
    """Return a function that builds an application load balancer. ``chosen``: parts of its URL map."""

    def build() -> Project:
        project = cluster(*FRONTS)
        made = service(project, where, group(project), protocol="HTTPS", loadBalancingScheme=scheme)
        parts = {key: choice(made) for key, choice in chosen.items()} or {"defaultService": made}
        target = project.add(where, kind, "api", urlMap=project.add(where, "urlMaps", "api", **parts))
        return rule(project, where, scheme, target=target)

    return build


def passthrough(*sources: str, members: Sequence[str] = ("master-a",), place: str = WHERE, **rest: Any) -> Build:  # noqa: ANN401
    def build() -> Project:
        project = cluster(*(sources or (WORLD,)))
        groups = [group(project, members=members, where=place)]
        groups += [] if members else [group(project, "failover")]
        made = service(project, HERE, *groups, protocol="TCP", loadBalancingScheme="EXTERNAL")
        return rule(project, HERE, "EXTERNAL", backendService=made, **rest)

    return build


def to_one_machine() -> Project:
    project = cluster(WORLD)
    target = project.add(WHERE, "targetInstances", "api", instance=project.link(f"{WHERE}/instances/master-a"))
    return rule(project, HERE, "EXTERNAL", target=target)


def every_protocol() -> Project:
    project = cluster(WORLD)
    made = service(project, HERE, group(project), protocol="UNSPECIFIED", loadBalancingScheme="EXTERNAL")
    whole = {"IPProtocol": "L3_DEFAULT", "allPorts": True, "loadBalancingScheme": "EXTERNAL"}
    project.add(HERE, "forwardingRules", "api", IPAddress="34.140.0.8", backendService=made, **whole)
    return project


def of_version_six() -> Project:
    project = cluster("::/0")
    hop = {
        "destRange": "::/0",
        "priority": 1000,
        "nextHopGateway": project.link("global/gateways/default-internet-gateway"),
    }
    project.add("global", "routes", "six", network=project.link(NETWORK), **hop)
    address = {"externalIpv6": "2600:1900::7", "externalIpv6PrefixLength": 96, "type": "DIRECT_IPV6"}
    nic(project, "master-a")["ipv6AccessConfigs"] = [address]
    made = service(project, HERE, group(project), protocol="TCP", loadBalancingScheme="EXTERNAL")
    return rule(project, HERE, "EXTERNAL", backendService=made, ipVersion="IPV6", IPAddress="2600:1900::9")


def split(made: str) -> Any:  # noqa: ANN401 - JSON
    return {"weightedBackendServices": [{"backendService": made, "weight": 1}]}


WAYS: dict[str, Shape] = {
    "the default service of a URL map": (by_url(), API, "FAIL"),
    "an unencrypted proxy": (by_url(kind="targetHttpProxies"), API, "FAIL"),
    "the default service of a path matcher": (
        by_url(pathMatchers=lambda made: [{"name": "a", "defaultService": made}]),
        API,
        "FAIL",
    ),
    "a path": (
        by_url(pathMatchers=lambda made: [{"name": "a", "pathRules": [{"paths": ["/x"], "service": made}]}]),
        API,
        "FAIL",
    ),
    "a share of the requests": (by_url(defaultRouteAction=split), API, "FAIL"),
    "a share of the requests of a route": (
        by_url(pathMatchers=lambda made: [{"name": "a", "routeRules": [{"priority": 1, "routeAction": split(made)}]}]),
        API,
        "FAIL",
    ),
    "copies of the requests": (
        by_url(defaultRouteAction=lambda made: {"requestMirrorPolicy": {"backendService": made}}),
        API,
        "FAIL",
    ),
    "a proxy of gRPC, which is not followed": (by_url(kind="targetGrpcProxies"), API, "UNKNOWN"),
    "a regional proxy in an unknown subnet": (by_url(HERE), API, "UNKNOWN"),
    "a proxy inside all regions, in an unknown subnet": (by_url(scheme="INTERNAL_MANAGED"), API, "UNKNOWN"),
    "a passthrough balancer": (passthrough(), API, "FAIL"),
    "a passthrough balancer for the office": (passthrough(sourceIpRanges=[OFFICE]), API, "PASS"),
    "a passthrough balancer with a failover": (passthrough(members=()), API, "FAIL"),
    "a group in all zones of a region": (passthrough(place=HERE), API, "FAIL"),
    "protocol forwarding to one machine": (to_one_machine, API, "FAIL"),
    "a balancer for every protocol": (every_protocol, API, "FAIL"),
    "a balancer of version 6": (of_version_six, API, "FAIL"),
}


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize("shape", WAYS.values(), ids=WAYS)
def test_a_balancer_of_any_kind_is_a_way_in(google_cloud: Proxy, shape: Shape) -> None:
    assert_shape(google_cloud, shape)
