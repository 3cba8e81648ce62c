"""Made-up clusters on Google Cloud with ways in that IAM guards, or that lead through a balancer."""

from __future__ import annotations

from gcp_clusters import endpoints, gke, kops
from gcp_project import REGION, ZONE, Project

_MASTERS = "prod-k8s-io-role-control-plane"
TUNNELS = "35.235.240.0/20"


def etcd_by_tunnel(*, everyone: bool = False) -> Project:
    """Etcd's ports are open to Identity-Aware Proxy, which everyone may use, or nobody in particular."""
    project = kops(iap={"allow": "tcp:2379-2380,4001-4002", "sourceRanges": [TUNNELS], "targetTags": [_MASTERS]})
    if everyone:
        project.role("roles/iap.tunnelResourceAccessor", "iap.tunnelInstances.accessViaIAP")
        project.bind("roles/iap.tunnelResourceAccessor", "allAuthenticatedUsers")
    return project


def gke_dns_for_everyone() -> Project:
    """An endpoint by its DNS name, through which IAM lets everyone with an account of Google's."""
    private = endpoints(enablePublicEndpoint=False, privateEndpoint="10.1.0.2")
    dns = {"dnsEndpointConfig": {"allowExternalTraffic": True, "endpoint": "gke-1.europe-west1.gke.goog"}}
    project = gke(controlPlaneEndpointsConfig=private | dns)
    project.role("roles/container.clusterViewer", "container.clusters.connect")
    project.bind("roles/container.clusterViewer", "allAuthenticatedUsers")
    return project


def gke_beside(*, subnet: str = "nodes") -> Project:
    """A GKE cluster with private endpoint, and a machine that is not the cluster's in a subnet of its network."""
    project = gke(privateClusterConfig={"enablePrivateEndpoint": True, "privateEndpoint": "10.1.0.2"})
    address = "10.0.0.99"
    if subnet != "nodes":
        project.subnet(project.link("global/networks/default"), subnet, "10.9.0.0/24")
        address = "10.9.0.7"
    project.instance("jenkins", project.link(f"regions/{REGION}/subnetworks/{subnet}"), address)
    return project


def gke_rule(**changed: object) -> Project:
    """A GKE cluster with private endpoint, whose own rule for machines of the subnet is changed."""
    project = gke(privateClusterConfig={"enablePrivateEndpoint": True, "privateEndpoint": "10.1.0.2"})
    for rule in project.lists[f"projects/{project.name}/global/firewalls"]:
        if rule["name"].endswith("-vms"):
            rule.update(changed)
            rule["selfLink"] = project.link(f"global/firewalls/{rule['name']}")
    return project


def balancer_inside() -> Project:
    """A passthrough balancer before the API, which the firewall opens to the subnet of the control plane."""
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
    """The same balancer, which a service attachment offers to other projects."""
    project = balancer_inside()
    rule = project.link(f"regions/{REGION}/forwardingRules/api")
    project.add(f"regions/{REGION}", "serviceAttachments", "api", targetService=rule, **attachment)
    return project
