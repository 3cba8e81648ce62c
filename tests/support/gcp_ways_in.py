"""Made-up clusters on Google Cloud with ways in that IAM guards, or that lead through a load balancer."""

from __future__ import annotations

from gcp_clusters import authorized, endpoints, gke, kops
from gcp_project import REGION, ZONE, Project

_MASTERS = "prod-k8s-io-role-control-plane"
TUNNELS = "35.235.240.0/20"


def etcd_by_tunnel(*, everyone: bool = False) -> Project:
    """Return a cluster whose etcd ports are open to Identity-Aware Proxy. ``everyone``: IAM lets everyone use it."""
    project = kops(iap={"allow": "tcp:2379-2380,4001-4002", "sourceRanges": [TUNNELS], "targetTags": [_MASTERS]})
    if everyone:
        project.role("roles/iap.tunnelResourceAccessor", "iap.tunnelInstances.accessViaIAP")
        project.bind("roles/iap.tunnelResourceAccessor", "allAuthenticatedUsers")
    return project


def gke_dns_for_everyone() -> Project:
    """Return a GKE cluster with a DNS endpoint that IAM opens to everyone with a Google account."""
    private = endpoints(enablePublicEndpoint=False, privateEndpoint="10.1.0.2")
    dns = {"dnsEndpointConfig": {"allowExternalTraffic": True, "endpoint": "gke-1.europe-west1.gke.goog"}}
    project = gke(controlPlaneEndpointsConfig=private | dns)
    project.role("roles/container.clusterViewer", "container.clusters.connect")
    project.bind("roles/container.clusterViewer", "allAuthenticatedUsers")
    return project


def gke_beside(*, subnet: str = "nodes") -> Project:
    """Return a GKE cluster with a private endpoint, and another machine in a subnet of its network."""
    project = gke(privateClusterConfig={"enablePrivateEndpoint": True, "privateEndpoint": "10.1.0.2"})
    address = "10.0.0.99"
    if subnet != "nodes":
        project.subnet(project.link("global/networks/default"), subnet, "10.9.0.0/24")
        address = "10.9.0.7"
    project.instance("jenkins", project.link(f"regions/{REGION}/subnetworks/{subnet}"), address)
    return project


def gke_rule(**changed: object) -> Project:
    """Return a GKE cluster with a private endpoint, with changes to its own rule for machines of the subnet."""
    project = gke(privateClusterConfig={"enablePrivateEndpoint": True, "privateEndpoint": "10.1.0.2"})
    for rule in project.lists[f"projects/{project.name}/global/firewalls"]:
        if rule["name"].endswith("-vms"):
            rule.update(changed)
            rule["selfLink"] = project.link(f"global/firewalls/{rule['name']}")
    return project


def gke_of_terraform() -> Project:
    """Return a GKE cluster with the rules of Google's Terraform module: webhooks, and copies of GKE's own rules.

    terraform-google-modules/terraform-google-kubernetes-engine modules/private-cluster/firewall.tf.
    """
    nodes = authorized(cidrBlocks=[{"cidrBlock": "10.0.0.0/20", "displayName": "VPC"}])
    project = gke(
        privateClusterConfig={"enablePrivateEndpoint": True, "privateEndpoint": "172.16.0.2"},
        masterAuthorizedNetworksConfig=nodes | {"gcpPublicCidrsAccessEnabled": False},
    )
    network, master = project.link("global/networks/default"), "172.16.0.0/28"
    for machine in project.lists[f"projects/{project.name}/zones/{ZONE}/instances"]:
        machine["tags"]["items"].append("gke-prod")
    for name, allow, source in (
        ("gke-prod-webhooks", "tcp:8443,9443,15017", master),
        ("gke-shadow-prod-all", "tcp udp icmp sctp esp ah", "10.4.0.0/14"),
        ("gke-shadow-prod-master", "tcp:10250,443", master),
        ("gke-shadow-prod-vms", "icmp udp:1-65535 tcp:1-65535", "10.0.0.0/20"),
    ):
        project.firewall(network, name, allow, source, targetTags=["gke-prod"], priority=999)
    return project


def balancer_inside() -> Project:
    """Return a cluster with a passthrough load balancer for the API, open to the control plane's subnet."""
    project = kops(api={"allow": "tcp:443", "sourceRanges": ["10.0.0.0/20"], "targetTags": [_MASTERS]})
    network, where = project.link("global/networks/default"), f"zones/{ZONE}"
    group = project.add(where, "instanceGroups", "masters", network=network)
    path = f"projects/{project.name}/{where}/instanceGroups/masters/listInstances"
    master = project.link(f"{where}/instances/master-a")
    project.answer("compute", path, {"items": [{"instance": master}]}, "POST")
    inside = {"loadBalancingScheme": "INTERNAL", "protocol": "TCP"}
    service = project.add(f"regions/{REGION}", "backendServices", "api", backends=[{"group": group}], **inside)
    rule = {"IPProtocol": "TCP", "ports": ["443"], "IPAddress": "10.0.0.99", "loadBalancingScheme": "INTERNAL"}
    project.add(f"regions/{REGION}", "forwardingRules", "api", backendService=service, network=network, **rule)
    return project


def balancer_published(**attachment: object) -> Project:
    """Return the cluster of ``balancer_inside`` with a service attachment, which offers the balancer to projects."""
    project = balancer_inside()
    rule = project.link(f"regions/{REGION}/forwardingRules/api")
    project.add(f"regions/{REGION}", "serviceAttachments", "api", targetService=rule, **attachment)
    return project
