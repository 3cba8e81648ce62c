"""Instances as hosts: their roles, each with its evidence, their interfaces, disks and metadata service."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from cloudguard.model.cluster import Host, Role
from cloudguard.model.network import Interface
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.role_names import told_by_names
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_INSTANCES, DESCRIBE_NETWORK_INTERFACES, DESCRIBE_VOLUMES
from cloudguard_aws.cluster import installer_tags
from cloudguard_aws.cluster.disks import ETCD_TAG
from cloudguard_aws.cluster.find import Found, Told
from cloudguard_aws.cluster.instance_metadata import metadata_service
from cloudguard_aws.network.balancers import target_memberships
from cloudguard_aws.network.rules import Item, inner, name_of, parts, tags_of

API_PORTS = frozenset({6443, 9345, 16443, 50000})
"""Target ports that only control-plane hosts serve: the API, RKE2's supervisor, Talos' API. Not 443, which an ingress
may serve as well (rancher/rke2-docs docs/install/requirements.md; siderolabs/talos pkg/machinery/constants)."""
_NO_PODS = ("amazon eks ", "aws-k8s-", "elb ", "efs mount target", "rdsnetworkinterface")
"""How the descriptions of interfaces begin that AWS or the VPC CNI makes, and that are no Fargate pod's."""
FEW = 3
"""So many hosts are named where many have the same trouble."""
TELL = "name its role with --control-plane-tag, --node-tag or --etcd-tag KEY=VALUE, or --host ID=ROLE"


def read_hosts(api: Api, found: Found) -> tuple[Host, ...]:
    """Return the cluster's hosts with their roles; a host whose role nothing tells has none, and a Gap says so."""
    source = api.source(DESCRIBE_INSTANCES)
    told = {one["InstanceId"]: _told(found, one) for one in found.instances}
    untold = {name for name, what in told.items() if what is None}
    if untold and found.eks is None:
        _tell_by_others(api, found, told, untold)
    hosts = [_host(one, told[one["InstanceId"]], source) for one in found.instances]
    for same in _untold(hosts):
        why = "".join(f" ({evidence})" for evidence in same[0].evidence)
        more = f" and {len(same) - FEW} more" if len(same) > FEW else ""
        names = ", ".join(f"{host.id} ({host.name})" for host in same[:FEW]) + more
        message = f"the role of {names} can't be told{why}; {TELL}"
        ids = ", ".join(host.id for host in same[:FEW]) + more
        api.add_gap(Gap(DESCRIBE_INSTANCES.name, ids, Reason.MISSING, message, (FactKind.HOSTS,)))
    return _stacked(hosts)


def _untold(hosts: Iterable[Host]) -> list[list[Host]]:
    """Return the hosts whose role nothing tells, those for the same reason together."""
    found: dict[tuple[str, ...], list[Host]] = {}
    for host in hosts:
        if not host.roles:
            found.setdefault(host.evidence, []).append(host)
    return list(found.values())


def _told(found: Found, instance: Item) -> Told | None:
    by_flag = found.by_flag.get(instance["InstanceId"])
    if by_flag:
        return by_flag
    tags = tags_of(instance)
    by_tags = installer_tags.told_by_tags(tags, found.name)
    if by_tags:
        return by_tags
    if found.eks is not None:
        return (Role.NODE,), f"tagged for the EKS cluster {found.name}, which runs no control plane of its own"
    return None


def _tell_by_others(api: Api, found: Found, told: dict[str, Told | None], untold: Collection[str]) -> None:
    """Tell roles by what sends to a host, else by the names of its instance profile, group and itself.

    An etcd volume tells etcd's role beside any other.
    """
    serving, etcd = api.two(lambda: _serving(api, found), lambda: _etcd_volumes(api))
    for one in found.instances:
        name = one["InstanceId"]
        if name not in untold:
            continue
        addresses = {text for each in _interfaces(one, Source("")) for part in each.addresses for text in part.texts()}
        behind = [serving[key] for key in (name, *sorted(addresses)) if key in serving]
        by_other = ((Role.CONTROL_PLANE,), behind[0]) if behind else told_by_names(names_of(one), found.name)
        if name in etcd:
            roles, why = by_other or ((), "")
            by_other = tuple(dict.fromkeys((*roles, Role.ETCD))), f"{why}, {etcd[name]}" if why else etcd[name]
        told[name] = by_other


def _etcd_volumes(api: Api) -> dict[str, str]:
    """Return evidence by instance id: the etcd volume attached to it, by the tag that kops and others leave."""
    wanted = [{"Name": "tag-key", "Values": [f"{ETCD_TAG}*"]}]
    listed = api.read(DESCRIBE_VOLUMES, hides=(FactKind.HOSTS,), Filters=wanted)
    found: dict[str, str] = {}
    for one in sorted(listed, key=lambda item: item["VolumeId"]):
        keys = [tag for tag in sorted(tags_of(one)) if tag.startswith(ETCD_TAG)]
        for place in parts(one, "Attachments"):
            found.setdefault(place.get("InstanceId", ""), f"its volume {one['VolumeId']} is tagged {keys[0]}")
    return found


def _serving(api: Api, found: Found) -> dict[str, str]:
    """Return evidence by instance id or address: which balancer sends the API's connections there."""
    return {
        one.target: f"target of {one.balancer} on port {one.port}"
        for one in target_memberships(api, network_ids=found.networks)
        if one.port in API_PORTS
    }


def names_of(instance: Item) -> Iterator[tuple[str, str]]:
    """Yield what may suggest an instance's role: the names of its profile, its scaling group and itself."""
    tags = tags_of(instance)
    yield "instance profile", str(inner(instance, "IamInstanceProfile").get("Arn", "")).rpartition("/")[2]
    yield "scaling group", tags.get(installer_tags.SCALING_GROUP, "")
    yield "name", tags.get("Name", "")


def stacks(hosts: Iterable[Host]) -> bool:
    """Whether control-plane hosts run etcd: where no host is etcd's alone."""
    return not any(Role.ETCD in host.roles and Role.CONTROL_PLANE not in host.roles for host in hosts)


def _stacked(hosts: list[Host]) -> tuple[Host, ...]:
    """Say which control-plane hosts run etcd; those that kops makes for the API alone never do."""
    return tuple(_with_etcd(host) for host in hosts) if stacks(hosts) else tuple(hosts)


def _with_etcd(host: Host) -> Host:
    if Role.CONTROL_PLANE not in host.roles or Role.ETCD in host.roles or installer_tags.API_ONLY_TAG in host.evidence:
        return host
    evidence = "no host is etcd's alone, so control-plane hosts run it"
    return replace(host, roles=(*host.roles, Role.ETCD), evidence=(*host.evidence, evidence))


def _host(instance: Item, told: Told | None, source: Source) -> Host:
    roles, evidence = told or ((), "")
    return Host(
        id=instance["InstanceId"],
        name=name_of(instance) or instance.get("PrivateDnsName", ""),
        roles=roles,
        evidence=(evidence,) if evidence else (),
        interfaces=tuple(_interfaces(instance, source)),
        source=source,
        identity=inner(instance, "IamInstanceProfile").get("Arn", ""),
        pool=tags_of(instance).get(installer_tags.SCALING_GROUP, ""),
        disks=tuple(
            sorted(
                inner(mapping, "Ebs")["VolumeId"]
                for mapping in parts(instance, "BlockDeviceMappings")
                if inner(mapping, "Ebs").get("VolumeId")
            ),
        ),
        metadata=metadata_service(instance.get("MetadataOptions")),
    )


def _interfaces(instance: Item, source: Source) -> Iterator[Interface]:
    for one in sorted(parts(instance, "NetworkInterfaces"), key=lambda item: item.get("NetworkInterfaceId", "")):
        yield interface(one, source, instance)


def interface(item: Item, source: Source, instance: Item | None = None) -> Interface:
    """Return an elastic network interface; of an instance, its groups and public address fill what it lacks."""
    whole: Item = instance or {}
    listed = parts(item, "Groups") or parts(whole, "SecurityGroups")
    groups = tuple(sorted(group["GroupId"] for group in listed))
    private = parts(item, "PrivateIpAddresses")
    public = {str(inner(one, "Association").get("PublicIp", "")) for one in (item, *private)} - {""}
    primary = item.get("PrivateIpAddress") == whole.get("PrivateIpAddress")
    if not public and primary and whole.get("PublicIpAddress"):
        public.add(whole["PublicIpAddress"])
    return Interface(
        id=item.get("NetworkInterfaceId", ""),
        subnet=item.get("SubnetId") or whole.get("SubnetId", ""),
        addresses=tuple(map(AddressSet.parse, _addresses(item, private))),
        source=source,
        public=tuple(map(AddressSet.parse, sorted(public))),
        filters=groups,
        groups=groups,
    )


def _addresses(item: Item, private: Iterable[Item]) -> Iterator[str]:
    listed = [one["PrivateIpAddress"] for one in private if one.get("PrivateIpAddress")]
    yield from dict.fromkeys(listed or filter(None, [item.get("PrivateIpAddress", "")]))
    keys: tuple[tuple[str, str], ...] = (
        ("Ipv4Prefixes", "Ipv4Prefix"),
        ("Ipv6Addresses", "Ipv6Address"),
        ("Ipv6Prefixes", "Ipv6Prefix"),
    )
    for many, one in keys:
        yield from (part[one] for part in parts(item, many) if part.get(one))


def read_fargate(api: Api, found: Found, known: Collection[str], exists: Callable[[], bool]) -> tuple[Host, ...]:
    """Return Fargate pods as hosts: interfaces without an instance that carry the cluster's own group."""
    group = str(inner(found.eks or {}, "resourcesVpcConfig").get("clusterSecurityGroupId", ""))
    if not group or not exists():
        return ()
    listed = api.read(
        DESCRIBE_NETWORK_INTERFACES,
        hides=(FactKind.HOSTS,),
        about=group,
        Filters=[{"Name": "group-id", "Values": [group]}],
    )
    source = api.source(DESCRIBE_NETWORK_INTERFACES, group)
    pods: list[Host] = []
    for one in sorted(listed, key=lambda item: item["NetworkInterfaceId"]):
        name, attached = one["NetworkInterfaceId"], inner(one, "Attachment").get("InstanceId")
        managed = str(one.get("Description", "")).lower().startswith(_NO_PODS)
        other = one.get("InterfaceType", "interface") != "interface"  # a VPC endpoint's, a function's, a balancer's
        if attached or managed or other or name in known:
            continue
        evidence = (f"an interface without an instance that carries {group}, and the cluster has Fargate profiles",)
        pods.append(Host(name, "Fargate pod", (Role.NODE,), evidence, (interface(one, source),), source))
    return tuple(pods)
