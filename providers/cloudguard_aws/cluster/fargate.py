"""Fargate pods as hosts: a Fargate pod has a network interface but no instance."""

from __future__ import annotations

from collections.abc import Collection

from cloudguard.model.cluster import EvidenceKind, Host, Role, RoleEvidence
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import Item, child, text
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import DESCRIBE_NETWORK_INTERFACES
from cloudguard_aws.cluster.interfaces import DETACHED, interface

_HIDES = (FactKind.HOSTS,)
_NO_PODS = ("amazon eks ", "aws-k8s-", "elb ", "efs mount target", "rdsnetworkinterface")
"""Beginnings of descriptions, in lower case, that AWS or the VPC CNI writes on interfaces of other resources than
Fargate pods."""


def read_fargate_pods(api: Api, group: str, known: Collection[str]) -> tuple[Host, ...]:
    """Return Fargate pods: interfaces in the cluster's own security ``group`` that belong to no instance.

    ``known``: ids of the interfaces that belong to hosts.
    """
    call = DESCRIBE_NETWORK_INTERFACES
    wanted = [{"Name": "group-id", "Values": [group]}]
    listed = api.read(call, hides=_HIDES, about=group, Filters=wanted)
    source = api.source(call, group)
    why = f"it is an interface in {group} without an instance, and the cluster has Fargate profiles"
    evidence = (RoleEvidence(EvidenceKind.MANAGED, why),)

    def pod(item: Item) -> tuple[Host, ...]:
        nic = interface(item, source)
        is_other = (text(item, "InterfaceType") or "interface") != "interface"  # of a VPC endpoint or a balancer
        is_service = text(item, "Description").lower().startswith(_NO_PODS)
        detached = text(item, "Status") == DETACHED
        if text(child(item, "Attachment"), "InstanceId") or is_other or is_service or detached or nic.id in known:
            return ()
        return (Host(nic.id, "Fargate pod", (Role.NODE,), evidence, (nic,), source),)

    pods = (host for each in api.mapped(call, listed, pod, hides=_HIDES) for host in each)
    return tuple(sorted(pods, key=lambda host: host.id))
