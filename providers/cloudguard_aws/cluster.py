"""Find one cluster by its name: an EKS cluster, or the instances that carry its name in their tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from cloudguard.adapter import Request
from cloudguard.errors import AccessError, ClusterNotFoundError
from cloudguard.model.cluster import Role
from cloudguard.model.source import Facet, Gap, Reason

from cloudguard_aws import marks
from cloudguard_aws.api import Api, Item, explain
from cloudguard_aws.calls import DESCRIBE_CLUSTER, DESCRIBE_INSTANCES, DESCRIBE_TAGS
from cloudguard_aws.rules import tags_of
from cloudguard_aws.together import three

Told = tuple[tuple[Role, ...], str]
"""A host's roles, and the evidence for them in words."""
ALIVE = ("pending", "running", "stopping", "stopped")
MOST_VALUES = 200
"""Values that one filter of an EC2 call takes (EC2 API reference, Filter)."""


@dataclass(frozen=True, eq=False)
class Found:
    """A cluster in one region: its EKS description if it is one, and its instances."""

    name: str
    region: str
    instances: tuple[Item, ...]
    eks: Item | None = None
    by_flag: Mapping[str, Told] = field(default_factory=dict[str, Told])
    """Roles and evidence that the caller's flags give, by instance id."""

    @property
    def networks(self) -> frozenset[str]:
        """Ids of the VPCs that it stands in."""
        own = {one["VpcId"] for one in self.instances if one.get("VpcId")}
        return frozenset(own | {_vpc_of(self.eks)} - {""})

    @property
    def installer(self) -> str:
        """Which installer made it."""
        return "eks" if self.eks else marks.installer_of([tags_of(one) for one in self.instances], self.name)


def find(api: Api, request: Request, vpc: str = "") -> Found | None:
    """Return the cluster in the Api's region, None when it is not there.

    Raises ClusterNotFoundError when two clusters share the name, AccessError when it can't be looked for.
    """
    name = request.cluster
    managed, tagged, flagged = three(
        api,
        lambda: _managed(api, name),
        lambda: _tagged(api, name),
        lambda: _flagged(api, request),
    )
    eks: Item | None = managed[0] if managed else None
    instances = {one["InstanceId"]: one for one in tagged}
    if not instances and eks is None:
        instances = {one["InstanceId"]: one for one in _infra(api, name)}
        infras = {cluster for one in instances.values() for cluster in _named(one, name)}
        if len(infras) > 1:
            message = f"{len(infras)} clusters go by {name!r} in {api.region}: {', '.join(sorted(infras))}"
            raise ClusterNotFoundError(message, hint="Give one of these names with --cluster")
        name = infras.pop() if infras else name
    if vpc and eks is not None and _vpc_of(eks) != vpc:
        eks = None
    networks = {one.get("VpcId", "") for one in instances.values()} | {_vpc_of(eks)} - {""}
    for one, _ in flagged:
        if one["InstanceId"] not in request.extra_hosts and (not networks or one.get("VpcId") in networks):
            instances.setdefault(one["InstanceId"], one)
    own = [one for one in instances.values() if _counts(one, eks) and vpc in {"", one.get("VpcId")}]
    guests = {one["InstanceId"]: one for one, _ in flagged if one["InstanceId"] in request.extra_hosts}
    if eks is None and not own and not guests:
        _refuse_unseen(api, name)
        return None
    _refuse_two(Found(name, api.region, tuple(own), eks), vpc)
    hosts = guests | {one["InstanceId"]: one for one in own}
    return Found(name, api.region, tuple(hosts[key] for key in sorted(hosts)), eks, _merged(flagged))


def _vpc_of(eks: Item | None) -> str:
    return str(((eks or {}).get("resourcesVpcConfig") or {}).get("vpcId", ""))


def _merged(flagged: Iterable[tuple[Item, Told]]) -> dict[str, Told]:
    """Return what all flags together say of each instance."""
    merged: dict[str, Told] = {}
    for one, (roles, evidence) in flagged:
        known, why = merged.get(one["InstanceId"], ((), ""))
        merged[one["InstanceId"]] = tuple(dict.fromkeys((*known, *roles))), f"{why}, {evidence}" if why else evidence
    return merged


def _counts(instance: Item, eks: Item | None) -> bool:
    """Whether an instance is a host: hybrid or foreign ones in the description of a managed cluster are kept."""
    return instance.get("State", {}).get("Name", "running") in ALIVE and (eks is None or bool(instance.get("VpcId")))


def _refuse_unseen(api: Api, name: str) -> None:
    """Raise AccessError where nothing was found but not all could be asked: the cluster may be there all the same."""
    hidden = [gap for gap in api.gaps if Facet.HOSTS in gap.hides and gap.reason is not Reason.MISSING]
    if hidden:
        refused = "; ".join(f"{gap.call}: {gap.message}" for gap in hidden)
        message = f"whether {name!r} is in {api.region} can't be told: {refused}"
        raise AccessError(message, hint="Grant it; see: cloudguard permissions aws")


def _refuse_two(found: Found, vpc: str) -> None:
    """Raise ClusterNotFoundError where two clusters share the name: in two VPCs, or a managed and another in one."""
    if len(found.networks) > 1 and not vpc:
        message = f"two clusters go by {found.name!r} in {found.region}: in {' and in '.join(sorted(found.networks))}"
        raise ClusterNotFoundError(message, hint="Choose one with --vpc-id")
    told = [marks.told_by_tags(tags_of(one), found.name) for one in found.instances] if found.eks else []
    if any(one and Role.CONTROL_PLANE in one[0] for one in told):
        message = f"an EKS cluster and one with control-plane hosts of its own go by {found.name!r} in {found.region}"
        raise ClusterNotFoundError(message, hint="Tag the hosts of each with a name of its own")


def _managed(api: Api, name: str) -> list[Item]:
    """Return the EKS cluster's description; nothing, and a Gap, where EKS does not answer."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

    try:
        return api.ask(DESCRIBE_CLUSTER, name=name)
    except (BotoCoreError, ClientError) as error:
        reason, _ = explain(error)
        if reason is not Reason.MISSING and "InvalidParameter" not in explain(error)[1]:
            api.read(DESCRIBE_CLUSTER, hides=(Facet.ENDPOINT, Facet.HOSTS), resource=name, name=name)
        return []


def _tagged(api: Api, name: str) -> list[Item]:
    """Return the instances whose tags name the cluster; raises AccessError when they can't be listed."""
    keys = [f"{prefix}{name}" for prefix in marks.NAMED_BY_KEY]
    listed = instances(api, [{"Name": "tag-key", "Values": keys}])
    by_key = [one for one in listed if name in marks.clusters_of(tags_of(one))]  # "*" in a name is no wildcard
    known = {one["InstanceId"] for one in by_key}
    by_value = api.read(
        DESCRIBE_TAGS,
        hides=(Facet.HOSTS,),
        resource=name,
        Filters=[
            {"Name": "resource-type", "Values": ["instance"]},
            {"Name": "key", "Values": list(marks.NAMED_BY_VALUE)},
            {"Name": "value", "Values": [name]},
        ],
    )
    more = sorted({tag["ResourceId"] for tag in by_value if tag["Value"] == name} - known)
    return by_key + by_id(api, more)


def _infra(api: Api, name: str) -> list[Item]:
    """Return the instances of an OpenShift cluster whose infrastructure id is the name and five characters."""
    found = instances(api, [{"Name": "tag-key", "Values": [f"{marks.CLUSTER}{name}-?????"]}])
    return [one for one in found if any(marks.is_infra(cluster) for cluster in _named(one, name))]


def _named(instance: Item, name: str) -> set[str]:
    length = len(name) + len("-12345")
    return {
        cluster
        for cluster in marks.clusters_of(tags_of(instance))
        if cluster.startswith(f"{name}-") and len(cluster) == length and marks.is_infra(cluster)
    }


def _flagged(api: Api, request: Request) -> list[tuple[Item, Told]]:
    """Return the instances that the caller's flags name, with the roles they give and by which flag.

    A flag that names nothing leaves a Gap: what it should have told stays untold.
    """
    found: list[tuple[Item, Told]] = []
    for role, pairs in request.role_tags.items():
        for pair in pairs:
            key, _, value = pair.partition("=")
            listed = instances(api, [{"Name": f"tag:{key}", "Values": [value]}])
            found += [(one, ((role,), f"--{role.value}-tag {pair}")) for one in listed]
            if not listed:
                _nothing(api, pair, f"no live instance has the tag {pair} of --{role.value}-tag")
    for one in by_id(api, sorted(request.extra_hosts)):
        roles = tuple(request.extra_hosts[one["InstanceId"]])
        found.append((one, (roles, f"--host {one['InstanceId']}={','.join(roles)}")))
    for name in sorted(request.extra_hosts.keys() - {one["InstanceId"] for one, _ in found}):
        _nothing(api, name, f"no live instance is called {name}, as --host says")
    return found


def _nothing(api: Api, resource: str, message: str) -> None:
    api.add_gap(Gap(DESCRIBE_INSTANCES.name, resource, Reason.MISSING, message, (Facet.HOSTS,)))


def instances(api: Api, filters: list[Item]) -> list[Item]:
    """Return live instances; raises AccessError when they can't be listed."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - the SDK is loaded on first use

    try:
        return api.ask(DESCRIBE_INSTANCES, Filters=[*filters, {"Name": "instance-state-name", "Values": list(ALIVE)}])
    except (BotoCoreError, ClientError) as error:
        api.read(
            DESCRIBE_INSTANCES,
            hides=(Facet.HOSTS,),
            Filters=[*filters, {"Name": "instance-state-name", "Values": list(ALIVE)}],
        )
        message = f"the hosts can't be listed: {explain(error)[1]} (ec2:DescribeInstances in {api.region})"
        raise AccessError(message, hint="Grant it; see: cloudguard permissions aws") from error


def by_id(api: Api, ids: Collection[str]) -> list[Item]:
    """Return live instances by id, many in a call."""
    names = list(ids)
    pages = [names[start : start + MOST_VALUES] for start in range(0, len(names), MOST_VALUES)]
    found = api.gather(*[lambda page=page: instances(api, [{"Name": "instance-id", "Values": page}]) for page in pages])
    return [one for page in found for one in page]
