"""Find one cluster by its name: a GKE cluster, or the instances that carry its name in labels, tags or metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast

from cloudguard.errors import AccessError, ClusterNotFoundError, UsageError
from cloudguard.model.cluster import EvidenceKind, Role, RoleEvidence
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.answers import Item
from cloudguard.provider.host_roles import UNKNOWN, HostRoles
from cloudguard.provider.port import ClusterSummary, CollectRequest, Progress
from cloudguard_gcp.access.api import Api, errors, explain
from cloudguard_gcp.access.calls import (
    LIST_CLUSTERS,
    LIST_DISKS,
    LIST_FIREWALLS,
    LIST_FORWARDING_RULES,
    LIST_INSTANCES,
    LIST_NETWORKS,
    LIST_ROUTES,
    LIST_SUBNETWORKS,
    Call,
)
from cloudguard_gcp.access.links import last, machine
from cloudguard_gcp.access.session import Caller, begin, option
from cloudguard_gcp.cluster import installer_labels

_FEW: Final = 5
"""Clusters that an error names."""
_GONE: Final = "DEPROVISIONING"
"""The state of an instance that is being deleted; one in any other runs, or may again
(https://cloud.google.com/compute/docs/instances/instance-lifecycle)."""
_SOON: Final = (LIST_FIREWALLS, LIST_DISKS, LIST_NETWORKS, LIST_SUBNETWORKS, LIST_ROUTES, LIST_FORWARDING_RULES)
"""What any cluster's reading takes, asked for while its hosts are still being looked for."""
TAG: Final = "tag"
"""In --node-tag tag=NAME: a network tag; any other key is a label's."""


@dataclass(frozen=True, eq=False)
class Found:
    """A cluster of one project: its GKE description if it is one, its instances, and all that the project has."""

    name: str
    project: str
    instances: tuple[Item, ...]
    everyone: tuple[Item, ...]
    gke: Item | None = None
    by_flag: Mapping[str, HostRoles] = field(default_factory=dict[str, HostRoles])
    """Roles and evidence that the caller's flags give, by instance id."""

    @property
    def installer(self) -> str:
        """Which installer made it."""
        return "gke" if self.gke else installer_labels.installer_of(self.instances, self.name)

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that it stands in."""
        zones = {last(str(one.get("zone", ""))).rpartition("-")[0] for one in self.instances}
        own = str((self.gke or {}).get("location", ""))
        region = own.rpartition("-")[0] if own.count("-") == 2 else own  # noqa: PLR2004 - a zone: europe-west1-b
        return tuple(sorted(zones | {region} - {""})) if zones | {region} - {""} else ()


def _begin(request: CollectRequest, progress: Progress, *soon: Call) -> tuple[Api, Caller, list[Item], list[Item]]:
    """Return the reader, the caller, and the project's GKE clusters and instances; ``soon``: what will be read next."""
    api, caller = begin(request, progress)
    managed, instances = api.gather(
        partial(_gke_clusters, api, caller.project),
        partial(api.read, LIST_INSTANCES, hides=(FactKind.HOSTS, FactKind.MEMBERS), project=caller.project),
        *(partial(api.prefetch, call, project=caller.project) for call in soon),
    )[:2]
    return api, caller, managed, instances


def _gke_clusters(api: Api, project: str) -> list[Item]:
    """Return the project's GKE clusters: none, and no Gap, where its API is off and there can't be any."""
    parent = f"projects/{project}/locations/-"
    try:
        api.ask(LIST_CLUSTERS, parent=parent)
    except errors() as error:
        if explain(error)[0] is Reason.UNSUPPORTED:
            return []
    return api.read(LIST_CLUSTERS, hides=(FactKind.ENDPOINT, FactKind.HOSTS), parent=parent)


def clusters(request: CollectRequest, progress: Progress) -> tuple[ClusterSummary, ...]:
    """Return the clusters of the project; raises AccessError where not all of it could be asked."""
    api, caller, managed, instances = _begin(request, progress)
    hosts: dict[str, list[Item]] = {}
    for one in _living(instances):
        for name in sorted({installer_labels.safe(name) for name in installer_labels.clusters_of(one)}):
            hosts.setdefault(name, []).append(one)
    found = [_managed(one, hosts.pop(installer_labels.safe(str(one["name"])), [])) for one in managed]
    for name, those in sorted(hosts.items()):
        regions = sorted({last(str(one.get("zone", ""))).rpartition("-")[0] for one in those})
        found.append(
            ClusterSummary(name, installer_labels.installer_of(those, name), ", ".join(regions), _counts(those, name))
        )
    if api.gaps:
        refused = "; ".join(f"{gap.call} in {caller.project}: {gap.message}" for gap in api.gaps)
        also = f" These were seen: {', '.join(one.name for one in found)}" if found else ""
        message = f"not every cluster can be seen: {refused}"
        raise AccessError(message, hint=f"Grant it; see: cloudguard permissions gcp.{also}")
    return tuple(sorted(found, key=lambda one: (one.region, one.name)))


def _managed(gke: Item, hosts: list[Item]) -> ClusterSummary:
    return ClusterSummary(
        str(gke["name"]), "gke", str(gke.get("location", "")), (("node", len(hosts)),) if hosts else ()
    )


def _counts(hosts: Iterable[Item], name: str) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for one in hosts:
        known = installer_labels.roles_by_labels(one, name)
        word = str(known.roles[0]) if known else "unknown"
        counts[word] = counts.get(word, 0) + 1
    return tuple(sorted(counts.items()))


def _living(instances: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(one for one in instances if one.get("status") != _GONE)


def cluster(request: CollectRequest, progress: Progress) -> tuple[Api, Caller, Found]:
    """Return the reader, who reads, and the cluster.

    Raises ClusterNotFoundError when there is none or there are two of the name, AccessError when it can't be told.
    """
    api, caller, managed, instances = _begin(request, progress, *_SOON)
    everyone = _living(instances)
    gke = _choose(request, [one for one in managed if one.get("name") == request.cluster])
    flagged = _flagged(api, request, everyone)
    own = [one for one in everyone if _belongs(one, request.cluster, gke) or machine(str(one["selfLink"])) in flagged]
    if gke is None and not own:
        raise _not_found(api, caller, request, [str(one["name"]) for one in managed], everyone)
    names = [request.cluster] if gke else installer_labels.named(own, request.cluster)
    if len(names) > 1:
        message = f"clusters called {request.cluster!r} are {' and '.join(names)}"
        raise ClusterNotFoundError(message, hint="Choose one by its whole name")
    return api, caller, Found(names[0], caller.project, tuple(own), everyone, gke, flagged)


def _belongs(instance: Item, cluster: str, gke: Item | None) -> bool:
    if not installer_labels.is_of(instance, cluster):
        return False
    place = installer_labels.labels_of(instance).get(installer_labels.GKE_LOCATION) or installer_labels.metadata_of(
        instance, "cluster-location"
    )
    return gke is None or not place or place == gke.get("location")


def _choose(request: CollectRequest, named: Sequence[Item]) -> Item | None:
    wanted = option(request, "location")
    here = [one for one in named if wanted in {"", one.get("location")}]
    if len(here) > 1:
        places = " and ".join(sorted(str(one.get("location")) for one in here))
        message = f"clusters called {request.cluster!r} are in {places}"
        raise ClusterNotFoundError(message, hint="Choose one with --location")
    if named and not here:
        message = f"the cluster {request.cluster!r} is in {', '.join(str(one.get('location')) for one in named)}"
        raise ClusterNotFoundError(message, hint=f"It is not in {wanted}: change or leave out --location")
    return here[0] if here else None


def _flagged(api: Api, request: CollectRequest, instances: Sequence[Item]) -> dict[str, HostRoles]:
    """Return what the caller's flags say of each instance; a flag that names none leaves a Gap."""
    found: dict[str, HostRoles] = {}
    for role, texts in request.role_tags.items():
        for text in texts:
            key, equals, value = text.partition("=")
            if not equals:
                message = f"{text!r} is not KEY=VALUE"
                raise UsageError(message, hint="A label reads key=value, a network tag tag=NAME")
            hit = [one for one in instances if _carries(one, key, value) and _is_free(one, request.cluster)]
            _note(api, found, f"--{role}-tag {text}", hit, (role,))
    for name, roles in request.extra_hosts.items():
        hit = [one for one in instances if name in {one.get("name"), one.get("id"), machine(str(one["selfLink"]))}]
        _note(api, found, f"--host {name}", hit, tuple(roles))
    return found


def _carries(instance: Item, key: str, value: str) -> bool:
    if key == TAG and value in installer_labels.tags_of(instance):
        return True
    return installer_labels.labels_of(instance).get(key) == value


def _is_free(instance: Item, cluster: str) -> bool:
    """Whether an instance is this cluster's, or nobody's: others may use the same tag."""
    return installer_labels.is_of(instance, cluster) or not any(installer_labels.clusters_of(instance))


def _note(api: Api, found: dict[str, HostRoles], flag: str, hit: Sequence[Item], roles: tuple[Role, ...]) -> None:
    if not hit:
        message = f"{flag} names no instance of the project that is not another cluster's"
        api.add_gap(Gap(LIST_INSTANCES.name, flag, Reason.MISSING, message, (FactKind.HOSTS,)))
    for one in hit:
        name = machine(str(one["selfLink"]))
        found[name] = found.get(name, UNKNOWN).and_also(roles, RoleEvidence(EvidenceKind.USER, flag))


def _not_found(
    api: Api, caller: Caller, request: CollectRequest, managed: Sequence[str], everyone: Iterable[Item]
) -> ClusterNotFoundError | AccessError:
    hidden = [gap for gap in api.gaps if FactKind.HOSTS in gap.hides and gap.reason is not Reason.MISSING]
    if hidden:
        refused = "; ".join(f"{gap.call}: {gap.message}" for gap in hidden)
        message = f"whether {request.cluster!r} is in {caller.project} can't be told: {refused}"
        return AccessError(message, hint="Grant it; see: cloudguard permissions gcp")
    names = sorted({*managed, *(name for one in everyone for name in installer_labels.clusters_of(one))})
    few = ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")
    none = "No cluster was seen there; name its hosts with --control-plane-tag and --node-tag, or --project"
    message = f"no cluster is called {request.cluster!r} in {caller.project}"
    return ClusterNotFoundError(message, hint=f"There is: {few}" if names else none)


def whole(item: Item, *keys: str) -> Any:  # noqa: ANN401 - a part of an answer, typed by who takes it
    """Return an inner part of an answer by its path, {} where there is none."""
    found: Any = item
    for key in keys:
        found = cast("Item", found or {}).get(key)
    return cast("Any", found or {})
