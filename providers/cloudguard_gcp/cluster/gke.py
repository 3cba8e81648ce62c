"""A GKE cluster's own description: its endpoints, who may reach them, the key of its Secrets, its version.

Fields and defaults: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters,
https://cloud.google.com/kubernetes-engine/docs/concepts/network-isolation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from cloudguard.model.cluster import SecretsEncryption
from cloudguard.model.filters import Action, AddressList, Direction, Filter, Peer, Rule
from cloudguard.model.network import Endpoint
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_CLUSTERS
from cloudguard_gcp.access.links import short
from cloudguard_gcp.cluster.find import whole

MANAGED_BY: Final = "Google Kubernetes Engine"
EVERYONE: Final = ALL4 | ALL6
API: Final = ServiceSet.parse("tcp/443")
GOOGLE_CLOUD: Final = "google-cloud"
_BLOCKS: Final = tuple(map(AddressSet.parse, ("34.64.0.0/10", "35.192.0.0/12", "104.196.0.0/14")))
"""The largest blocks of customers' machines (https://www.gstatic.com/ipranges/cloud.json lists their parts)."""
_KEEPER: Final = "Google's front end, which asks for container.clusters.connect,"


@dataclass(frozen=True, slots=True)
class Managed:
    """What GKE says of a cluster beyond its hosts; ``filters`` and ``lists`` are what its endpoints name.

    ``keys`` are the user's own for the control plane's disks and the copies of etcd.
    """

    endpoints: tuple[Endpoint, ...]
    filters: tuple[Filter, ...]
    lists: tuple[AddressList, ...]
    secrets: SecretsEncryption
    keys: tuple[str, ...]
    version: str


def read_managed(api: Api, cluster: Item) -> Managed:
    """Return what GKE says of the cluster; it was read when the cluster was looked for."""
    source = api.source(LIST_CLUSTERS, str(cluster["name"]))
    guard = _guard(cluster, source)
    google = AddressList(
        GOOGLE_CLOUD, "machines of Google Cloud's customers, among them", _BLOCKS, known=True, source=source
    )
    return Managed(
        endpoints=tuple(_endpoints(cluster, source, guard)),
        filters=(guard,) if guard else (),
        lists=(google,),
        secrets=SecretsEncryption(_secrets_key(cluster), source),
        keys=_own_keys(cluster),
        version=str(cluster.get("currentMasterVersion", "")),
    )


def _ip(cluster: Item) -> Item:
    return cast("Item", whole(cluster, "controlPlaneEndpointsConfig", "ipEndpointsConfig"))


def _authorized(cluster: Item) -> Item:
    """Return the authorized networks: the newer field says what the older one mirrors."""
    newer = whole(_ip(cluster), "authorizedNetworksConfig")
    return cast("Item", newer or whole(cluster, "masterAuthorizedNetworksConfig"))


def _endpoints(cluster: Item, source: Source, guard: Filter | None) -> Iterator[Endpoint]:
    if _ip(cluster).get("enabled", True):
        yield _by_address(cluster, source, guard)
    dns = whole(cluster, "controlPlaneEndpointsConfig", "dnsEndpointConfig")
    if dns.get("allowExternalTraffic"):
        yield Endpoint(
            id=f"{cluster['name']} by its DNS name",
            service=API,
            public=True,
            public_ranges=EVERYONE,
            private=False,
            network=network_of(cluster),
            subnets=(),
            filters=(),
            groups=(),
            source=source,
            address=str(dns.get("endpoint", "")),
            gatekeeper=_KEEPER,
        )


def _by_address(cluster: Item, source: Source, guard: Filter | None) -> Endpoint:
    """Return the endpoint by IP address: a public and a private side."""
    older, ip = whole(cluster, "privateClusterConfig"), _ip(cluster)
    public = bool(ip.get("enablePublicEndpoint", not older.get("enablePrivateEndpoint", False)))
    inside = str(ip.get("privateEndpoint") or older.get("privateEndpoint") or "")
    ranges, lists = _ranges(cluster) if public else (NO_ADDRESSES, ())
    outside = str(ip.get("publicEndpoint") or older.get("publicEndpoint") or cluster.get("endpoint") or "")
    return Endpoint(
        id=str(cluster["name"]),
        service=API,
        public=public,
        public_ranges=ranges,
        public_lists=lists,
        private=bool(inside) or not public,
        network=network_of(cluster),
        subnets=(segment_of(cluster),),
        filters=(guard.id,) if guard else (),
        groups=(),
        source=source,
        address=outside if public else inside,
    )


def _ranges(cluster: Item) -> tuple[AddressSet, tuple[str, ...]]:
    """Return the ranges and lists let in to the public side: everyone, unless authorized networks are in force."""
    authorized = _authorized(cluster)
    if not authorized.get("enabled", False):
        return EVERYONE, ()
    private = whole(cluster, "privateClusterConfig").get("enablePrivateNodes", False)
    named = authorized.get("gcpPublicCidrsAccessEnabled", not private)
    return AddressSet.of(_blocks(authorized)), (GOOGLE_CLOUD,) if named else ()


def _blocks(authorized: Item) -> Iterator[str]:
    for one in cast("Sequence[Item]", authorized.get("cidrBlocks") or ()):
        yield str(one["cidrBlock"])


def _guard(cluster: Item, source: Source) -> Filter | None:
    """Return what guards the private side: authorized networks, where they are enforced there.

    Private clusters older than that setting always do. The cluster's own nodes and pods are let in either way.
    """
    authorized = _authorized(cluster)
    older = not _ip(cluster) and whole(cluster, "privateClusterConfig").get("enablePrivateNodes", False)
    enforced = authorized.get("privateEndpointEnforcementEnabled", older)
    if not authorized.get("enabled", False) or not enforced:
        return None
    name = f"{cluster['name']} authorized networks"
    own = [str(whole(cluster, "ipAllocationPolicy").get(key) or "") for key in _OWN]
    listed = [text for text in (*_blocks(authorized), *own) if "/" in text]
    rules = tuple(
        Rule(
            id=cidr,
            direction=Direction.INGRESS,
            action=Action.PERMIT,
            services=API,
            peer=Peer(AddressSet.parse(cidr)),
            source=source,
        )
        for cidr in dict.fromkeys(listed)
    )
    return Filter(name, name, "authorized networks", rules, source)


_ENCRYPTED: Final = frozenset({"ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"})
_OWN: Final = ("nodeIpv4CidrBlock", "clusterIpv4CidrBlock")


def network_of(cluster: Item) -> str:
    """Return the short name of the cluster's network."""
    return short(str(whole(cluster, "networkConfig").get("network") or cluster.get("network", "")))


def segment_of(cluster: Item) -> str:
    """Return the short name of the subnet of its nodes."""
    return short(str(whole(cluster, "networkConfig").get("subnetwork") or cluster.get("subnetwork", "")))


def _secrets_key(cluster: Item) -> str:
    """Return the key that encrypts Secrets, "" where only the provider's does."""
    encryption = whole(cluster, "databaseEncryption")
    state = str(encryption.get("currentState") or encryption.get("state") or "")
    return str(encryption.get("keyName", "")) if state.removeprefix("CURRENT_STATE_") in _ENCRYPTED else ""


_DISKS: Final = ("controlPlaneDiskEncryptionKey", "gkeopsEtcdBackupEncryptionKey")
"""https://cloud.google.com/kubernetes-engine/docs/concepts/about-control-plane-authority"""


def _own_keys(cluster: Item) -> tuple[str, ...]:
    config = whole(cluster, "userManagedKeysConfig")
    return tuple(str(config[name]) for name in _DISKS if config.get(name))
