"""The traffic that is allowed between the cluster's own hosts and pods."""

from __future__ import annotations

from cloudguard.model.cluster import Role
from cloudguard.needs.ports import Ports
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import HostClass


def allowed_between(source: HostClass | None, target: HostClass | None, ports: Ports) -> ServiceSet:
    """Return the services that the cluster's hosts of class ``source`` (None: its pods) may use on ``target``.

    Only control-plane and etcd hosts may use the services of etcd.
    """
    trusted = source is not None and (source.has(Role.CONTROL_PLANE) or source.has(Role.ETCD))
    if target is not None and target.has(Role.ETCD) and not trusted:
        return ports.between_hosts - ports.etcd - ports.etcd_auxiliary
    return ports.between_hosts
