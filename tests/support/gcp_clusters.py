"""Made-up clusters on Google Cloud, as their installers create them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gcp_project import Item, Project

WORLD, OFFICE = "0.0.0.0/0", "198.51.100.0/24"
TELEMETRY = (
    "autoscaling.sites.writeMetrics",
    "logging.logEntries.create",
    "monitoring.metricDescriptors.create",
    "monitoring.metricDescriptors.list",
    "monitoring.timeSeries.create",
    "monitoring.timeSeries.list",
)
"""The permissions of roles/container.defaultNodeServiceAccount."""
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
"""Some of the permissions of roles/editor."""


def kops(*, cmek: str = "", editor: bool = False, **firewalls: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a cluster as kops creates it: one control-plane host and two nodes, without public addresses."""
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
        whose = cmek.partition("/cryptoKeyVersions/")[0]
        project.answer("kms", cmek, {"name": cmek, "state": "ENABLED"})
        project.answer("kms", whose, {"name": whose, "rotationPeriod": "7776000s"})
    return project


def open_ssh() -> Project:
    """Return a cluster with public addresses on its nodes, and SSH open to everyone."""
    project = kops(ssh={"allow": "tcp:22", "targetTags": ["prod-k8s-io-role-node"], "sourceRanges": [WORLD]})
    for list_ in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        if list_["name"].startswith("node"):
            list_["networkInterfaces"][0]["accessConfigs"] = [{"name": "nat", "natIP": f"34.76.0.{list_['name'][-1]}"}]
    return project


def cilium_etcd() -> Project:
    """Return a cluster with a second etcd for Cilium, which the nodes use and the whole network can reach."""
    project = kops()
    project.disk("etcd-cilium", labels={"k8s-io-cluster-name": "prod", "k8s-io-etcd-cilium": "a-2fa"})
    for list_ in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        if list_["name"] == "master-a":
            source = project.link("zones/europe-west1-b/disks/etcd-cilium")
            list_["disks"].append({"source": source, "type": "PERSISTENT", "deviceName": "etcd-cilium"})
    network, tag = project.link("global/networks/default"), "prod-k8s-io-role-control-plane"
    project.firewall(network, "cilium-etcd", "tcp:4003", WORLD, targetTags=[tag])
    return project


def policy(kind: str, action: str, name: str = "1", **match: Any) -> Item:  # noqa: ANN401 - JSON
    rule = {
        "priority": 100,
        "direction": "INGRESS",
        "action": action,
        "match": {"srcIpRanges": [WORLD], "layer4Configs": [{"ipProtocol": "tcp", "ports": ["22"]}], **match},
    }
    return {"name": name, "type": kind, "rules": [rule]}


def under(*policies: Item, regional: Sequence[Item] = (), allow: bool = True) -> Project:
    project = open_ssh()
    project.effective("default", *policies, regional=regional)
    if not allow:
        for list_ in project.lists["projects/acme-prod/global/firewalls"]:
            if list_["name"] == "ssh":
                list_["denied"] = list_.pop("allowed")
    return project


def behind_balancer(*, denied: bool, public: bool = False) -> Project:
    """Return a cluster with a Service's load balancer for all ports, and rules only for its address, as GKE writes."""
    project, address, tag = open_ssh() if public else kops(), "34.140.0.9", "prod-k8s-io-role-node"
    network = project.link("global/networks/default")
    if not public:
        project.firewall(network, "ssh", "tcp:22", WORLD, targetTags=[tag])
    node = project.link("zones/europe-west1-b/instances/node-1")
    pool = project.add("regions/europe-west1", "targetPools", "web", instances=[node])
    named = '{"kubernetes.io/service-name": "default/web"}'
    balancer = {"loadBalancingScheme": "EXTERNAL", "IPAddress": address, "IPProtocol": "L3_DEFAULT", "allPorts": True}
    project.add("regions/europe-west1", "forwardingRules", "web", target=pool, description=named, **balancer)
    rest: dict[str, Any] = {"targetTags": [tag], "destinationRanges": [address], "sourceRanges": [WORLD]}
    project.firewall(network, "k8s-fw-web", "tcp:443", priority=999, **rest)
    if denied:
        project.firewall(network, "k8s-fw-web-deny", allowed=[], denied=[{"IPProtocol": "all"}], **rest)
    return project


def by_account() -> Project:
    """Return a cluster with a rule that names its source and its targets by service account."""
    project = kops()
    network = project.link("global/networks/default")
    nodes = f"nodes@{project.name}.iam.gserviceaccount.com"
    other = project.account("batch")
    project.instance("batch-1", project.link("regions/europe-west1/subnetworks/nodes"), "10.0.0.99", account=other)
    project.firewall(network, "by-account", "tcp", sourceServiceAccounts=[other], targetServiceAccounts=[nodes])
    return project


def capg() -> Project:
    """Return a Cluster API cluster: one rule lets all machines of the cluster reach one another on every port."""
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


def openshift() -> Project:
    """Return an OpenShift cluster with its own rules and a public API. A firewall without sources lets in everyone."""
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


def gke(*, autopilot: bool = False, **cluster: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a GKE cluster with two private nodes, which have their own service account."""
    project = Project()
    network = project.network()
    subnet = project.subnet(network, secondaryIpRanges=[{"rangeName": "pods", "ipCidrRange": "10.4.0.0/14"}])
    account = project.account("gke-nodes")
    project.role("roles/container.defaultNodeServiceAccount", *TELEMETRY)
    project.bind("roles/container.defaultNodeServiceAccount", f"serviceAccount:{account}")
    tag = "gk3-prod-12345678-node" if autopilot else "gke-prod-12345678-node"
    labels = {"goog-k8s-cluster-name": "prod", "goog-k8s-cluster-location": "europe-west1"}
    pool = labels | {"goog-k8s-node-pool-name": "main"}
    for index in (1, 2):
        project.instance(f"gke-prod-main-{index}", subnet, f"10.0.0.1{index}", tags=[tag], labels=pool, account=account)
        (nic,) = project.lists["projects/acme-prod/zones/europe-west1-b/instances"][-1]["networkInterfaces"]
        nic["aliasIpRanges"] = [{"ipCidrRange": f"10.4.{index}.0/24", "subnetworkRangeName": "pods"}]
    protocols = "tcp udp icmp esp ah sctp"
    written = tag.removesuffix("-node")
    project.firewall(network, f"{written}-all", protocols, "10.4.0.0/14", targetTags=[tag])
    project.firewall(network, f"{written}-vms", "tcp:1-65535 udp:1-65535 icmp", "10.0.0.0/20", targetTags=[tag])
    config = {
        "serviceAccount": account,
        "oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "workloadMetadataConfig": {"mode": "GKE_METADATA"},
    }
    ranges = {"nodeIpv4CidrBlock": "10.0.0.0/20", "clusterIpv4CidrBlock": "10.4.0.0/14"}
    cluster.setdefault("ipAllocationPolicy", {"useIpAliases": True, **ranges})
    project.cluster(
        "prod",
        endpoint="34.77.0.1",
        networkConfig={
            "network": "projects/acme-prod/global/networks/default",
            "subnetwork": "projects/acme-prod/regions/europe-west1/subnetworks/nodes",
        },
        nodePools=[{"name": "main", "config": config}],
        clusterIpv4Cidr="10.4.0.0/14",
        autopilot={"enabled": autopilot},
        **cluster,
    )
    return project


def authorized(**rest: Any) -> Item:  # noqa: ANN401 - JSON
    return {"enabled": True, "cidrBlocks": [{"cidrBlock": OFFICE, "displayName": "office"}], **rest}


def endpoints(**ip: Any) -> Item:  # noqa: ANN401 - JSON
    return {"ipEndpointsConfig": {"enabled": True, **ip}}


def shared() -> Project:
    """Return a cluster whose network belongs to another project (shared VPC)."""
    project = Project()
    subnet = "https://www.googleapis.com/compute/v1/projects/net-host/regions/europe-west1/subnetworks/nodes"
    network = "https://www.googleapis.com/compute/v1/projects/net-host/global/networks/shared"
    labels = {"k8s-io-cluster-name": "prod"}
    for role, address, public in (("control-plane", "10.0.0.2", ""), ("node", "10.0.0.11", "34.76.0.9")):
        tags = [f"prod-k8s-io-role-{role}"]
        project.instance(role, subnet, address, network=network, tags=tags, labels=labels, public=public)
    project.disk("control-plane")
    return project


def host_of_shared() -> tuple[Project, ...]:
    host = Project("net-host", "999")
    network = host.network("shared")
    host.subnet(network)
    host.firewall(network, "ssh", "tcp:22", WORLD, targetTags=["prod-k8s-io-role-node"])
    return (host,)
