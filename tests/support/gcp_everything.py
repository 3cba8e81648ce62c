"""A cluster with every kind of resource that an adapter reads: load balancers, groups, keys, folders, deny policies."""

from __future__ import annotations

from gcp_clusters import OFFICE, kops
from gcp_project import REGION, ZONE, Item, Project
from gcp_scenes import KEY

_MASTERS = "prod-k8s-io-role-control-plane"
_WHOLE_KEY = KEY.partition("/cryptoKeyVersions/")[0]


def everything() -> Project:
    """Return the project. Its firewall opens the API to the office and Google's front ends. A proxy there is open."""
    project = kops(cmek=KEY)
    network = project.link("global/networks/default")
    fronts = [OFFICE, "35.191.0.0/16", "130.211.0.0/22"]
    project.firewall(network, "api", "tcp:443", *fronts, targetTags=[_MASTERS])
    _groups(project, network)
    _balancers(project, network)
    _above(project)
    _keys(project)
    return project


def _groups(project: Project, network: str) -> None:
    """Add an unmanaged group of the control plane, a managed group of nodes, endpoint groups, and a NAT gateway."""
    master, node = (project.link(f"zones/{ZONE}/instances/{name}") for name in ("master-a", "node-1"))
    where = f"projects/{project.name}/zones/{ZONE}"
    named = [{"name": "api", "port": 443}]
    project.add(f"zones/{ZONE}", "instanceGroups", "masters", network=network, namedPorts=named)
    project.answer(
        "compute", f"{where}/instanceGroups/masters/listInstances", {"items": [{"instance": master}]}, "POST"
    )
    project.add(f"regions/{REGION}", "instanceGroups", "spread", network=network)
    place = f"projects/{project.name}/regions/{REGION}/instanceGroups/spread/listInstances"
    project.answer("compute", place, {"items": [{"instance": node}]}, "POST")
    project.add(f"zones/{ZONE}", "networkEndpointGroups", "pods", networkEndpointType="GCE_VM_IP_PORT", network=network)
    endpoint = {"networkEndpoint": {"instance": node, "ipAddress": "10.64.0.9", "port": 8080}}
    path = f"{where}/networkEndpointGroups/pods/listNetworkEndpoints"
    project.answer("compute", path, {"items": [endpoint]}, "POST")
    for place, kind in (("global", "INTERNET_IP_PORT"), (f"regions/{REGION}", "GCE_VM_IP_PORTMAP")):
        project.add(place, "networkEndpointGroups", "far", networkEndpointType=kind)
        path = f"projects/{project.name}/{place}/networkEndpointGroups/far/listNetworkEndpoints"
        project.answer("compute", path, {"items": []}, "POST")
    template = project.add("global", "instanceTemplates", "nodes-1", properties=_template(project))
    project.add(f"zones/{ZONE}", "instanceGroupManagers", "nodes", instanceTemplate=template, targetSize=2)
    address = project.add(f"regions/{REGION}", "addresses", "out", address="34.140.0.7")
    nat = {"name": "nat", "natIpAllocateOption": "MANUAL_ONLY", "natIps": [address]}
    peer = {"name": "office", "interfaceName": "if-0"}
    project.add(f"regions/{REGION}", "routers", "router", network=network, nats=[nat], bgpPeers=[peer])
    learned = {"result": {"bestRoutes": [{"destRange": "10.200.0.0/16", "nextHopIp": "169.254.0.2", "priority": 100}]}}
    project.answer("compute", f"projects/{project.name}/regions/{REGION}/routers/router/getRouterStatus", learned)


def _template(project: Project) -> Item:
    subnet = project.link(f"regions/{REGION}/subnetworks/nodes")
    account = f"nodes@{project.name}.iam.gserviceaccount.com"
    return {
        "labels": {"k8s-io-cluster-name": "prod"},
        "tags": {"items": ["prod-k8s-io-role-node"]},
        "networkInterfaces": [{"network": project.link("global/networks/default"), "subnetwork": subnet}],
        "serviceAccounts": [{"email": account, "scopes": ["https://www.googleapis.com/auth/logging.write"]}],
        "disks": [{"boot": True, "deviceName": "boot"}],
    }


def _balancers(project: Project, network: str) -> None:
    """Add a passthrough load balancer of each kind, and a proxy load balancer of each kind."""
    region, master = f"regions/{REGION}", project.link(f"zones/{ZONE}/instances/master-a")
    masters, spread = (
        project.link(f"{place}/instanceGroups/{name}")
        for place, name in ((f"zones/{ZONE}", "masters"), (region, "spread"))
    )
    pods = project.link(f"zones/{ZONE}/networkEndpointGroups/pods")

    def service(where: str, name: str, *groups: str, **rest: str) -> str:
        return project.add(where, "backendServices", name, backends=[{"group": group} for group in groups], **rest)

    def rule(where: str, name: str, scheme: str, port: str, **target: str) -> None:
        whole = {"IPProtocol": "TCP", "portRange": port, "IPAddress": "34.140.0.8", "loadBalancingScheme": scheme}
        project.add(where, "forwardingRules", name, **whole, **target)

    pool = project.add(region, "targetPools", "api", instances=[master])
    rule(region, "api-pool", "EXTERNAL", "443-443", target=pool)
    inside = service(region, "inside", masters, loadBalancingScheme="INTERNAL", protocol="TCP")
    rule(region, "api-inside", "INTERNAL", "443-443", backendService=inside, network=network)
    one = project.add(f"zones/{ZONE}", "targetInstances", "one", instance=master)
    rule(region, "api-one", "EXTERNAL", "443-443", target=one)
    anyone = {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}}
    rules = [{"action": "allow", "priority": 2_147_483_647, "match": anyone}]
    policy = project.add("global", "securityPolicies", "armor", rules=rules)
    proxied = {"portName": "api", "loadBalancingScheme": "EXTERNAL", "protocol": "TCP", "securityPolicy": policy}
    outside = service("global", "outside", masters, **proxied)
    for kind in ("targetTcpProxies", "targetSslProxies"):
        proxy = project.add("global", kind, kind.lower(), service=outside)
        rule("global", f"api-by-{kind.lower()}", "EXTERNAL", "443-443", target=proxy)
    far = [project.link(f"{place}/networkEndpointGroups/far") for place in ("global", region)]
    web = service("global", "web", pods, spread, *far, portName="http", loadBalancingScheme="EXTERNAL", protocol="HTTP")
    chosen = project.add("global", "urlMaps", "web", defaultService=web)
    for kind in ("targetHttpProxies", "targetHttpsProxies"):
        proxy = project.add("global", kind, kind.lower(), urlMap=chosen)
        rule("global", f"web-by-{kind.lower()}", "EXTERNAL", "80-80", target=proxy)


def _above(project: Project) -> None:
    """Add a folder and an organization, a deny policy, a Kubernetes service account's binding, and custom roles."""
    project.answer("resources", f"v3:projects/{project.name}", {"projectId": project.name, "parent": "folders/1"})
    project.answer("resources", "folders/1", {"name": "folders/1", "parent": "organizations/2"})
    project.policy("folders/1")
    project.policy("organizations/2")
    attached = f"policies/cloudresourcemanager.googleapis.com/projects/{project.name}/denypolicies"
    quoted = f"policies/cloudresourcemanager.googleapis.com%2Fprojects%2F{project.name}/denypolicies"
    denied = {
        "deniedPrincipals": ["principalSet://goog/public:all"],
        "deniedPermissions": ["iam.googleapis.com/roles.update"],
    }
    project.collection("denials", quoted, {"name": f"{quoted}/no-roles"})
    project.answer("denials", f"{quoted}/no-roles", {"name": f"{quoted}/no-roles", "rules": [{"denyRule": denied}]})
    project.lists[attached] = project.lists.pop(quoted)
    project.answers[f"{attached}/no-roles"] = project.answers.pop(f"{quoted}/no-roles")
    account = project.account("dns")
    project.bind(
        "roles/iam.workloadIdentityUser", f"serviceAccount:{project.name}.svc.id.goog[dns/external-dns]", on=account
    )
    project.role("roles/iam.workloadIdentityUser", "iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.get")
    custom = project.role(f"projects/{project.name}/roles/lister", "compute.instances.list")
    project.bind(custom, f"serviceAccount:nodes@{project.name}.iam.gserviceaccount.com")
    above = project.role("organizations/2/roles/lister", "compute.zones.list")
    project.bind(above, f"serviceAccount:nodes@{project.name}.iam.gserviceaccount.com", on="organizations/2")


def _keys(project: Project) -> None:
    """Add a disk whose key has no version, and snapshots and images of etcd's disk."""
    project.answer("kms", _WHOLE_KEY, {"name": _WHOLE_KEY, "primary": {"name": KEY, "state": "ENABLED"}})
    labels = {"k8s-io-cluster-name": "prod", "k8s-io-etcd-events": "a-2fa"}
    project.disk("etcd-events", labels=labels, diskEncryptionKey={"kmsKeyName": _WHOLE_KEY})
    disk = project.link(f"zones/{ZONE}/disks/etcd-main")
    project.add("global", "snapshots", "nightly", sourceDisk=disk)
    project.answer("compute", f"projects/{project.name}/global/snapshots/nightly/getIamPolicy", {"bindings": []})
    project.add("global", "images", "backup", sourceDisk=disk)
    project.answer("compute", f"projects/{project.name}/global/images/backup/getIamPolicy", {"bindings": []})
    project.add("global", "machineImages", "host", savedDisks=[{"sourceDisk": disk}])
    project.answer("compute", f"projects/{project.name}/global/machineImages/host/getIamPolicy", {"bindings": []})
    where = f"regions/{REGION}"
    project.add(where, "disks", "clone", status="READY", sizeGb="20", sourceDisk=disk)
    project.answer("compute", f"projects/{project.name}/{where}/disks/clone/getIamPolicy", {"bindings": []})
    project.add(where, "instantSnapshots", "wide", sourceDisk=project.link(f"{where}/disks/clone"))
    project.answer("compute", f"projects/{project.name}/{where}/instantSnapshots/wide/getIamPolicy", {"bindings": []})
    where = f"zones/{ZONE}"
    for name in ("etcd-main", "etcd-events"):
        project.answer("compute", f"projects/{project.name}/{where}/disks/{name}/getIamPolicy", {"bindings": []})
    project.add(where, "instantSnapshots", "now", sourceDisk=disk)
    project.answer("compute", f"projects/{project.name}/{where}/instantSnapshots/now/getIamPolicy", {"bindings": []})
