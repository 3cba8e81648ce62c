"""Services with interfaces in the cluster's subnets, or whose machines may be in a group that a rule names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gcp_clusters import gke, kops
from gcp_judged import ETCD, MASTERS, NETWORK, NODE, SUBNET, Shape, assert_shape, opened
from gcp_project import REGION, Project
from gcp_proxy import Proxy

HERE = f"regions/{REGION}"
ACCEPTED = {"status": "ACCEPTED", "projectIdOrNum": "vendor-1", "ipAddress": "10.0.0.77"}
PRIVATE = {"enablePrivateEndpoint": True, "privateEndpoint": "10.1.0.2"}


def reserved(purpose: str, subnet: str = "nodes", address: str = "10.0.0.64") -> Project:
    """Return a GKE cluster, whose own rule lets in its whole subnet, with a block of addresses of a service."""
    project = gke(privateClusterConfig=PRIVATE)
    if subnet != "nodes":
        project.subnet(project.link(NETWORK), subnet, "10.9.0.0/24")
    where = {"address": address, "prefixLength": 28, "subnetwork": project.link(f"{HERE}/subnetworks/{subnet}")}
    project.add(HERE, "addresses", "block", purpose="SERVERLESS", addressType="INTERNAL", status="RESERVED", **where)
    project.lists[f"projects/acme-prod/{HERE}/addresses"][0]["purpose"] = purpose
    return project


def attached(project: Project, *endpoints: dict[str, Any], network: str = NETWORK, **attachment: Any) -> Project:  # noqa: ANN401
    """Return a project with a network attachment with its connected machines."""
    subnet = project.link(SUBNET)
    listed = [{"subnetwork": subnet, **endpoint} for endpoint in endpoints]
    whole = {"connectionPreference": "ACCEPT_MANUAL", "subnetworks": [subnet], **attachment}
    project.add(HERE, "networkAttachments", "door", network=project.link(network), connectionEndpoints=listed, **whole)
    return project


def to_etcd(*sources: str, **rest: Any) -> Project:  # noqa: ANN401 - JSON
    return opened(kops(), "tcp:4001", *sources, targetTags=[MASTERS], **rest)


def tagged(*endpoints: dict[str, Any], **attachment: Any) -> Callable[[], Project]:  # noqa: ANN401 - JSON
    """Return a function that builds a rule for a tag of no machine, and a network attachment."""
    return lambda: attached(to_etcd(sourceTags=["backup"]), *endpoints, **attachment)


def peered(**peering: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a cluster whose network is peered with that of Google's services, which a rule lets in to etcd."""
    project = to_etcd("10.100.0.0/16")
    (network,) = project.lists["projects/acme-prod/global/networks"]
    network["peerings"] = [{"name": "servicenetworking-googleapis-com", "state": "ACTIVE", **peering}]
    hop = {"destRange": "10.100.0.0/16", "nextHopPeering": "servicenetworking-googleapis-com", "priority": 0}
    project.add("global", "routes", "services", network=network["selfLink"], **hop)
    return project


def connector_subnet() -> Project:
    project = to_etcd("10.8.0.0/28")
    project.subnet(project.link(NETWORK), "connector", "10.8.0.0/28")
    return project


SERVICES: dict[str, Shape] = {
    "Cloud Run's addresses in the nodes' subnet": (lambda: reserved("SERVERLESS"), NODE, "FAIL"),
    "addresses for a purpose that is not known": (lambda: reserved("SERVERLESS_OF_TOMORROW"), NODE, "UNKNOWN"),
    "Cloud Run's addresses in another subnet": (lambda: reserved("SERVERLESS", "run", "10.9.0.16"), NODE, "PASS"),
    "an address of an endpoint, which opens no connection": (lambda: reserved("GCE_ENDPOINT"), NODE, "PASS"),
    "a machine of another project in the nodes' subnet": (
        lambda: attached(gke(privateClusterConfig=PRIVATE), ACCEPTED),
        NODE,
        "FAIL",
    ),
    "a machine of another project that was rejected": (
        lambda: attached(gke(privateClusterConfig=PRIVATE), ACCEPTED | {"status": "REJECTED"}),
        NODE,
        "PASS",
    ),
    "alias ranges of a machine of another project": (
        lambda: attached(
            gke(privateClusterConfig=PRIVATE),
            ACCEPTED | {"ipAddress": "10.0.0.77", "secondaryIpCidrRanges": ["10.4.99.0/24"]},
        ),
        NODE,
        "FAIL",
    ),
    "a machine of another project, whose owner chooses its tags": (tagged(ACCEPTED), ETCD, "UNKNOWN"),
    "a machine whose connection has an unknown state": (
        tagged(ACCEPTED | {"status": "NEEDS_ATTENTION"}),
        ETCD,
        "UNKNOWN",
    ),
    "an attachment that accepts every project": (tagged(connectionPreference="ACCEPT_AUTOMATIC"), ETCD, "UNKNOWN"),
    "an attachment that accepts nobody": (tagged(), ETCD, "PASS"),
    "an attachment of another network": (
        lambda: attached(to_etcd(sourceTags=["backup"]), ACCEPTED, network="global/networks/other"),
        ETCD,
        "PASS",
    ),
    "the subnet of a serverless connector": (connector_subnet, ETCD, "FAIL"),
    "the tag of all serverless connectors": (lambda: to_etcd(sourceTags=["vpc-connector"]), ETCD, "UNKNOWN"),
    "the tag of one serverless connector": (
        lambda: to_etcd(sourceTags=["vpc-connector-europe-west1-web"]),
        ETCD,
        "UNKNOWN",
    ),
    "the peered network of Google's services": (peered, ETCD, "FAIL"),
}


@pytest.mark.mistake("service-left-out")
@pytest.mark.parametrize("shape", SERVICES.values(), ids=SERVICES)
def test_a_service_s_interface_counts_as_a_sender(google_cloud: Proxy, shape: Shape) -> None:
    assert_shape(google_cloud, shape)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: reserved("SERVERLESS"), "a serverless workload (block) is in these ranges today"),
        (
            lambda: attached(gke(privateClusterConfig=PRIVATE), ACCEPTED),
            "project vendor-1 by the network attachment door is in these ranges today",
        ),
    ],
)
def test_the_service_is_named(google_cloud: Proxy, build: Callable[[], Project], words: str) -> None:
    row = assert_shape(google_cloud, (build, NODE, "FAIL"))
    assert any(words in finding.message for finding in row.findings), [finding.message for finding in row.findings]
