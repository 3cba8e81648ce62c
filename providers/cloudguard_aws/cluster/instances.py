"""EC2 instances, listed by tag or by id, as hosts without roles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Final

from cloudguard.errors import AccessError
from cloudguard.model.cluster import Host
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import Item, child, children, required, text
from cloudguard.provider.host_roles import HostRoles
from cloudguard.provider.ownership.facts import Thing
from cloudguard.provider.role_names import roles_by_names
from cloudguard.values import dataclass
from cloudguard_aws.access.api import Api, pages_of
from cloudguard_aws.access.calls import DESCRIBE_INSTANCES, MOST_VALUES
from cloudguard_aws.access.owners import OWNERS
from cloudguard_aws.cluster.instance_metadata import metadata_service
from cloudguard_aws.cluster.interfaces import interface
from cloudguard_aws.cluster.tags import SCALING_GROUP, roles_by_openshift_name, tags_of

HIDES = (FactKind.HOSTS,)
_PLAIN_STORES: Final = frozenset(
    "c1 c3 cc1 cc2 cg1 cr1 d2 g2 hi1 hs1 i2 m1 m2 m3 r3 x1 x1e".split()  # noqa: SIM905 - fits one line
)
"""Families of instance types whose instance stores are not encrypted. The NVMe volumes and hard disks of other families
are encrypted (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/data-protection.html,
https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html). An instance launched without a type is an
m1.small (EC2 API reference, RunInstances)."""
_ALIVE = ("pending", "running", "stopping", "stopped")
_SOURCE = Source(DESCRIBE_INSTANCES.name)


@dataclass(frozen=True, eq=False, slots=True)
class Instance:
    """An instance: its VPC, its tags, and its host.

    ``store``: a text about its unencrypted instance store, "" for none. ``networks``: the VPCs of its interfaces, which
    may be others (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-multi-vpc-attach.html).
    """

    vpc: str
    tags: Mapping[str, str]
    host: Host
    store: str = ""
    networks: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The instance id."""
        return self.host.id

    def roles_by_name(self, cluster: str) -> HostRoles | None:
        """Return the roles that names show: of its profile, its scaling group and itself. None if they show none."""
        profile = self.host.identity.rpartition("/")[2]
        names = (("instance profile", profile), ("scaling group", self.host.pool), ("name", self.tags.get("Name", "")))
        return roles_by_openshift_name(self.tags, cluster) or roles_by_names(names, cluster)


def has_plain_store(kind: str) -> bool:
    """Whether instances of a type ("m3.large") may have instance stores that are not encrypted."""
    return kind.partition(".")[0] in _PLAIN_STORES


def plain_store(item: Item) -> str:
    """Return a text about the unencrypted instance store that an instance has or may have, "" for none.

    No answer shows which instance stores were attached at launch (EC2 API reference, DescribeInstances).
    """
    kind = text(item, "InstanceType")
    if not has_plain_store(kind):
        return ""
    if text(item, "RootDeviceType") == "instance-store":
        return f"its root device is an instance store of {kind}, which is not encrypted"
    return f"its type {kind} has an instance store that is not encrypted"


def alive(filters: Sequence[Item]) -> list[Item]:
    """Return ``filters`` with one more filter, which only live instances pass."""
    return [*filters, {"Name": "instance-state-name", "Values": list(_ALIVE)}]


def instances(api: Api, filters: Sequence[Item]) -> tuple[Instance, ...]:
    """Return live instances. Raises AccessError if they can't be listed."""
    wanted = alive(filters)
    try:
        listed = api.ask(DESCRIBE_INSTANCES, Filters=wanted)
    except Api.errors() as error:
        api.read(DESCRIBE_INSTANCES, hides=HIDES, Filters=wanted)
        message = f"the hosts can't be listed: {Api.explain(error)[1]} (ec2:DescribeInstances in {api.region})"
        raise AccessError(message, hint="Grant the permission; see: cloudguard permissions aws") from error
    return api.mapped(DESCRIBE_INSTANCES, listed, _instance, hides=HIDES)


def instances_by_id(api: Api, ids: Sequence[str]) -> list[Instance]:
    """Return live instances by id, with many ids in a call. Raises AccessError if they can't be listed."""
    return instances_matching(api, "instance-id", ids)


def instances_matching(api: Api, name: str, values: Iterable[str]) -> list[Instance]:
    """Return live instances whose filter ``name`` matches one of ``values``, with many values in a call.

    Raises AccessError if they can't be listed.
    """
    wanted = ([{"Name": name, "Values": page}] for page in pages_of(values))
    return [*chain.from_iterable(api.gather(*(partial(instances, api, filters) for filters in wanted)))]


def record_unseen(api: Api, ids: Collection[str], why: str) -> None:
    """Record a Gap for each of ``ids`` that no answer contains, not even as a terminated instance.

    ``why``: how it is known that the instance exists.
    """
    wanted = [{"Name": "instance-id", "Values": sorted(ids)[:MOST_VALUES]}]
    listed = api.read_or_none(DESCRIBE_INSTANCES, hides=HIDES, Filters=wanted) if ids else None
    seen = {text(item, "InstanceId") for item in listed or ()}
    for name in sorted({*ids} - seen) if listed is not None else ():
        api.missed(DESCRIBE_INSTANCES, name, f"{why}, but it was not returned", HIDES)


def _instance(item: Item) -> Instance:
    tags = tags_of(item)
    listed = sorted(children(item, "NetworkInterfaces"), key=lambda nic: text(nic, "NetworkInterfaceId"))
    disks = (text(child(mapping, "Ebs"), "VolumeId") for mapping in children(item, "BlockDeviceMappings"))
    host = Host(
        id=required(item, "InstanceId"),
        name=tags.get("Name", "") or text(item, "PrivateDnsName"),
        roles=(),
        role_evidence=(),
        interfaces=tuple(interface(nic, _SOURCE, item) for nic in listed),
        source=_SOURCE,
        identity=text(child(item, "IamInstanceProfile"), "Arn"),
        pool=tags.get(SCALING_GROUP, ""),
        disks=tuple(sorted(filter(None, disks))),
        metadata=metadata_service(child(item, "MetadataOptions")),
        written_by=OWNERS.of(Thing.HOST, tags.get("Name", ""), tags),
    )
    networks = frozenset(text(nic, "VpcId") for nic in listed)
    return Instance(text(item, "VpcId"), tags, host, plain_store(item), networks - {""})
