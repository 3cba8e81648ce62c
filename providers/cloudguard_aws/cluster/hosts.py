"""The cluster's instances as hosts: their roles, with the evidence for each role."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloudguard.model.cluster import EvidenceKind, Host, Role, RoleEvidence
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, children, required, text
from cloudguard.provider.host_roles import UNKNOWN, HostRoles, flagged_or_tagged, managed_node, with_roles
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_INSTANCES, DESCRIBE_VOLUMES
from cloudguard_aws.cluster.find import FoundCluster
from cloudguard_aws.cluster.instances import HIDES, Instance
from cloudguard_aws.cluster.tag_keys import ETCD_KEYS, FOUND_THROUGH_DISKS, with_tag_keys
from cloudguard_aws.cluster.tags import ETCD_TAG, roles_by_tags, tags_of

ApiTargets = Mapping[str, str]
"""Dict of instance id or address → a text that names the balancer that sends API connections there."""
Servers = Mapping[str, bool]
"""Dict of instance id or address → whether it is known to be a control-plane host."""


def read_hosts(api: Api, found: FoundCluster, read_api_targets: Callable[[Servers], ApiTargets]) -> tuple[Host, ...]:
    """Return the cluster's hosts with their roles. A host whose role is unknown has no role and leaves a Gap.

    ``read_api_targets`` is called only if flags and tags do not give the roles of every host.
    """
    known = _roles_by_instance(found)
    others = [instance for instance in found.instances if known[instance.id] is None]
    if others:
        servers = {
            name: Role.CONTROL_PLANE in roles_of_instance.roles
            for instance in found.instances
            if (roles_of_instance := known[instance.id]) is not None
            for name in _names(instance)
        }
        targets, etcd = api.parallel(lambda: read_api_targets(servers), lambda: _etcd_volumes(api))
        known.update((other.id, _roles_by_targets_or_names(found, other, targets, etcd)) for other in others)
    roles = {name: roles for name, roles in known.items() if roles is not None}
    return with_roles(api, DESCRIBE_INSTANCES, (instance.host for instance in found.instances), roles)


def hosts_by_tags(api: Api, found: FoundCluster) -> tuple[Host, ...]:
    """Return the hosts if flags or tags give the roles of every host, else an empty tuple."""
    known = {name: roles for name, roles in _roles_by_instance(found).items() if roles is not None and roles.roles}
    if len(known) < len(found.instances):
        return ()
    return with_roles(api, DESCRIBE_INSTANCES, (instance.host for instance in found.instances), known)


def _roles_by_instance(found: FoundCluster) -> dict[str, HostRoles | None]:
    return {instance.id: _by_flags_or_tags(found, instance) for instance in found.instances}


def _by_flags_or_tags(found: FoundCluster, instance: Instance) -> HostRoles | None:
    known = flagged_or_tagged(found.by_flag.get(instance.id), roles_by_tags(instance.tags))
    if known is None and found.eks is not None:
        return managed_node(f"it belongs to the EKS cluster {found.name}, whose control plane AWS runs")
    return known


def _roles_by_targets_or_names(
    found: FoundCluster, instance: Instance, targets: ApiTargets, etcd: Mapping[str, str]
) -> HostRoles | None:
    """Return the roles that a balancer's targets show, else the roles by the host's names. An etcd volume adds etcd."""
    sends = next((targets[key] for key in _names(instance) if key in targets), "")
    serves = HostRoles((Role.CONTROL_PLANE,), (RoleEvidence(EvidenceKind.REGISTRATION, sends),))
    known = serves if sends else instance.roles_by_name(found.name)
    if instance.id not in etcd:
        return known
    return (known or UNKNOWN).and_also([Role.ETCD], RoleEvidence(EvidenceKind.DISK, etcd[instance.id]))


def _names(instance: Instance) -> tuple[str, ...]:
    """Return the instance's id and addresses: a balancer registers an instance under any of these."""
    listed = (address for interface in instance.host.interfaces for address in interface.addresses)
    return (instance.id, *sorted({text for address in listed for text in address.texts()}))


def _etcd_volumes(api: Api) -> dict[str, str]:
    """Return a dict of instance id → a text that names its attached etcd volume and the volume's tag.

    kops and other installers write these tags.
    """
    listed = with_tag_keys(api, DESCRIBE_VOLUMES, ETCD_KEYS, hides=(*HIDES, *FOUND_THROUGH_DISKS))
    etcd = dict[str, str]()
    for volume, hosts in sorted(api.mapped(DESCRIBE_VOLUMES, listed, _etcd_volume, hides=(FactKind.HOSTS,))):
        for host in hosts:
            etcd.setdefault(host, volume)
    return etcd


def _etcd_volume(item: Item) -> tuple[str, list[str]]:
    name, key = required(item, "VolumeId"), min(tag for tag in tags_of(item) if tag.startswith(ETCD_TAG))
    return f"its volume {name} is tagged {key}", [
        text(attachment, "InstanceId") for attachment in children(item, "Attachments")
    ]
