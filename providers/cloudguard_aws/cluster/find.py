"""Find one cluster by its name: an EKS cluster, or the instances whose tags contain its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from functools import partial

from cloudguard.errors import ClusterNotFoundError, SeveralClustersError
from cloudguard.model.cluster import Role
from cloudguard.model.source import FactKind, Reason
from cloudguard.provider.answers import Item, required, text
from cloudguard.provider.collecting import refused_search
from cloudguard.provider.host_roles import FlaggedHosts, HostRoles, tag_flags
from cloudguard.provider.installers import infra_base, is_infra
from cloudguard.provider.port import CollectRequest, option
from cloudguard.provider.tag_patterns import has_tag
from cloudguard.values import dataclass
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.eks import EksCluster, eks_cluster
from cloudguard_aws.cluster.instances import HIDES, Instance, alive, instances, instances_by_id
from cloudguard_aws.cluster.tags import (
    CLUSTER,
    INSTALLER_TAGS,
    clusters_of,
    installer_of,
    roles_by_tags,
)

_EKS_NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
"""The names that EKS accepts (EKS API reference, CreateCluster). Names of kops clusters are domain names, which EKS
rejects."""


@dataclass(frozen=True, eq=False)
class FoundCluster:
    """A cluster in one region: its instances, and its EKS description if it is an EKS cluster."""

    name: str
    region: str
    instances: tuple[Instance, ...]
    eks: EksCluster | None = None
    by_flag: Mapping[str, HostRoles] = field(default_factory=dict[str, HostRoles])
    """Dict of instance id → the roles that the user's flags give it."""
    role_tags: Mapping[Role, Sequence[str]] = field(default_factory=dict[Role, Sequence[str]])
    """Dict of role → the tags that the user's flags name for it."""
    issuer: str = ""
    """The identity provider that the user's flag names, "" for none."""
    registers: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Dict of target group (ARN) or classic balancer (name) → scaling groups whose next hosts register there."""
    place: str = ""
    """The VPC that the user chose among those with a cluster of this name, "" for none."""

    @property
    def networks(self) -> frozenset[str]:
        """The ids of the cluster's VPCs."""
        return frozenset({*(instance.vpc for instance in self.instances), self.eks.vpc if self.eks else ""} - {""})

    @property
    def interface_networks(self) -> frozenset[str]:
        """The ids of the cluster's VPCs, and of the VPCs that further interfaces of its instances are in."""
        return self.networks.union(*(instance.networks for instance in self.instances))

    @property
    def installer(self) -> str:
        """The name of the installer that made the cluster."""
        return "eks" if self.eks else installer_of([instance.tags for instance in self.instances], self.name).name


@dataclass(frozen=True, eq=False)
class _Flag:
    """A flag of the user, with the instances that it names. ``by_id``: by their ids, so in any VPC and cluster."""

    text: str
    roles: tuple[Role, ...]
    instances: Sequence[Instance]
    by_id: bool = False

    def within(self, cluster: str, networks: Collection[str]) -> list[Instance]:
        """Return its instances without those of other clusters and VPCs, which may use the same tag."""
        listed = [instance for instance in self.instances if not networks or instance.vpc in networks]
        own = [instance for instance in listed if cluster in (names := [*clusters_of(instance.tags)]) or not names]
        return [*self.instances] if self.by_id else own


def find(api: Api, request: CollectRequest, vpc: str = "") -> FoundCluster | None:
    """Return the cluster in the Api's region, or None if it is not there.

    Raises ClusterNotFoundError if two clusters share the name, and AccessError if the hosts can't be listed.
    """
    name = request.cluster
    eks, tagged, flags = api.parallel(
        partial(_managed, api, name), partial(_tagged, api, name), partial(_flags, api, request)
    )
    if not tagged and eks is None:
        name, tagged = _infra(api, name)
    if vpc and eks is not None and eks.vpc != vpc:
        eks = None
    networks = {*(instance.vpc for instance in tagged), eks.vpc if eks else ""} - {""}
    named = [(flag, flag.within(name, networks)) for flag in flags]
    by_tag = {each.id: each for each in (*tagged, *(each for flag, hit in named if not flag.by_id for each in hit))}
    own_instances = [instance for instance in by_tag.values() if vpc in {"", instance.vpc}]
    guests = {instance.id: instance for flag in flags if flag.by_id for instance in flag.instances}
    flagged = FlaggedHosts(api, calls.DESCRIBE_INSTANCES)
    for flag, hit in named:
        flagged.add(flag.text, flag.roles, [instance.id for instance in hit])
    if eks is None and not own_instances and not guests:
        if error := refused_search(name, api.gaps, api.region, "aws"):
            raise error
        return None
    _refuse_shared_name(FoundCluster(name, api.region, tuple(own_instances), eks), vpc)
    hosts = guests | {instance.id: instance for instance in own_instances}
    return FoundCluster(
        name,
        api.region,
        tuple(hosts[key] for key in sorted(hosts)),
        eks,
        flagged.by_host,
        request.role_tags,
        option(request, "issuer"),
        place=vpc,
    )


def prefetch(api: Api, name: str) -> None:
    """Start the calls that find the cluster, and the calls that are the same for all clusters of the account."""
    if _EKS_NAME.fullmatch(name):
        api.prefetch(calls.DESCRIBE_CLUSTER, name=name)
    else:
        api.prefetch(calls.LIST_OPEN_ID_CONNECT_PROVIDERS)  # an EKS cluster's description names its provider
    api.prefetch(calls.DESCRIBE_INSTANCES, Filters=alive(_by_key(name)))
    api.prefetch(calls.DESCRIBE_TAGS, Filters=_by_value(name))
    for call in calls.ACCOUNT_WIDE:
        api.prefetch(call)


def _refuse_shared_name(found: FoundCluster, vpc: str) -> None:
    """Raise ClusterNotFoundError if two clusters share the name: SeveralClustersError if the user can choose one.

    They are in two VPCs, or an EKS cluster and a cluster with its own control-plane hosts are in one.
    """
    if len(found.networks) > 1 and not vpc:
        message = (
            f"two clusters are called {found.name!r} in {found.region}: in {' and in '.join(sorted(found.networks))}"
        )
        choices = [{"vpc-id": network} for network in sorted(found.networks)]
        raise SeveralClustersError(message, choices, hint="Choose one with --vpc-id")
    known = [roles_by_tags(instance.tags) for instance in found.instances] if found.eks else []
    if any(roles and Role.CONTROL_PLANE in roles.roles for roles in known):
        message = f"an EKS cluster and a self-managed cluster are both called {found.name!r} in {found.region}"
        raise ClusterNotFoundError(message, hint="Tag the hosts of each cluster with a different cluster name")


def _managed(api: Api, name: str) -> EksCluster | None:
    """Return the EKS cluster. None: there is none, or EKS did not answer, which leaves a Gap.

    A registered cluster, which has a ``connectorConfig``, is only displayed by EKS; AWS does not run its control plane:
    https://docs.aws.amazon.com/eks/latest/userguide/eks-connector.html
    """
    if not _EKS_NAME.fullmatch(name):
        return None
    hides = (FactKind.ENDPOINT, FactKind.HOSTS)
    try:
        listed = api.ask(calls.DESCRIBE_CLUSTER, name=name)
    except Api.errors() as error:
        if Api.explain(error)[0] is not Reason.MISSING:
            api.read(calls.DESCRIBE_CLUSTER, hides=hides, about=name, name=name)
        return None
    run_by_eks = [item for item in listed if not item.get("connectorConfig")]
    clusters = api.mapped(calls.DESCRIBE_CLUSTER, run_by_eks, eks_cluster, hides=hides)
    return clusters[0] if clusters else None


def _tagged(api: Api, name: str) -> list[Instance]:
    """Return the instances whose tags name the cluster. Raises AccessError if they can't be listed."""
    listed, tags = api.parallel(
        partial(instances, api, _by_key(name)),
        partial(api.read, calls.DESCRIBE_TAGS, hides=HIDES, about=name, Filters=_by_value(name)),
    )
    by_key = [instance for instance in listed if name in clusters_of(instance.tags)]  # "*" in a name is no wildcard
    pairs = api.mapped(
        calls.DESCRIBE_TAGS, tags, lambda item: (required(item, "ResourceId"), text(item, "Value")), hides=HIDES
    )
    more = {resource for resource, value in pairs if value == name} - {instance.id for instance in by_key}
    return [*by_key, *instances_by_id(api, sorted(more))]


def _by_key(name: str) -> list[Item]:
    """Return a filter of instances with a tag key that contains the cluster's name."""
    return [{"Name": "tag-key", "Values": [f"{prefix}{name}" for prefix in INSTALLER_TAGS.prefixes]}]


def _by_value(name: str) -> list[Item]:
    """Return filters of tags of instances whose value is the cluster's name."""
    wanted = (("resource-type", ["instance"]), ("key", [*INSTALLER_TAGS.keys]), ("value", [name]))
    return [{"Name": key, "Values": values} for key, values in wanted]


def _infra(api: Api, name: str) -> tuple[str, list[Instance]]:
    """Return the infrastructure id of the OpenShift cluster ``name``, and its instances.

    Without such a cluster, return ``name`` and no instances. Raises ClusterNotFoundError if there are several.
    """
    base = infra_base(name)
    if not base:
        return name, []
    tagged = instances(api, [{"Name": "tag-key", "Values": [f"{CLUSTER}{base}?????"]}])
    members = {
        cluster
        for instance in tagged
        for cluster in clusters_of(instance.tags)
        if cluster.startswith(base) and len(cluster) == len(base) + len("12345") and is_infra(cluster)
    }
    if len(members) > 1:
        message = f"{len(members)} clusters are called {name!r} in {api.region}: {', '.join(sorted(members))}"
        raise ClusterNotFoundError(message, hint="Give one of these names with --cluster")
    infra = next(iter(members), name)
    return infra, [instance for instance in tagged if infra in clusters_of(instance.tags)]


def _flags(api: Api, request: CollectRequest) -> list[_Flag]:
    """Return the user's flags with the live instances that they name."""
    flags = list[_Flag]()
    for flag, role, pair in tag_flags(request.role_tags):
        key, _, value = pair.partition("=")
        listed = instances(api, [{"Name": f"tag:{key}", "Values": [value]}])
        matching = [instance for instance in listed if has_tag(instance.tags, pair)]
        flags.append(_Flag(flag, (role,), matching))
    by_id = {instance.id: instance for instance in instances_by_id(api, sorted(request.extra_hosts))}
    for name, roles in request.extra_hosts.items():
        named = [by_id[name]] if name in by_id else []
        flags.append(_Flag(f"--host {name}={','.join(roles)}", tuple(roles), named, by_id=True))
    return flags
