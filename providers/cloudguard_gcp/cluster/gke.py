"""A GKE cluster's description: its endpoints, who may reach them, its node pools, the key of its Secrets.

Fields and defaults: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters,
https://cloud.google.com/kubernetes-engine/docs/concepts/network-isolation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cloudguard.model.cluster import MetadataService, SecretsEncryption
from cloudguard.model.filters import Action, AddressList, Direction, Filter, Peer, Rule
from cloudguard.model.network import Endpoint
from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, flag, number, part, parts, required, text, text_map, texts
from cloudguard.provider.ownership.facts import Thing
from cloudguard_gcp.access.calls import LIST_CLUSTERS
from cloudguard_gcp.access.links import short
from cloudguard_gcp.access.owners import OWNERS
from cloudguard_gcp.cluster.instances import place_of

MANAGED_BY: Final = "Google Kubernetes Engine"
_EVERYONE: Final = ALL4 | ALL6
_API: Final = ServiceSet.parse("tcp/443")
GOOGLE_CLOUD: Final = "google-cloud"
BY_DNS_NAME: Final = "its DNS name"
_BLOCKS: Final = tuple(map(AddressSet.parse, ("34.64.0.0/10", "35.192.0.0/12", "104.196.0.0/14")))
"""The largest address blocks of customers' machines (https://www.gstatic.com/ipranges/cloud.json lists their parts)."""
CONNECT: Final = "container.clusters.connect"
GATEWAY: Final = "gkehub.gateway.get"
"""Permissions that IAM requires for an endpoint."""
_ENCRYPTED: Final = frozenset({"ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"})
_BY_GOOGLE: Final = "gcpPublicCidrsAccessEnabled"
_BY_KUBERNETES: Final = ("enableK8sTokensViaDns", "enableK8sCertsViaDns")
"""With these flags the DNS endpoint accepts Kubernetes credentials, which IAM does not check
(https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters, DNSEndpointConfig).
"""
_CREDENTIALS: Final = "Kubernetes credentials"
_DISK_KEYS: Final = ("controlPlaneDiskEncryptionKey", "gkeopsEtcdBackupEncryptionKey")
"""https://cloud.google.com/kubernetes-engine/docs/concepts/about-control-plane-authority"""
_GKE_METADATA: Final = "GKE_METADATA"
"""With Workload Identity, GKE's own metadata server answers pods in place of Compute's
(https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity).
"""
_REMEDY: Final = "Workload Identity: the node pool's metadata mode GKE_METADATA"


@dataclass(frozen=True, eq=False, slots=True)
class NodePool:
    """A GKE node pool, or the defaults of future ones. ``account``: its service account, "default" or an address."""

    name: str
    account: str
    scopes: Sequence[str]
    metadata_mode: str


@dataclass(frozen=True, eq=False, slots=True)
class GkeCluster:
    """A GKE cluster. ``filters`` and ``lists``: those that its endpoints name.

    ``keys``: the user's own keys for the control plane's disks and the copies of etcd. ``pod_ranges``: ranges for the
    pods of future nodes. ``groups``: the group managers of its node pools. ``workload_pool``: the identity pool of its
    service accounts ("": none).
    """

    name: str
    location: str
    version: str
    node_count: int
    autopilot: bool
    endpoints: tuple[Endpoint, ...]
    filters: tuple[Filter, ...]
    lists: tuple[AddressList, ...]
    secrets: SecretsEncryption
    keys: tuple[str, ...]
    node_pools: tuple[NodePool, ...]
    pod_ranges: AddressSet
    workload_pool: str
    groups: frozenset[str]

    @property
    def region(self) -> str:
        """The cluster's region. Its location may be a zone: "europe-west1-b"."""
        return self.location.rpartition("-")[0] if self.location.count("-") == 2 else self.location  # noqa: PLR2004

    def metadata_service(self, pool: str) -> MetadataService:
        """Return whether pods can use the metadata server of a node pool's hosts."""
        modes = {known.metadata_mode for known in self.node_pools if known.name == pool}
        concealed = self.autopilot or modes == {_GKE_METADATA}
        return MetadataService(
            enabled=True, tokens_required=concealed, hop_limit=1, remedy="" if concealed else _REMEDY
        )


def gke_cluster(item: Item) -> GkeCluster:
    """Return a GKE cluster from the API's answer."""
    name = required(item, "name")
    source = Source(LIST_CLUSTERS.name, short(text(item, "selfLink")).replace("/zones/", "/locations/") or name)
    guard = _guard(item, source)
    google = AddressList(
        GOOGLE_CLOUD,
        "addresses of Google Cloud, including those of its customers' machines",
        _BLOCKS,
        known=True,
        source=source,
    )
    who = "clients that Google's front end admits with a Kubernetes token or certificate"
    holders = AddressList(_CREDENTIALS, who, (), known=False, source=source)
    own_keys = part(item, "userManagedKeysConfig")
    return GkeCluster(
        name=name,
        location=text(item, "location"),
        version=text(item, "currentMasterVersion"),
        node_count=number(item, "currentNodeCount", 0),
        autopilot=flag(part(item, "autopilot"), "enabled"),
        endpoints=tuple(_endpoints(item, source, guard)),
        filters=(guard,) if guard else (),
        lists=(google, holders),
        secrets=SecretsEncryption(_secrets_key(item), source),
        keys=tuple(filter(None, (text(own_keys, key) for key in _DISK_KEYS))),
        node_pools=tuple(_node_pools(item)),
        pod_ranges=AddressSet.of(_pod_ranges(item)),
        workload_pool=text(part(item, "workloadIdentityConfig"), "workloadPool"),
        groups=frozenset(
            place_of(url) for pool in parts(item, "nodePools") for url in texts(pool, "instanceGroupUrls")
        ),
    )


def _node_pools(item: Item) -> Iterator[NodePool]:
    """Yield the node pools, and the defaults of the node pools that GKE creates by itself."""
    for pool in parts(item, "nodePools"):
        yield _node_pool(text(pool, "name"), part(pool, "config"))
    yield _node_pool("", part(item, "autoscaling", "autoprovisioningNodePoolDefaults"))


def _node_pool(name: str, config: Item) -> NodePool:
    mode = text(part(config, "workloadMetadataConfig"), "mode")
    return NodePool(name, text(config, "serviceAccount"), texts(config, "oauthScopes"), mode)


def _pod_ranges(item: Item) -> Iterator[str]:
    own = text(part(item, "ipAllocationPolicy"), "clusterIpv4CidrBlock") or text(item, "clusterIpv4Cidr")
    pools = (text(part(pool, "networkConfig"), "podIpv4CidrBlock") for pool in parts(item, "nodePools"))
    yield from filter(None, (own, *pools))


def _dns(cluster: Item) -> Item:
    return part(cluster, "controlPlaneEndpointsConfig", "dnsEndpointConfig")


def _ip(cluster: Item) -> Item:
    return part(cluster, "controlPlaneEndpointsConfig", "ipEndpointsConfig")


def _authorized(cluster: Item) -> Item:
    """Return the authorized networks. The newer field mirrors the older one; if they differ, both let in."""
    newer, older = part(_ip(cluster), "authorizedNetworksConfig"), part(cluster, "masterAuthorizedNetworksConfig")
    if not newer or not older:
        return newer or older
    by_google = [flag(one, _BY_GOOGLE) for one in (newer, older) if _BY_GOOGLE in one]
    return {
        **newer,
        "enabled": flag(newer, "enabled") and flag(older, "enabled"),
        "cidrBlocks": [*parts(newer, "cidrBlocks"), *parts(older, "cidrBlocks")],
        **({_BY_GOOGLE: any(by_google)} if by_google else {}),
    }


def _endpoints(cluster: Item, source: Source, guard: Filter | None) -> Iterator[Endpoint]:
    by_address, dns = _by_address(cluster, source, guard), _dns(cluster)
    if flag(_ip(cluster), "enabled", default=True):
        yield by_address
    elif not flag(dns, "allowExternalTraffic"):
        yield replace(by_address, public=False, public_ranges=NO_ADDRESSES, public_lists=(), private=False)
    if flag(dns, "allowExternalTraffic"):
        named = _guarded(cluster, source, BY_DNS_NAME, text(dns, "endpoint"), CONNECT)
        yield named
        if any(flag(dns, key) for key in _BY_KUBERNETES):
            credentials = f"{named.id}, with Kubernetes' own credentials"
            yield replace(
                named, id=credentials, public_ranges=NO_ADDRESSES, public_lists=(_CREDENTIALS,), gatekeeper=""
            )
    if fleet := text(part(cluster, "fleet"), "membership"):
        yield _guarded(cluster, source, "the Connect gateway", fleet, GATEWAY)


def _guarded(cluster: Item, source: Source, way: str, address: str, permission: str) -> Endpoint:
    """Return an endpoint that everyone can reach and that IAM guards."""
    return Endpoint(
        id=f"{required(cluster, 'name')} by {way}",
        service=_API,
        public=True,
        public_ranges=_EVERYONE,
        private=False,
        network=_link(cluster, "network"),
        subnets=(),
        filters=(),
        groups=(),
        source=source,
        address=address,
        gatekeeper=f"Google's front end, which requires {permission},",
        written_by=_owner(cluster),
    )


def _by_address(cluster: Item, source: Source, guard: Filter | None) -> Endpoint:
    """Return the endpoint with an IP address, with its public and its private side."""
    older, ip = part(cluster, "privateClusterConfig"), _ip(cluster)
    public = flag(ip, "enablePublicEndpoint", default=not flag(older, "enablePrivateEndpoint"))
    inside = text(ip, "privateEndpoint") or text(older, "privateEndpoint")
    outside = text(ip, "publicEndpoint") or text(older, "publicEndpoint") or text(cluster, "endpoint")
    ranges, lists = _ranges(cluster) if public else (NO_ADDRESSES, ())
    return Endpoint(
        id=required(cluster, "name"),
        service=_API,
        public=public,
        public_ranges=ranges,
        public_lists=lists,
        private=bool(inside) or not public,
        network=_link(cluster, "network"),
        subnets=(_link(cluster, "subnetwork"),),
        filters=(guard.id,) if guard else (),
        groups=(),
        source=source,
        address=outside if public else inside,
        written_by=_owner(cluster),
    )


def _owner(cluster: Item) -> Owner | None:
    return OWNERS.of(Thing.ENDPOINT, required(cluster, "name"), text_map(cluster, "resourceLabels"))


def _ranges(cluster: Item) -> tuple[AddressSet, tuple[str, ...]]:
    """Return the ranges and lists let in to the public side: everyone, unless authorized networks are in force."""
    authorized = _authorized(cluster)
    if not flag(authorized, "enabled"):
        return _EVERYONE, ()
    private = flag(part(cluster, "privateClusterConfig"), "enablePrivateNodes")
    named = flag(authorized, _BY_GOOGLE, default=not private)
    return AddressSet.of(_blocks(authorized)), (GOOGLE_CLOUD,) if named else ()


def _blocks(authorized: Item) -> Iterator[str]:
    return (required(block, "cidrBlock") for block in parts(authorized, "cidrBlocks"))


def _guard(cluster: Item, source: Source) -> Filter | None:
    """Return the filter of the private side: the authorized networks, if they are enforced there; None otherwise.

    Private clusters older than that setting always enforce them. The cluster's own nodes and pods are always let in.
    """
    authorized = _authorized(cluster)
    older = not _ip(cluster) and flag(part(cluster, "privateClusterConfig"), "enablePrivateNodes")
    enforced = flag(authorized, "privateEndpointEnforcementEnabled", default=older)
    if not flag(authorized, "enabled") or not enforced:
        return None
    name, own = f"{required(cluster, 'name')} authorized networks", part(cluster, "ipAllocationPolicy")
    listed = (*_blocks(authorized), *(text(own, key) for key in ("nodeIpv4CidrBlock", "clusterIpv4CidrBlock")))
    rules = tuple(
        Rule(
            id=cidr,
            direction=Direction.INGRESS,
            action=Action.PERMIT,
            services=_API,
            peer=Peer(AddressSet.parse(cidr)),
            source=source,
        )
        for cidr in dict.fromkeys(listed)
        if "/" in cidr
    )
    return Filter(name, name, "authorized networks", rules, source)


def _link(cluster: Item, key: str) -> str:
    """Return the short name of the cluster's "network", or of its nodes' "subnetwork"."""
    return short(text(part(cluster, "networkConfig"), key) or text(cluster, key))


def _secrets_key(cluster: Item) -> str:
    """Return the key that encrypts Secrets; "" if only Google's own key does."""
    encryption = part(cluster, "databaseEncryption")
    state = text(encryption, "currentState") or text(encryption, "state")
    return text(encryption, "keyName") if state.removeprefix("CURRENT_STATE_") in _ENCRYPTED else ""
