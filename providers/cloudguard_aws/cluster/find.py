"""Find one cluster by its name: an EKS cluster, or the instances that carry its name in their tags."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from cloudguard.errors import AccessError, ClusterNotFoundError
from cloudguard.model.cluster import Role
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.port import CollectRequest
from cloudguard_aws.access.api import MOST_VALUES, Api, explain
from cloudguard_aws.access.calls import DESCRIBE_CLUSTER, DESCRIBE_INSTANCES, DESCRIBE_TAGS
from cloudguard_aws.cluster import installer_tags
from cloudguard_aws.network.rules import Item, inner, tags_of

Told = tuple[tuple[Role, ...], str]
"""A host's roles, and the evidence for them in words."""
ALIVE = ("pending", "running", "stopping", "stopped")
_EKS_NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
"""What EKS takes for a name (EKS API reference, CreateCluster); kops' names, which are domains, it does not."""


@dataclass(frozen=True, eq=False)
class Found:
    """A cluster in one region: its EKS description if it is one, and its instances."""

    name: str
    region: str
    instances: tuple[Item, ...]
    eks: Item | None = None
    by_flag: Mapping[str, Told] = field(default_factory=dict[str, Told])
    """Roles and evidence that the caller's flags give, by instance id."""
    role_tags: Mapping[Role, Sequence[str]] = field(default_factory=dict[Role, Sequence[str]])
    """The tags that the caller's flags name."""

    @property
    def networks(self) -> frozenset[str]:
        """Ids of the VPCs that it stands in."""
        own = {one["VpcId"] for one in self.instances if one.get("VpcId")}
        return frozenset(own | {_vpc_of(self.eks)} - {""})

    @property
    def installer(self) -> str:
        """Which installer made it."""
        return "eks" if self.eks else installer_tags.installer_of([tags_of(one) for one in self.instances], self.name)


@dataclass(frozen=True, eq=False)
class _Flagged:
    """An instance that a flag names; ``guest``: by its id, so that it counts wherever it is."""

    item: Item
    told: Told
    guest: bool


def find(api: Api, request: CollectRequest, vpc: str = "") -> Found | None:
    """Return the cluster in the Api's region, None when it is not there.

    Raises ClusterNotFoundError when two clusters share the name, AccessError when it can't be looked for.
    """
    name = request.cluster
    managed, tagged, flagged = api.three(
        lambda: _managed(api, name),
        lambda: _tagged(api, name),
        lambda: _flagged(api, request),
    )
    eks: Item | None = managed[0] if managed else None
    if not tagged and eks is None:
        name, tagged = _infra(api, name)
    if vpc and eks is not None and _vpc_of(eks) != vpc:
        eks = None
    networks = {one.get("VpcId", "") for one in tagged} | {_vpc_of(eks)}
    members = {one["InstanceId"]: one for one in (*tagged, *_near(api, flagged, name, networks - {""}))}
    own = [one for one in members.values() if vpc in {"", one.get("VpcId")}]
    guests = {one.item["InstanceId"]: one.item for one in flagged if one.guest}
    if eks is None and not own and not guests:
        _refuse_unseen(api, name)
        return None
    _refuse_two(Found(name, api.region, tuple(own), eks), vpc)
    hosts = guests | {one["InstanceId"]: one for one in own}
    return Found(name, api.region, tuple(hosts[key] for key in sorted(hosts)), eks, _merged(flagged), request.role_tags)


def _vpc_of(eks: Item | None) -> str:
    return str(inner(eks or {}, "resourcesVpcConfig").get("vpcId", ""))


def _near(api: Api, flagged: Iterable[_Flagged], name: str, networks: Collection[str]) -> Iterator[Item]:
    """Yield what tags given by flag name, but in other clusters and VPCs: they may use the same tag.

    A flag that leaves none leaves a Gap.
    """
    by_flag: dict[str, list[Item]] = {}
    for one in flagged:
        if not one.guest:
            clusters = set(installer_tags.clusters_of(tags_of(one.item)))
            own = name in clusters or not clusters
            here = not networks or one.item.get("VpcId") in networks
            by_flag.setdefault(one.told[1], []).extend([one.item] if own and here else [])
    for flag, items in by_flag.items():
        if not items:
            _nothing(api, flag, f"{flag} names instances, but none in this cluster's VPC that is not another cluster's")
        yield from items


def _merged(flagged: Iterable[_Flagged]) -> dict[str, Told]:
    """Return what all flags together say of each instance."""
    merged: dict[str, Told] = {}
    for one in flagged:
        roles, evidence = one.told
        known, why = merged.get(one.item["InstanceId"], ((), ""))
        told = tuple(dict.fromkeys((*known, *roles))), f"{why}, {evidence}" if why else evidence
        merged[one.item["InstanceId"]] = told
    return merged


def _refuse_unseen(api: Api, name: str) -> None:
    """Raise AccessError where nothing was found but not all could be asked: the cluster may be there all the same."""
    hidden = [gap for gap in api.gaps if FactKind.HOSTS in gap.hides and gap.reason is not Reason.MISSING]
    if hidden:
        refused = "; ".join(f"{gap.call}: {gap.message}" for gap in hidden)
        message = f"whether {name!r} is in {api.region} can't be told: {refused}"
        raise AccessError(message, hint="Grant it; see: cloudguard permissions aws")


def _refuse_two(found: Found, vpc: str) -> None:
    """Raise ClusterNotFoundError where two clusters share the name: in two VPCs, or a managed and another in one."""
    if len(found.networks) > 1 and not vpc:
        message = f"two clusters go by {found.name!r} in {found.region}: in {' and in '.join(sorted(found.networks))}"
        raise ClusterNotFoundError(message, hint="Choose one with --vpc-id")
    told = [installer_tags.told_by_tags(tags_of(one), found.name) for one in found.instances] if found.eks else []
    if any(one and Role.CONTROL_PLANE in one[0] for one in told):
        message = f"an EKS cluster and one with control-plane hosts of its own go by {found.name!r} in {found.region}"
        raise ClusterNotFoundError(message, hint="Tag the hosts of each with a name of its own")


def _managed(api: Api, name: str) -> list[Item]:
    """Return the EKS cluster's description; nothing, and a Gap, where EKS does not answer."""
    if not _EKS_NAME.fullmatch(name):
        return []
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

    try:
        return [*api.ask(DESCRIBE_CLUSTER, name=name)]
    except (BotoCoreError, ClientError) as error:
        reason, _ = explain(error)
        if reason is not Reason.MISSING:
            api.read(DESCRIBE_CLUSTER, hides=(FactKind.ENDPOINT, FactKind.HOSTS), about=name, name=name)
        return []


def _tagged(api: Api, name: str) -> Sequence[Item]:
    """Return the instances whose tags name the cluster; raises AccessError when they can't be listed."""
    keys = [f"{prefix}{name}" for prefix in installer_tags.NAMED_BY_KEY]
    values = [
        {"Name": "resource-type", "Values": ["instance"]},
        {"Name": "key", "Values": list(installer_tags.NAMED_BY_VALUE)},
        {"Name": "value", "Values": [name]},
    ]
    listed, by_value = api.two(
        partial(instances, api, [{"Name": "tag-key", "Values": keys}]),
        partial(api.read, DESCRIBE_TAGS, hides=(FactKind.HOSTS,), about=name, Filters=values),
    )
    by_key = [one for one in listed if name in installer_tags.clusters_of(tags_of(one))]  # "*" in a name is no wildcard
    known = {one["InstanceId"] for one in by_key}
    more = sorted({tag["ResourceId"] for tag in by_value if tag["Value"] == name} - known)
    return [*by_key, *by_id(api, more)]


def _infra(api: Api, name: str) -> tuple[str, list[Item]]:
    """Return the infrastructure id of the OpenShift cluster of that name, and its instances; the name and none without.

    Raises ClusterNotFoundError when there are several.
    """
    base = installer_tags.infra_base(name)
    if not base:
        return name, []
    found = instances(api, [{"Name": "tag-key", "Values": [f"{installer_tags.CLUSTER}{base}?????"]}])
    members = {
        cluster: one
        for one in found
        for cluster in installer_tags.clusters_of(tags_of(one))
        if cluster.startswith(base) and len(cluster) == len(base) + len("12345") and installer_tags.is_infra(cluster)
    }
    if len(members) > 1:
        message = f"{len(members)} clusters go by {name!r} in {api.region}: {', '.join(sorted(members))}"
        raise ClusterNotFoundError(message, hint="Give one of these names with --cluster")
    infra = next(iter(members), name)
    return infra, [one for one in found if infra in installer_tags.clusters_of(tags_of(one))]


def _flagged(api: Api, request: CollectRequest) -> list[_Flagged]:
    """Return the instances that the caller's flags name, with the roles they give and by which flag.

    A flag that names nothing leaves a Gap: what it should have told stays untold.
    """
    found: list[_Flagged] = []
    for role, pairs in request.role_tags.items():
        for pair in pairs:
            key, _, value = pair.partition("=")
            listed = instances(api, [{"Name": f"tag:{key}", "Values": [value]}])
            found += [_Flagged(one, ((role,), f"--{role.value}-tag {pair}"), guest=False) for one in listed]
            if not listed:
                _nothing(api, pair, f"no live instance has the tag {pair} of --{role.value}-tag")
    guests = by_id(api, sorted(request.extra_hosts))
    for one in guests:
        roles = tuple(request.extra_hosts[one["InstanceId"]])
        evidence = f"--host {one['InstanceId']}={','.join(roles)}"
        found.append(_Flagged(one, (roles, evidence), guest=True))
    for name in sorted(request.extra_hosts.keys() - {one["InstanceId"] for one in guests}):
        _nothing(api, name, f"no live instance is called {name}, as --host says")
    return found


def _nothing(api: Api, resource: str, message: str) -> None:
    api.add_gap(Gap(DESCRIBE_INSTANCES.name, resource, Reason.MISSING, message, (FactKind.HOSTS,)))


def instances(api: Api, filters: Sequence[Item]) -> Sequence[Item]:
    """Return live instances; raises AccessError when they can't be listed."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

    wanted = [*filters, {"Name": "instance-state-name", "Values": list(ALIVE)}]
    try:
        return api.ask(DESCRIBE_INSTANCES, Filters=wanted)
    except (BotoCoreError, ClientError) as error:
        api.read(DESCRIBE_INSTANCES, hides=(FactKind.HOSTS,), Filters=wanted)
        message = f"the hosts can't be listed: {explain(error)[1]} (ec2:DescribeInstances in {api.region})"
        raise AccessError(message, hint="Grant it; see: cloudguard permissions aws") from error


def by_id(api: Api, ids: Sequence[str]) -> list[Item]:
    """Return live instances by id, many in a call."""
    pages = [ids[start : start + MOST_VALUES] for start in range(0, len(ids), MOST_VALUES)]
    found = api.gather(*(partial(instances, api, [{"Name": "instance-id", "Values": page}]) for page in pages))
    return [one for page in found for one in page]
