"""Find one cluster by its name: a GKE cluster, or the instances with its name in labels, tags or metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import Final

from cloudguard.errors import AccessError, ClusterNotFoundError, SeveralClustersError
from cloudguard.model.cluster import Disk, Host, Role, Strength
from cloudguard.model.load_balancers import Balancer
from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.answers import Item
from cloudguard.provider.collecting import all_clusters, not_found, refused_search, role_counts
from cloudguard.provider.host_roles import FlaggedHosts, HostRoles, tag_flags
from cloudguard.provider.installers import ShownInstaller, with_openshift
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress, option
from cloudguard.provider.tag_patterns import has_tag
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import Call
from cloudguard_gcp.access.session import Caller, begin
from cloudguard_gcp.cluster import installer_labels
from cloudguard_gcp.cluster.gke import GkeCluster, gke_cluster
from cloudguard_gcp.cluster.instances import HIDES, Instance, instance

_PREFETCHED: Final = (
    *(calls.LIST_FIREWALLS, calls.LIST_DISKS, calls.LIST_NETWORKS, calls.LIST_SUBNETWORKS, calls.LIST_ROUTES),
    *(calls.LIST_FORWARDING_RULES, calls.LIST_BACKEND_SERVICES),
)
"""Calls that every cluster needs. They are started while the cluster's hosts are still being searched."""
TAG: Final = "tag"
NAME: Final = "Name"
"""The key of a network tag in ``--node-tag tag=NAME``. Every other key is a label's."""
_NO_CLUSTER: Final = "No cluster was found. Name its hosts with --control-plane-tag and --node-tag, or give --project"
SELF_MANAGED: Final = "self-managed"
"""The ``--location`` that chooses the self-managed cluster of a name that a GKE cluster has too."""


@dataclass(frozen=True, eq=False)
class FoundCluster:
    """A cluster of one project: its GKE description if it has one, its instances, and all instances of the project."""

    name: str
    project: str
    instances: tuple[Instance, ...]
    everyone: tuple[Instance, ...]
    gke: GkeCluster | None = None
    by_flag: Mapping[str, HostRoles] = field(default_factory=dict[str, HostRoles])
    """Roles and evidence from the user's flags, by instance id."""
    named: Sequence[GkeCluster] = ()
    """The GKE clusters with its name. A self-managed cluster may have the name too."""
    outside_groups: tuple[str, ...] = ()
    """The Google groups that contain none of its service accounts, as the user says."""

    def owns(self, instance: Instance) -> bool:
        """Whether an instance, or the next one of a template, has the cluster's name and is of its kind."""
        return installer_labels.is_of(instance, self.name) and _belongs(instance, self.gke, self.named)

    def installer(self, hosts: Iterable[Host], disks: Iterable[Disk], balancers: Iterable[Balancer]) -> ShownInstaller:
        """Return the cluster's installer, and how strong the evidence is. ``hosts``: its hosts, with their roles."""
        if self.gke:
            return ShownInstaller("gke", Strength.STRONG)
        ids = {host.id for host in hosts if Role.CONTROL_PLANE in host.roles}
        control_plane = [host for host in self.instances if host.id in ids]
        known = installer_labels.shown_installer(control_plane, self.instances, self.name, disks)
        return with_openshift(known, self.name, ids, balancers)

    @property
    def regions(self) -> tuple[str, ...]:
        """The cluster's regions."""
        region = self.gke.region if self.gke else ""
        return tuple(sorted({region, *(host.region for host in self.instances)} - {""}))

    @property
    def other_clusters(self) -> frozenset[str]:
        """The names of the project's other self-managed clusters."""
        names = {name for host in self.everyone for name in installer_labels.clusters_of(host)}
        return frozenset(name for name in names if not installer_labels.means(name, self.name))

    @property
    def networks(self) -> tuple[str, ...]:
        """The short names of the networks of its instances and endpoints."""
        endpoints = self.gke.endpoints if self.gke else ()
        names = {name for host in self.instances for name in host.networks}
        return tuple(sorted((names | {endpoint.network for endpoint in endpoints}) - {""}))


def _begin(
    request: CollectRequest, progress: Progress, *soon: Call
) -> tuple[Api, Caller, tuple[GkeCluster, ...], tuple[Instance, ...]]:
    """Return the reader, the caller, and the project's GKE clusters and instances. ``soon``: calls to start early."""
    api, caller = begin(request, progress)
    for call in soon:
        api.prefetch(call, project=caller.project)
    managed, listed = api.parallel(
        partial(_gke_clusters, api, caller.project),
        partial(api.read, calls.LIST_INSTANCES, hides=HIDES, project=caller.project),
    )
    clusters = api.mapped(calls.LIST_CLUSTERS, managed, gke_cluster, hides=(FactKind.ENDPOINT, FactKind.HOSTS))
    instances = api.mapped(calls.LIST_INSTANCES, listed, instance, hides=HIDES)
    return api, caller, clusters, tuple(filter(None, instances))


def _gke_clusters(api: Api, project: str) -> list[Item]:
    """Return the project's GKE clusters; none, and no Gap, if its GKE API is off: then it has no clusters."""
    parent = f"projects/{project}/locations/-"
    try:
        api.ask(calls.LIST_CLUSTERS, parent=parent)
    except Api.errors() as error:
        if Api.explain(error)[0] is Reason.UNSUPPORTED:
            return []
    return api.read(calls.LIST_CLUSTERS, hides=(FactKind.ENDPOINT, FactKind.HOSTS), parent=parent)


def clusters(request: CollectRequest, progress: Progress) -> tuple[ClusterSummary, ...]:
    """Return the clusters of the project. Raises NotAllSeenError if a call failed."""
    api, caller, managed, instances = _begin(request, progress)
    hosts: dict[str, list[Instance]] = {}
    for host in instances:
        for name in sorted({installer_labels.safe(name) for name in installer_labels.clusters_of(host)}):
            hosts.setdefault(name, []).append(host)
    names = {installer_labels.safe(cluster.name) for cluster in managed}
    nodes = {
        name: [host for host in hosts.get(name, ()) if not installer_labels.is_self_managed(host)] for name in names
    }
    summaries = [_managed(cluster, nodes[installer_labels.safe(cluster.name)]) for cluster in managed]
    for name, listed in sorted(hosts.items()):
        self_managed = [host for host in listed if host not in nodes.get(name, ())]
        if self_managed:
            regions = ", ".join(sorted({host.region for host in self_managed}))
            installer = installer_labels.installer_of(self_managed, name).name
            counts = role_counts(installer_labels.roles_by_labels(host, name) for host in self_managed)
            chosen = (("location", SELF_MANAGED),) if name in names else ()
            summaries.append(ClusterSummary(name, installer, regions, counts, chosen))
    return all_clusters(summaries, {caller.project: api.gaps}, "gcp")


def _managed(gke: GkeCluster, hosts: Sequence[Instance]) -> ClusterSummary:
    counts = (("node", len(hosts)),) if hosts else ()
    return ClusterSummary(gke.name, "gke", gke.location, counts, (("location", gke.location),))


def cluster(request: CollectRequest, progress: Progress) -> tuple[Api, Caller, FoundCluster]:
    """Return the reader, the caller, and the cluster.

    Raises ClusterNotFoundError if no cluster or several clusters have the name, AccessError if this is unknown.
    """
    api, caller, managed, everyone = _begin(request, progress, *_PREFETCHED)
    named = [cluster for cluster in managed if cluster.name == request.cluster]
    mine = [host for host in everyone if installer_labels.is_of(host, request.cluster)]
    gke = _chosen_cluster(request, named, beside=any(map(installer_labels.is_self_managed, mine)))
    flagged = _roles_by_flags(api, request, everyone)
    members = [host for host in mine if _belongs(host, gke, named)]
    members += [host for host in everyone if host.id in flagged and host not in members]
    members += _instances_of_same_groups(request.cluster, members, everyone, gke)
    if gke is None and not members:
        raise _not_found(api, caller, request, [cluster.name for cluster in managed], everyone)
    names = [request.cluster] if gke else installer_labels.named(members, request.cluster)
    if len(names) > 1:
        message = f"clusters called {request.cluster!r} are {' and '.join(names)}"
        raise ClusterNotFoundError(message, hint="Give the full name of one of them")
    outside = tuple(request.options.get("outside-group", ()))
    return api, caller, FoundCluster(names[0], caller.project, tuple(members), everyone, gke, flagged, named, outside)


def _instances_of_same_groups(
    cluster: str, own_instances: Iterable[Instance], everyone: Iterable[Instance], gke: GkeCluster | None
) -> list[Instance]:
    """Return further instances: of the managed groups of the cluster's instances, or of its GKE node pools."""
    groups = {host.host.pool for host in own_instances} | (gke.groups if gke else frozenset[str]())
    known = {host.id for host in own_instances}
    others = (host for host in everyone if host.id not in known and host.host.pool)
    return [host for host in others if host.host.pool in groups and is_free(host, cluster)]


def _belongs(host: Instance, gke: GkeCluster | None, named: Sequence[GkeCluster]) -> bool:
    """Whether an instance with the cluster's name belongs to it. ``named``: the GKE clusters with that name."""
    self_managed = installer_labels.is_self_managed(host)
    if gke is None:
        return self_managed or not named
    return not self_managed and installer_labels.location_of(host) in {"", gke.location}


def _chosen_cluster(request: CollectRequest, named: Sequence[GkeCluster], *, beside: bool) -> GkeCluster | None:
    """Return the GKE cluster to read; None: the self-managed cluster. ``beside``: one has the name too."""
    wanted = option(request, "location")
    if beside and named and wanted == SELF_MANAGED:
        return None
    here = [cluster for cluster in named if wanted in {"", cluster.location}]
    places = [*sorted(cluster.location for cluster in here), *([SELF_MANAGED] if beside and not wanted else [])]
    if here and len(places) > 1:
        where = f"in {' and '.join(places)}"
        if SELF_MANAGED in places:
            where = f"GKE's in {', '.join(places[:-1])} and a self-managed one"
        message, choices = f"clusters called {request.cluster!r} are {where}", [{"location": place} for place in places]
        raise SeveralClustersError(message, choices, hint="Choose one with --location")
    if named and not here:
        message = f"the cluster {request.cluster!r} is in {', '.join(cluster.location for cluster in named)}"
        raise ClusterNotFoundError(message, hint=f"It is not in {wanted}: change or omit --location")
    return here[0] if here else None


def _roles_by_flags(api: Api, request: CollectRequest, instances: Sequence[Instance]) -> dict[str, HostRoles]:
    """Return the roles from the user's flags, by instance id. A flag that matches no instance leaves a Gap."""
    flagged = FlaggedHosts(api, calls.LIST_INSTANCES)
    for flag, role, pair in tag_flags(request.role_tags):
        hit = [host.id for host in instances if _has_label(host, pair) and is_free(host, request.cluster)]
        flagged.add(flag, (role,), hit)
    for name, roles in request.extra_hosts.items():
        hit = [host.id for host in instances if name in {host.host.name, host.number, host.id}]
        flagged.add(f"--host {name}", tuple(roles), hit)
    return flagged.by_host


def _has_label(host: Instance, pair: str) -> bool:
    """Whether an instance matches the pattern by a label, a network tag or its name. No label has the key "Name"."""
    labels = ({**host.labels, NAME: host.host.name}, *({TAG: tag} for tag in host.tags))
    return any(has_tag(each, pair) for each in labels)


def is_free(host: Instance, cluster: str) -> bool:
    """Whether an instance belongs to this cluster or to none. Other clusters may use the same tag."""
    return installer_labels.is_of(host, cluster) or not any(installer_labels.clusters_of(host))


def _not_found(
    api: Api, caller: Caller, request: CollectRequest, managed: Sequence[str], everyone: Iterable[Instance]
) -> ClusterNotFoundError | AccessError:
    names = {*managed, *(name for host in everyone for name in installer_labels.clusters_of(host))}
    missing = not_found(request.cluster, caller.project, names, _NO_CLUSTER)
    return refused_search(request.cluster, api.gaps, caller.project, "gcp") or missing
