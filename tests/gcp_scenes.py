"""Made-up clusters on Google Cloud, each with what must be found in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cloudguard.checks.base import Verdict
from cloudguard.needs.policy import Policy
from gcp_project import Item, Project

API, NODES, IDENTITY = "api-server-access", "node-access", "cloud-api-access"
ETCD, DISKS = "etcd-access", "etcd-encryption"
WORLD, OFFICE = "0.0.0.0/0", "198.51.100.0/24"
TELEMETRY = (
    "autoscaling.sites.writeMetrics",
    "logging.logEntries.create",
    "monitoring.metricDescriptors.create",
    "monitoring.metricDescriptors.list",
    "monitoring.timeSeries.create",
    "monitoring.timeSeries.list",
)
"""roles/container.defaultNodeServiceAccount."""
EDITOR = (
    "compute.disks.create",
    "compute.instances.create",
    "compute.instances.list",
    "compute.instances.setMetadata",
    "compute.instances.setServiceAccount",
    "compute.subnetworks.use",
    "iam.serviceAccounts.actAs",
    "storage.objects.get",
)
"""A few of roles/editor's."""


@dataclass(frozen=True)
class Scene:
    """A cluster called "prod": verdicts by row, and findings (check, severity) that are all of those above low."""

    build: Callable[[], Project]
    verdicts: Mapping[str, Verdict]
    findings: Sequence[tuple[str, str]] = ()
    beside: Callable[[], tuple[Project, ...]] = tuple
    policy: Policy = field(default_factory=Policy)


def kops(*, cmek: str = "", editor: bool = False, **firewalls: Any) -> Project:  # noqa: ANN401 - JSON
    """A kops-shaped cluster: one control-plane host and two nodes, without public addresses."""
    project = Project()
    network = project.network()
    subnet = project.subnet(network)
    masters, nodes = "prod-k8s-io-role-control-plane", "prod-k8s-io-role-node"
    labels = {"k8s-io-cluster-name": "prod"}
    account = project.default_account if editor else project.account("nodes")
    keyed: dict[str, Any] = {"diskEncryptionKey": {"kmsKeyName": cmek}} if cmek else {}
    project.disk("etcd-main", labels=labels | {"k8s-io-etcd-main": "a-2fa"}, **keyed)
    project.disk("master-a", **keyed)
    disks: list[Item] = [
        {"source": project.link(f"zones/europe-west1-b/disks/{name}"), "type": "PERSISTENT", "deviceName": name}
        for name in ("master-a", "etcd-main")
    ]
    project.instance("master-a", subnet, "10.0.0.2", tags=[masters], labels=labels, disks=disks)
    for index in (1, 2):
        project.instance(f"node-{index}", subnet, f"10.0.0.1{index}", tags=[nodes], labels=labels, account=account)
    project.firewall(network, "node-to-master", "tcp:443,10250,3988", sourceTags=[nodes], targetTags=[masters])
    project.firewall(network, "master-to-node", "tcp udp icmp", sourceTags=[masters], targetTags=[nodes])
    project.firewall(network, "node-to-node", "tcp udp icmp", sourceTags=[nodes], targetTags=[nodes])
    for name, rest in firewalls.items():
        project.firewall(network, name.replace("_", "-"), **rest)
    if editor:
        project.role("roles/editor", *EDITOR)
        project.bind("roles/editor", f"serviceAccount:{account}")
    else:
        project.role("roles/container.defaultNodeServiceAccount", *TELEMETRY)
        project.bind("roles/container.defaultNodeServiceAccount", f"serviceAccount:{account}")
    if cmek:
        project.answer("kms", cmek, {"name": cmek, "state": "ENABLED"})
    return project


_PRIVATE = {API: Verdict.PASS, NODES: Verdict.PASS, ETCD: Verdict.PASS, DISKS: Verdict.PASS, IDENTITY: Verdict.FAIL}
_METADATA = (("cloud-api-access/metadata", "medium"),)
KEY = "projects/acme-prod/locations/europe/keyRings/etcd/cryptoKeys/main/cryptoKeyVersions/1"


def _open_ssh() -> Project:
    """Nodes with public addresses that anyone may log in to."""
    project = kops(ssh={"allow": "tcp:22", "targetTags": ["prod-k8s-io-role-node"], "sourceRanges": [WORLD]})
    for one in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        if one["name"].startswith("node"):
            one["networkInterfaces"][0]["accessConfigs"] = [{"name": "nat", "natIP": f"34.76.0.{one['name'][-1]}"}]
    return project


def _policy(kind: str, action: str, name: str = "1", **match: Any) -> Item:  # noqa: ANN401 - JSON
    rule = {
        "priority": 100,
        "direction": "INGRESS",
        "action": action,
        "match": {"srcIpRanges": [WORLD], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["22"]}], **match},
    }
    return {"name": name, "type": kind, "rules": [rule]}


def _under(*policies: Item, regional: Sequence[Item] = (), allow: bool = True) -> Project:
    project = _open_ssh()
    project.effective("default", *policies, regional=regional)
    if not allow:
        for one in project.lists["projects/acme-prod/global/firewalls"]:
            if one["name"] == "ssh":
                one["denied"] = one.pop("allowed")
    return project


def _by_account() -> Project:
    """A rule that names who may by service account: the nodes'."""
    project = kops()
    network = project.link("global/networks/default")
    nodes = f"nodes@{project.name}.iam.gserviceaccount.com"
    other = project.account("batch")
    project.instance("batch-1", project.link("regions/europe-west1/subnetworks/nodes"), "10.0.0.99", account=other)
    project.firewall(network, "by-account", "tcp", sourceServiceAccounts=[other], targetServiceAccounts=[nodes])
    return project


def _capg() -> Project:
    """Cluster API: one rule lets all of the cluster's machines reach one another on every port."""
    project = Project()
    network = project.network()
    subnet = project.subnet(network)
    for role, address in (("control-plane", "10.0.0.2"), ("node", "10.0.0.11")):
        labels = {"capg-cluster-prod": "owned", "capg-role": role}
        project.instance(f"prod-{role}", subnet, address, tags=[f"prod-{role}"], labels=labels)
    project.disk("prod-control-plane")
    both = ["prod-control-plane", "prod-node"]
    project.firewall(network, "allow-prod-cluster", "all", sourceTags=both, targetTags=both)
    hc = ["35.191.0.0/16", "130.211.0.0/22"]
    project.firewall(network, "allow-prod-healthchecks", "tcp:6443", sourceRanges=hc, targetTags=["prod-control-plane"])
    return project


def _openshift() -> Project:
    """OpenShift's own rules, with a public API: a firewall without sources lets in everyone."""
    project = Project()
    network = project.network()
    subnet = project.subnet(network)
    labels = {"kubernetes-io-cluster-prod-x7k2p": "owned"}
    masters, workers = "prod-x7k2p-control-plane", "prod-x7k2p-worker"
    project.instance("prod-x7k2p-master-0", subnet, "10.0.0.2", tags=[masters], labels=labels, public="34.76.0.2")
    project.instance("prod-x7k2p-worker-a", subnet, "10.0.0.11", tags=[workers], labels=labels)
    project.disk("prod-x7k2p-master-0")
    project.firewall(network, "prod-x7k2p-etcd", "tcp:2379-2380", sourceTags=[masters], targetTags=[masters])
    project.firewall(network, "prod-x7k2p-api", "tcp:6443", targetTags=[masters])
    return project


def _gke(*, autopilot: bool = False, **cluster: Any) -> Project:  # noqa: ANN401 - JSON
    """A GKE cluster of two private nodes with an account of their own."""
    project = Project()
    network = project.network()
    subnet = project.subnet(network)
    account = project.account("gke-nodes")
    project.role("roles/container.defaultNodeServiceAccount", *TELEMETRY)
    project.bind("roles/container.defaultNodeServiceAccount", f"serviceAccount:{account}")
    tag = "gk3-prod-12345678-node" if autopilot else "gke-prod-12345678-node"
    labels = {"goog-k8s-cluster-name": "prod", "goog-k8s-cluster-location": "europe-west1"}
    pool = labels | {"goog-k8s-node-pool-name": "main"}
    for index in (1, 2):
        project.instance(f"gke-prod-main-{index}", subnet, f"10.0.0.1{index}", tags=[tag], labels=pool, account=account)
    project.firewall(network, "gke-prod-12345678-vms", "tcp:1-65535 udp:1-65535 icmp", "10.0.0.0/20", targetTags=[tag])
    config = {
        "serviceAccount": account,
        "oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "workloadMetadataConfig": {"mode": "GKE_METADATA"},
    }
    project.cluster(
        "prod",
        endpoint="34.77.0.1",
        networkConfig={
            "network": "projects/acme-prod/global/networks/default",
            "subnetwork": "projects/acme-prod/regions/europe-west1/subnetworks/nodes",
        },
        nodePools=[{"name": "main", "config": config}],
        autopilot={"enabled": autopilot},
        **cluster,
    )
    return project


def _authorized(**rest: Any) -> Item:  # noqa: ANN401 - JSON
    return {"enabled": True, "cidrBlocks": [{"cidrBlock": OFFICE, "displayName": "office"}], **rest}


def _endpoints(**ip: Any) -> Item:  # noqa: ANN401 - JSON
    return {"ipEndpointsConfig": {"enabled": True, **ip}}


_GKE = {API: Verdict.PASS, NODES: Verdict.FAIL, ETCD: Verdict.PROVIDER, DISKS: Verdict.PROVIDER, IDENTITY: Verdict.PASS}


_SUBNET = ("node-access/inside", "medium")
"""GKE's own rule lets in whatever stands in the nodes' subnet, on every port."""


def _shared() -> Project:
    """Machines whose network is another project's."""
    project = Project()
    subnet = "https://www.googleapis.com/compute/v1/projects/net-host/regions/europe-west1/subnetworks/nodes"
    network = "https://www.googleapis.com/compute/v1/projects/net-host/global/networks/shared"
    labels = {"k8s-io-cluster-name": "prod"}
    for role, address, public in (("control-plane", "10.0.0.2", ""), ("node", "10.0.0.11", "34.76.0.9")):
        tags = [f"prod-k8s-io-role-{role}"]
        project.instance(role, subnet, address, network=network, tags=tags, labels=labels, public=public)
    project.disk("control-plane")
    return project


def _host_of_shared() -> tuple[Project, ...]:
    host = Project("net-host", "999")
    network = host.network("shared")
    host.subnet(network)
    host.firewall(network, "ssh", "tcp:22", WORLD, targetTags=["prod-k8s-io-role-node"])
    return (host,)


_SSH = ("node-access/internet", "critical")
SCENES: Mapping[str, Scene] = {
    "kops": Scene(kops, _PRIVATE, _METADATA),
    "open-ssh": Scene(_open_ssh, _PRIVATE | {NODES: Verdict.FAIL}, (_SSH, *_METADATA)),
    "denied-above": Scene(lambda: _under(_policy("HIERARCHY", "deny")), _PRIVATE, _METADATA),
    "passed-on-above": Scene(
        lambda: _under(_policy("HIERARCHY", "goto_next")), _PRIVATE | {NODES: Verdict.FAIL}, (_SSH, *_METADATA)
    ),
    "allowed-above": Scene(
        lambda: _under(_policy("HIERARCHY", "allow"), allow=False),
        _PRIVATE | {NODES: Verdict.FAIL},
        (_SSH, *_METADATA),
    ),
    "allowed-below": Scene(lambda: _under(_policy("NETWORK", "allow"), allow=False), _PRIVATE, _METADATA),
    "denied-in-region": Scene(
        lambda: _under(regional=[_policy("NETWORK_REGIONAL", "deny")]),
        _PRIVATE | {NODES: Verdict.FAIL},
        (_SSH, *_METADATA),
    ),
    "denied-by-system": Scene(lambda: _under(regional=[_policy("SYSTEM_REGIONAL", "deny")]), _PRIVATE, _METADATA),
    "threat-list": Scene(
        lambda: _under(_policy("HIERARCHY", "deny", srcIpRanges=[], srcThreatIntelligences=["iplist-tor-exit-nodes"])),
        _PRIVATE | {NODES: Verdict.UNKNOWN},
        _METADATA,
    ),
    "service-account": Scene(
        _by_account, _PRIVATE | {NODES: Verdict.FAIL}, (("node-access/inside", "medium"), *_METADATA)
    ),
    "editor": Scene(
        lambda: kops(editor=True),
        _PRIVATE,
        (("cloud-api-access/escalation", "critical"), ("cloud-api-access/outside", "high"), *_METADATA),
    ),
    "cmek": Scene(lambda: kops(cmek=KEY), _PRIVATE, _METADATA, policy=Policy(require_customer_key=True)),
    "no-cmek": Scene(
        kops,
        _PRIVATE | {DISKS: Verdict.FAIL},
        (("etcd-encryption/customer-key", "medium"), *_METADATA),
        policy=Policy(require_customer_key=True),
    ),
    "capg": Scene(_capg, _PRIVATE | {ETCD: Verdict.FAIL, IDENTITY: Verdict.PASS}, (("etcd-access/inside", "high"),)),
    "shared-vpc": Scene(
        _shared, _PRIVATE | {NODES: Verdict.FAIL, IDENTITY: Verdict.PASS}, (_SSH,), beside=_host_of_shared
    ),
    "openshift": Scene(
        _openshift,
        _PRIVATE | {API: Verdict.FAIL, IDENTITY: Verdict.PASS},
        (("api-server-access/internet", "critical"),),
    ),
    "gke-public": Scene(_gke, _GKE | {API: Verdict.FAIL}, (("api-server-access/internet", "critical"), _SUBNET)),
    "gke-authorized": Scene(
        lambda: _gke(masterAuthorizedNetworksConfig=_authorized(gcpPublicCidrsAccessEnabled=False)), _GKE, (_SUBNET,)
    ),
    "gke-authorized-google": Scene(
        lambda: _gke(masterAuthorizedNetworksConfig=_authorized()),
        _GKE | {API: Verdict.FAIL},
        (("api-server-access/internet", "high"), _SUBNET),
    ),
    "gke-authorized-new-fields": Scene(
        lambda: _gke(
            controlPlaneEndpointsConfig=_endpoints(
                enablePublicEndpoint=True,
                authorizedNetworksConfig=_authorized(gcpPublicCidrsAccessEnabled=False),
            )
        ),
        _GKE,
        (_SUBNET,),
    ),
    "gke-private": Scene(
        lambda: _gke(privateClusterConfig={"enablePrivateEndpoint": True, "privateEndpoint": "10.1.0.2"}),
        _GKE,
        (_SUBNET,),
    ),
    "gke-dns": Scene(
        lambda: _gke(
            controlPlaneEndpointsConfig=_endpoints(enablePublicEndpoint=False, privateEndpoint="10.1.0.2")
            | {"dnsEndpointConfig": {"allowExternalTraffic": True, "endpoint": "gke-1.europe-west1.gke.goog"}}
        ),
        _GKE | {API: Verdict.FAIL},
        (("api-server-access/internet", "medium"), _SUBNET),
    ),
    "autopilot": Scene(
        lambda: _gke(autopilot=True), _GKE | {API: Verdict.FAIL}, (("api-server-access/internet", "critical"), _SUBNET)
    ),
}
