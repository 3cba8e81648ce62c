"""GKE in further forms, and ways in that IAM guards: what was not read or understood never counts as shut."""

from __future__ import annotations

from typing import Any

import pytest

from cloudguard.needs.declarations import Declarations
from gcp_clusters import EDITOR, OFFICE, WORLD, authorized, endpoints, gke, kops
from gcp_judged import (
    API,
    DISKS,
    ETCD,
    IDENTITY,
    MASTERS,
    NETWORK,
    NODE,
    SUBNET,
    Build,
    Shape,
    assert_shape,
    machine,
    opened,
    public,
    report_of,
)
from gcp_project import PLATFORM, REGION, ZONE, Item, Project
from gcp_proxy import Proxy

PRIVATE = {"enablePrivateEndpoint": True, "privateEndpoint": "10.1.0.2"}
DNS = {"allowExternalTraffic": True, "endpoint": "gke-1.europe-west1.gke.goog"}
BY_NAME = {"ipEndpointsConfig": {"enabled": False}, "dnsEndpointConfig": DNS}
TAG, NODE_1 = "gke-prod-12345678-node", "gke-prod-main-1"
OVER = 'request.time < timestamp("2020-01-01T00:00:00Z")'
TUNNELS = "35.235.240.0/20"
CLUSTERS = "projects/acme-prod/locations/-/clusters"


def guarded(permission: str, *, condition: str = "", level: str = "", **cluster: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a GKE cluster whose endpoint IAM guards, and a role with ``permission`` for everyone."""
    return for_everyone(gke(**cluster), permission, condition=condition, level=level)


def for_everyone(project: Project, permission: str, *, condition: str = "", level: str = "") -> Project:
    if level:
        parent = {"projectId": project.name, "parent": level}
        project.answer("resources", f"v3:projects/{project.name}", parent)
        project.answer("resources", level, {"name": level})
        project.policy(level)
    project.role("roles/x", permission)
    project.bind("roles/x", "allAuthenticatedUsers", on=level, condition=condition)
    return project


def by_name(permission: str = "container.clusters.connect", **rest: Any) -> Project:  # noqa: ANN401 - JSON
    return guarded(permission, controlPlaneEndpointsConfig=BY_NAME, **rest)


def fleet(permission: str, host: str = "acme-prod") -> Project:
    member = f"//gkehub.googleapis.com/projects/{host}/locations/{REGION}/memberships/prod"
    return guarded(permission, privateClusterConfig=PRIVATE, fleet={"project": host, "membership": member})


def fleet_with(policy: Item) -> Project:
    project = fleet("gkehub.gateway.get", "fleet-1")
    project.answer("resources", "projects/fleet-1:getIamPolicy", policy, "POST")
    return project


def unread_role() -> Project:
    project = gke(controlPlaneEndpointsConfig=BY_NAME)
    project.bind("roles/unread", "allUsers")
    return project


def tunnels(permission: str = "", **binding: str) -> Project:
    project = opened(kops(), "tcp:4001", TUNNELS, targetTags=[MASTERS])
    return for_everyone(project, permission, **binding) if permission else project


BY_IAP = "iap.tunnelInstances.accessViaIAP"
GUARDED: dict[str, Shape] = {
    "everyone, by a folder": (lambda: by_name(level="folders/1"), API, "FAIL"),
    "everyone, until a day in the past": (lambda: by_name(condition=OVER), API, "PASS"),
    "everyone with a tag": (lambda: by_name(condition='resource.matchTag("1/a", "b")'), API, "UNKNOWN"),
    "everyone, by a role that was not read": (unread_role, API, "UNKNOWN"),
    "everyone, by another permission": (lambda: by_name("container.clusters.list"), API, "PASS"),
    "everyone who may read by the fleet's gateway": (lambda: fleet("gkehub.gateway.get"), API, "FAIL"),
    "everyone who may write by the fleet's gateway": (lambda: fleet("gkehub.gateway.post"), API, "FAIL"),
    "the gateway of a fleet of another project": (lambda: fleet("gkehub.gateway.get", "fleet-1"), API, "UNKNOWN"),
    "the gateway of a fleet that lets nobody through": (lambda: fleet_with({"etag": "a", "bindings": []}), API, "PASS"),
    "the gateway of a fleet with a binding of nobody": (
        lambda: fleet_with({"etag": "a", "bindings": [{"role": "roles/x"}]}),
        API,
        "UNKNOWN",
    ),
    "the gateway of a fleet with an empty policy": (lambda: fleet_with({}), API, "UNKNOWN"),
    "tunnels for users that IAM lets through": (tunnels, ETCD, "PASS"),
    "tunnels for everyone": (lambda: tunnels(BY_IAP), ETCD, "FAIL"),
    "tunnels for everyone on one port": (lambda: tunnels(BY_IAP, condition="destination.port == 22"), ETCD, "UNKNOWN"),
}


@pytest.mark.mistake("imposed-misjudged")
@pytest.mark.parametrize("shape", GUARDED.values(), ids=GUARDED)
def test_a_guarded_way_in_has_the_weight_of_its_guard(google_cloud: Proxy, shape: Shape) -> None:
    assert_shape(google_cloud, shape)


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize(
    ("refused", "build", "row"),
    [
        ("resourcemanager.projects.getIamPolicy", by_name, API),
        ("resourcemanager.projects.get", lambda: by_name(level="folders/1"), API),
        ("resourcemanager.folders.getIamPolicy", lambda: by_name(level="folders/1"), API),
        ("resourcemanager.folders.get", lambda: by_name("container.clusters.list", level="folders/1"), API),
        ("resourcemanager.projects.getIamPolicy", lambda: tunnels(BY_IAP), ETCD),
    ],
)
def test_a_policy_that_is_not_read_may_let_everyone_through(
    google_cloud: Proxy, refused: str, build: Build, row: str
) -> None:
    result = report_of(google_cloud, build(), refused=refused).row(row)
    assert result.verdict == "UNKNOWN", result.why


def authorizing(*blocks: str, **rest: Any) -> Project:  # noqa: ANN401 - JSON
    listed = [{"cidrBlock": block} for block in blocks]
    return gke(masterAuthorizedNetworksConfig={"enabled": True, "cidrBlocks": listed, **rest})


def pools(*added: Item, **cluster: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a GKE cluster with a powerful account "other", and further node pools."""
    project = gke(**cluster)
    project.role("roles/editor", *EDITOR)
    project.bind("roles/editor", f"serviceAccount:{project.account('other')}")
    project.bind("roles/editor", f"serviceAccount:{project.default_account}")
    project.lists[CLUSTERS][0]["nodePools"].extend(added)
    return project


def next_of_pool(**nic: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a cluster with an empty node pool, whose own network tag is open to everyone."""
    project = opened(gke(privateClusterConfig=PRIVATE), "tcp:22", WORLD, targetTags=["batch"])
    where = {"network": project.link(NETWORK), "subnetwork": project.link(SUBNET), **nic}
    labels = {"goog-k8s-cluster-name": "prod", "goog-k8s-cluster-location": REGION, "goog-k8s-node-pool-name": "batch"}
    made_of = {"labels": labels, "tags": {"items": ["batch"]}, "networkInterfaces": [where]}
    template = project.add("global", "instanceTemplates", "batch", properties=made_of)
    project.add(f"zones/{ZONE}", "instanceGroupManagers", "gke-batch", instanceTemplate=template, targetSize=0)
    return project


def second_network() -> Project:
    """Return a cluster whose node has a second interface with a public address in another network too."""
    project = gke(privateClusterConfig=PRIVATE)
    network = project.network("data")
    subnet = project.subnet(network, "data", "10.90.0.0/24")
    project.firewall(network, "open", "tcp:22", WORLD)
    place = {"name": "nic1", "network": network, "subnetwork": subnet, "networkIP": "10.90.0.5"}
    machine(project, NODE_1)["networkInterfaces"].append(place | {"accessConfigs": [{"natIP": "34.76.0.8"}]})
    return project


def more_pods(*, named: bool) -> Project:
    """Return a cluster whose rule lets in a further range of the subnet, which GKE assigns to pods if ``named``."""
    ranges = {"nodeIpv4CidrBlock": "10.0.0.0/20", "clusterIpv4CidrBlock": "10.4.0.0/14", "useIpAliases": True}
    more = {"additionalPodRangesConfig": {"podRangeNames": ["more"]}} if named else {}
    project = gke(privateClusterConfig=PRIVATE, ipAllocationPolicy=ranges | more)
    subnet = project.lists[f"projects/acme-prod/regions/{REGION}/subnetworks"][0]
    subnet["secondaryIpRanges"].append({"rangeName": "more", "ipCidrRange": "10.128.0.0/16"})
    return opened(project, "tcp udp", "10.128.0.0/16", name="more", targetTags=[TAG])


GKE: dict[str, Shape] = {
    "all networks are authorized": (lambda: authorizing(WORLD, gcpPublicCidrsAccessEnabled=False), API, "FAIL"),
    "both halves of all networks": (
        lambda: authorizing("0.0.0.0/1", "128.0.0.0/1", gcpPublicCidrsAccessEnabled=False),
        API,
        "FAIL",
    ),
    "nobody is authorized": (lambda: authorizing(gcpPublicCidrsAccessEnabled=False), API, "PASS"),
    "Google Cloud is authorized by default": (lambda: authorizing(OFFICE), API, "FAIL"),
    "Google Cloud is not, with private nodes": (
        lambda: gke(masterAuthorizedNetworksConfig=authorized(), privateClusterConfig={"enablePrivateNodes": True}),
        API,
        "PASS",
    ),
    "authorized networks that are not enabled": (
        lambda: gke(masterAuthorizedNetworksConfig=authorized() | {"enabled": False}),
        API,
        "FAIL",
    ),
    "a public endpoint that only the newer field shows": (
        lambda: gke(privateClusterConfig=PRIVATE, controlPlaneEndpointsConfig=endpoints(enablePublicEndpoint=True)),
        API,
        "FAIL",
    ),
    "an endpoint by name only": (lambda: gke(controlPlaneEndpointsConfig=BY_NAME), API, "PASS"),
    "a node's open port": (
        lambda: opened(public(gke(privateClusterConfig=PRIVATE), NODE_1), "tcp:22", WORLD, targetTags=[TAG]),
        NODE,
        "FAIL",
    ),
    "the kubelet's port without a login": (
        lambda: opened(public(gke(privateClusterConfig=PRIVATE), NODE_1), "tcp:10255", WORLD),
        NODE,
        "FAIL",
    ),
    "NodePorts of a public node": (
        lambda: opened(public(gke(privateClusterConfig=PRIVATE), NODE_1), "tcp:30000-32767", WORLD, targetTags=[TAG]),
        NODE,
        "FAIL",
    ),
    "a network tag of an empty node pool": (
        lambda: next_of_pool(accessConfigs=[{"name": "nat", "type": "ONE_TO_ONE_NAT"}]),
        NODE,
        "FAIL",
    ),
    "an empty node pool without public addresses": (next_of_pool, NODE, "PASS"),
    "a second network of a node": (second_network, NODE, "FAIL"),
    "a further range of pods": (lambda: more_pods(named=True), NODE, "PASS"),
    "a further range of the subnet": (lambda: more_pods(named=False), NODE, "FAIL"),
    "Autopilot with a private endpoint": (lambda: gke(autopilot=True, privateClusterConfig=PRIVATE), NODE, "PASS"),
    "the account of a node pool without nodes": (
        lambda: pools({"name": "b", "config": {"serviceAccount": OTHER, "oauthScopes": [PLATFORM]}}),
        IDENTITY,
        "FAIL",
    ),
    "the default account of a node pool": (
        lambda: pools({"name": "b", "config": {"serviceAccount": "default", "oauthScopes": [PLATFORM]}}),
        IDENTITY,
        "FAIL",
    ),
    "the account of node pools that GKE creates": (
        lambda: pools(
            autoscaling={
                "enableNodeAutoprovisioning": True,
                "autoprovisioningNodePoolDefaults": {"serviceAccount": OTHER, "oauthScopes": [PLATFORM]},
            }
        ),
        IDENTITY,
        "FAIL",
    ),
    "the account of no node pool": (pools, IDENTITY, "PASS"),
    "Secrets without a key of the user's": (lambda: gke(databaseEncryption={"state": "DECRYPTED"}), DISKS, "PROVIDER"),
}
OTHER = "other@acme-prod.iam.gserviceaccount.com"


@pytest.mark.parametrize("shape", GKE.values(), ids=GKE)
def test_gke_in_further_forms(google_cloud: Proxy, shape: Shape) -> None:
    assert_shape(google_cloud, shape)


@pytest.mark.parametrize(
    ("enforced", "admins", "severity"), [(True, OFFICE, "LOW"), (False, OFFICE, "MEDIUM"), (False, "10.0.0.0/20", "")]
)
def test_a_private_endpoint_lets_in_its_network(
    google_cloud: Proxy, *, enforced: bool, admins: str, severity: str
) -> None:
    """Nodes always connect to it. Authorized networks limit the others, if they are enforced."""
    listed = authorized(privateEndpointEnforcementEnabled=enforced)
    ip = endpoints(enablePublicEndpoint=False, privateEndpoint="10.1.0.2", authorizedNetworksConfig=listed)
    policy = Declarations(admin_cidrs=(admins,))
    row = report_of(google_cloud, gke(controlPlaneEndpointsConfig=ip), policy=policy).row(API)
    found = {finding.severity.name for finding in row.findings if finding.check == f"{API}/inside"}
    assert found == ({severity} if severity else set())
