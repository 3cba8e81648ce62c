"""Instances as hosts: their roles, each with its evidence, their interfaces, disks and identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from cloudguard.model.cluster import EvidenceKind, Host, Role, RoleEvidence
from cloudguard.model.network import Endpoint, Interface
from cloudguard.model.source import FactKind, Gap, Reason, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import Item
from cloudguard.provider.host_roles import HostRoles, with_roles
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_INSTANCES
from cloudguard_gcp.access.links import machine, short
from cloudguard_gcp.cluster import installer_labels
from cloudguard_gcp.cluster.find import Found
from cloudguard_gcp.cluster.installer_labels import roles_by_labels
from cloudguard_gcp.cluster.instance_metadata import metadata_service
from cloudguard_gcp.cluster.selectors import labels_of

FEW: Final = 3
"""So many hosts are named where many have the same trouble."""
TELL: Final = "name its role with --control-plane-tag, --node-tag or --etcd-tag KEY=VALUE, or --host NAME=ROLE"
_CREATED_BY: Final = "created-by"
"""Metadata that a group manager leaves
(https://cloud.google.com/compute/docs/instance-groups/getting-info-about-migs)."""


def read_hosts(api: Api, found: Found) -> tuple[Host, ...]:
    """Return the cluster's hosts with their roles; a host whose role is unknown has none, and a Gap says so."""
    source = api.source(LIST_INSTANCES)
    hosts = [_host(one, source, found.gke) for one in found.instances]
    known = {host.id: _roles(found, one) for host, one in zip(hosts, found.instances, strict=True)}
    if found.gke is not None:
        _miss_nodes(api, found.gke, len(hosts))
    return with_roles(api, LIST_INSTANCES, hosts, {name: roles for name, roles in known.items() if roles is not None})


def _miss_nodes(api: Api, cluster: Item, seen: int) -> None:
    """Say that GKE counts more nodes than were seen: some machines, as Autopilot's, are Google's to show or not.

    https://cloud.google.com/kubernetes-engine/docs/concepts/autopilot-security
    """
    count = int(cluster.get("currentNodeCount") or 0)
    if count > seen:
        message = f"GKE counts {count} nodes, of which {seen} were seen in the project"
        api.add_gap(Gap(LIST_INSTANCES.name, str(cluster["name"]), Reason.MISSING, message, (FactKind.HOSTS,)))


def _roles(found: Found, instance: Item) -> HostRoles | None:
    known = found.by_flag.get(machine(str(instance["selfLink"]))) or roles_by_labels(instance, found.name)
    if known is None and found.gke is not None:
        why = f"labelled for the GKE cluster {found.name}, which runs no control plane of its own"
        return HostRoles((Role.NODE,), (RoleEvidence(EvidenceKind.MANAGED, why),))
    return known


def _host(instance: Item, source: Source, gke: Item | None) -> Host:
    accounts = cast("Sequence[Item]", instance.get("serviceAccounts") or ())
    disks = cast("Sequence[Item]", instance.get("disks") or ())
    name = machine(str(instance["selfLink"]))
    return Host(
        id=name,
        name=str(instance["name"]),
        roles=(),
        role_evidence=(),
        interfaces=tuple(interfaces(instance, source)),
        source=Source(source.call, name),
        identity=str(accounts[0].get("email", "")) if accounts else "",
        pool=pool_of(instance),
        disks=tuple(sorted(short(str(one["source"])) for one in disks if one.get("source"))),
        metadata=metadata_service(instance, gke),
    )


def pool_of(instance: Item) -> str:
    """Return the id of the group manager that made an instance, "" for none: by zone or region, and name."""
    made_by = installer_labels.metadata_of(instance, _CREATED_BY)
    return place_of(made_by) if "/instanceGroupManagers/" in made_by else ""


def place_of(link: str) -> str:
    """Return "zones/europe-west1-b/instanceGroupManagers/NAME": a project is named by id or by number."""
    return "/".join(link.split("/")[-4:])


def interfaces(instance: Item, source: Source) -> Iterator[Interface]:
    """Yield an instance's interfaces; which filters guard them, the network tells."""
    labels = labels_of(instance)
    for one in cast("Sequence[Item]", instance.get("networkInterfaces") or ()):
        access = cast("Sequence[Item]", one.get("accessConfigs") or ())
        yield Interface(
            id=f"{machine(str(instance['selfLink']))}/{one.get('name', 'nic0')}",
            subnet=short(str(one.get("subnetwork", ""))),
            addresses=tuple(map(AddressSet.parse, _addresses(one))),
            source=source,
            public=tuple(map(AddressSet.parse, sorted(str(each["natIP"]) for each in access if each.get("natIP")))),
            groups=labels,
            public_ip_on_start=any(not each.get("natIP") for each in access),
        )


def _addresses(interface: Item) -> Iterator[str]:
    """Yield the machine's own addresses; its alias ranges are those of pods."""
    if interface.get("networkIP"):
        yield str(interface["networkIP"])
    for one in cast("Sequence[Item]", interface.get("ipv6AccessConfigs") or ()):
        if one.get("externalIpv6"):
            yield f"{one['externalIpv6']}/{one.get('externalIpv6PrefixLength', 96)}"
    if interface.get("ipv6Address"):
        yield f"{interface['ipv6Address']}/{interface.get('internalIpv6PrefixLength', 96)}"


def networks_of(instances: Iterable[Item], endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
    """Return the short names of the networks that instances and endpoints stand in."""
    listed = (one for each in instances for one in cast("Sequence[Item]", each.get("networkInterfaces") or ()))
    names = {short(str(one["network"])) for one in listed if one.get("network")}
    return tuple(sorted((names | {one.network for one in endpoints}) - {""}))


def region_of(segment: str) -> str:
    """Return the region of a subnet by its short name, "" for what is none."""
    parts = segment.split("/")
    return parts[parts.index("regions") + 1] if "regions" in parts[:-1] else ""


def guarded(hosts: Iterable[Host], chains: Mapping[str, tuple[str, ...]]) -> tuple[Host, ...]:
    """Return the hosts with the filters of the subnets they stand in, by subnet."""
    return tuple(replace(host, interfaces=tuple(_guarded(one, chains) for one in host.interfaces)) for host in hosts)


def _guarded(interface: Interface, chains: Mapping[str, tuple[str, ...]]) -> Interface:
    return replace(interface, filters=chains.get(interface.subnet, (UNREAD,)))


UNREAD: Final = "filters of an unread network"
"""Stands for filters that could not be read: they may let in anything."""
