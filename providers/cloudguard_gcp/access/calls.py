"""All calls of the adapter, with the permissions that they need. The scanner's role is generated from them.

Methods, paths and permissions: the discovery documents and IAM references of compute v1, container v1,
cloudresourcemanager v3, iam v1 and v2, cloudkms v1 (https://cloud.google.com/compute/docs/reference/rest/v1,
https://cloud.google.com/iam/docs/permissions-reference).
"""

from __future__ import annotations

from cloudguard.provider.camel_case import snake_case
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """A read-only method.

    ``name`` is the name in reports and discovery documents: "compute.instances.aggregatedList". ``items`` is the key of
    a page's list (in an aggregated list: of a scope's list; "" if the answer is one object). ``permissions`` are those
    that the call needs. For a call by the SDK, ``client`` is the client's class and ``method`` its method. For a call
    by REST, ``method`` is "GET" or "POST" and ``path`` the address with {placeholders}.
    """

    name: str
    items: str
    permissions: tuple[str, ...]
    client: str = ""
    method: str = "GET"
    path: str = ""

    @property
    def service(self) -> str:
        """The API: "compute"."""
        return self.name.partition(".")[0]


def _compute(resource: str, method: str, *permissions: str) -> Call:
    """Return a call of Compute. ``permissions``: those that it needs, if they do not follow from its name."""
    verb = "list" if "ist" in method else method
    items = resource if method == "aggregatedList" else "items" if verb == "list" else ""
    client = f"{resource[0].upper()}{resource[1:]}Client"
    needed = permissions or (f"compute.{resource}.{verb}",)
    return Call(f"compute.{resource}.{method}", items, needed, client, snake_case(method))


GET_PROJECT = _compute("projects", "get")
LIST_INSTANCES = _compute("instances", "aggregatedList")
LIST_FIREWALLS = _compute("firewalls", "list")
LIST_NETWORKS = _compute("networks", "list")
GET_EFFECTIVE_FIREWALLS = _compute("networks", "getEffectiveFirewalls", "compute.networks.getEffectiveFirewalls")
GET_REGION_EFFECTIVE_FIREWALLS = _compute(
    "regionNetworkFirewallPolicies", "getEffectiveFirewalls", "compute.networks.getRegionEffectiveFirewalls"
)
LIST_SUBNETWORKS = _compute("subnetworks", "aggregatedList")
LIST_ROUTES = _compute("routes", "list")
LIST_FORWARDING_RULES = _compute(
    "forwardingRules", "aggregatedList", "compute.forwardingRules.list", "compute.globalForwardingRules.list"
)
LIST_NETWORK_ATTACHMENTS = _compute("networkAttachments", "aggregatedList")
LIST_SERVICE_ATTACHMENTS = _compute("serviceAttachments", "aggregatedList")
LIST_BACKEND_SERVICES = _compute(
    "backendServices", "aggregatedList", "compute.backendServices.list", "compute.regionBackendServices.list"
)
LIST_SECURITY_POLICIES = _compute(
    "securityPolicies", "aggregatedList", "compute.securityPolicies.list", "compute.regionSecurityPolicies.list"
)
LIST_TARGET_POOLS = _compute("targetPools", "aggregatedList")
LIST_TARGET_INSTANCES = _compute("targetInstances", "aggregatedList")
LIST_TARGET_TCP_PROXIES = _compute(
    "targetTcpProxies", "aggregatedList", "compute.targetTcpProxies.list", "compute.regionTargetTcpProxies.list"
)
LIST_TARGET_SSL_PROXIES = _compute("targetSslProxies", "list")
LIST_TARGET_HTTP_PROXIES = _compute(
    "targetHttpProxies", "aggregatedList", "compute.targetHttpProxies.list", "compute.regionTargetHttpProxies.list"
)
LIST_TARGET_HTTPS_PROXIES = _compute(
    "targetHttpsProxies", "aggregatedList", "compute.targetHttpsProxies.list", "compute.regionTargetHttpsProxies.list"
)
LIST_URL_MAPS = _compute("urlMaps", "aggregatedList", "compute.urlMaps.list", "compute.regionUrlMaps.list")
LIST_INSTANCE_GROUPS = _compute("instanceGroups", "aggregatedList")
LIST_GROUP_INSTANCES = _compute("instanceGroups", "listInstances", "compute.instanceGroups.get")
LIST_REGION_GROUP_INSTANCES = _compute("regionInstanceGroups", "listInstances", "compute.instanceGroups.get")
LIST_GROUP_ENDPOINTS = _compute("networkEndpointGroups", "listNetworkEndpoints", "compute.networkEndpointGroups.get")
LIST_REGION_GROUP_ENDPOINTS = _compute(
    "regionNetworkEndpointGroups", "listNetworkEndpoints", "compute.regionNetworkEndpointGroups.get"
)
LIST_GLOBAL_GROUP_ENDPOINTS = _compute(
    "globalNetworkEndpointGroups", "listNetworkEndpoints", "compute.globalNetworkEndpointGroups.get"
)
LIST_ENDPOINT_GROUPS = _compute(
    "networkEndpointGroups",
    "aggregatedList",
    "compute.networkEndpointGroups.list",
    "compute.regionNetworkEndpointGroups.list",
    "compute.globalNetworkEndpointGroups.list",
)
LIST_GROUP_MANAGERS = _compute("instanceGroupManagers", "aggregatedList")
LIST_INSTANCE_TEMPLATES = _compute("instanceTemplates", "aggregatedList")
LIST_ROUTERS = _compute("routers", "aggregatedList")
GET_ROUTER_STATUS = _compute("routers", "getRouterStatus", "compute.routers.get")
LIST_ADDRESSES = _compute("addresses", "aggregatedList", "compute.addresses.list", "compute.globalAddresses.list")
LIST_DISKS = _compute("disks", "aggregatedList")
LIST_SNAPSHOTS = _compute("snapshots", "list")
LIST_IMAGES = _compute("images", "list")
LIST_MACHINE_IMAGES = _compute("machineImages", "list")
LIST_INSTANT_SNAPSHOTS = _compute("instantSnapshots", "aggregatedList")
GET_DISK_POLICY = _compute("disks", "getIamPolicy")
GET_REGION_DISK_POLICY = _compute("regionDisks", "getIamPolicy", "compute.disks.getIamPolicy")
GET_IMAGE_POLICY = _compute("images", "getIamPolicy")
GET_SNAPSHOT_POLICY = _compute("snapshots", "getIamPolicy")
GET_MACHINE_IMAGE_POLICY = _compute("machineImages", "getIamPolicy")
GET_INSTANT_SNAPSHOT_POLICY = _compute("instantSnapshots", "getIamPolicy")
GET_REGION_INSTANT_SNAPSHOT_POLICY = _compute(
    "regionInstantSnapshots", "getIamPolicy", "compute.instantSnapshots.getIamPolicy"
)

LIST_CLUSTERS = Call(
    "container.projects.locations.clusters.list",
    "clusters",
    ("container.clusters.list",),
    "ClusterManagerClient",
    "list_clusters",
)

_RESOURCES = "https://cloudresourcemanager.googleapis.com/v3"
_IAM = "https://iam.googleapis.com"
_KMS = "https://cloudkms.googleapis.com/v1"


def _rest(name: str, permission: str, path: str, items: str = "") -> Call:
    """Return a call by REST."""
    return Call(name, items, (permission,), method="POST" if name.endswith("getIamPolicy") else "GET", path=path)


GET_RESOURCE_PROJECT = _rest(
    "cloudresourcemanager.projects.get", "resourcemanager.projects.get", f"{_RESOURCES}/projects/{{project}}"
)
GET_FOLDER = _rest("cloudresourcemanager.folders.get", "resourcemanager.folders.get", f"{_RESOURCES}/{{folder}}")
GET_PROJECT_POLICY = _rest(
    "cloudresourcemanager.projects.getIamPolicy",
    "resourcemanager.projects.getIamPolicy",
    f"{_RESOURCES}/projects/{{project}}:getIamPolicy",
)
GET_FOLDER_POLICY = _rest(
    "cloudresourcemanager.folders.getIamPolicy",
    "resourcemanager.folders.getIamPolicy",
    f"{_RESOURCES}/{{folder}}:getIamPolicy",
)
GET_ORGANIZATION_POLICY = _rest(
    "cloudresourcemanager.organizations.getIamPolicy",
    "resourcemanager.organizations.getIamPolicy",
    f"{_RESOURCES}/{{organization}}:getIamPolicy",
)
LIST_SERVICE_ACCOUNTS = _rest(
    "iam.projects.serviceAccounts.list",
    "iam.serviceAccounts.list",
    f"{_IAM}/v1/projects/{{project}}/serviceAccounts",
    "accounts",
)
GET_SERVICE_ACCOUNT_POLICY = _rest(
    "iam.projects.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.getIamPolicy",
    f"{_IAM}/v1/projects/-/serviceAccounts/{{account}}:getIamPolicy",
)
GET_ROLE = _rest("iam.roles.get", "iam.roles.get", f"{_IAM}/v1/{{role}}")
"""Anybody may read predefined roles (https://cloud.google.com/iam/docs/reference/rest/v1/roles/get)."""
LIST_DENY_POLICIES = _rest(
    "iam.policies.listPolicies", "iam.denypolicies.list", f"{_IAM}/v2/policies/{{attachment}}/denypolicies", "policies"
)
GET_DENY_POLICY = _rest("iam.policies.get", "iam.denypolicies.get", f"{_IAM}/v2/{{policy}}")
GET_CRYPTO_KEY = _rest(
    "cloudkms.projects.locations.keyRings.cryptoKeys.get", "cloudkms.cryptoKeys.get", f"{_KMS}/{{key}}"
)
GET_CRYPTO_KEY_VERSION = _rest(
    "cloudkms.projects.locations.keyRings.cryptoKeys.cryptoKeyVersions.get",
    "cloudkms.cryptoKeyVersions.get",
    f"{_KMS}/{{key}}",
)

CALLS: tuple[Call, ...] = tuple(value for _, value in sorted(globals().items()) if isinstance(value, Call))
