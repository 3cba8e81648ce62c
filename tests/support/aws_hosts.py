"""The hosts of an account as the adapter reads them, for tests of the resources around hosts."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from builders import SAID
from cloudguard.model.cluster import Host, Role
from cloudguard.model.source import Source
from cloudguard.provider.host_roles import API_PORTS
from cloudguard.provider.port import CollectRequest
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.find import FoundCluster, find
from cloudguard_aws.cluster.hosts import read_hosts
from cloudguard_aws.cluster.instances import instances_by_id
from cloudguard_aws.network.registrations import api_targets
from moto_fixtures.aws.builder import REGION, Account, Tags

SOURCE = Source("ec2:DescribeInstances")
STACKED = "no host runs only etcd, so control-plane hosts run it"
HostRoles = dict[str, tuple[tuple[Role, ...], tuple[str, ...]]]
"""Name of a host → its roles and the evidence for them."""


def owned(cluster: str, value: str = "owned") -> Tags:
    """Return the tag that most installers set."""
    return {f"kubernetes.io/cluster/{cluster}": value}


def api_of(account: Account, asked: list[str] | None = None) -> Api:
    """Return a reader of the account. It appends the name of each call to ``asked``."""
    notes = [] if asked is None else asked

    def note(step: str) -> None:
        notes.append(step)

    return Api(account.session, REGION, note)


def hosts_of(account: Account, *ids: str, role: Role = Role.NODE) -> tuple[Host, ...]:
    """Return the instances ``ids`` as hosts with one role."""
    return tuple(
        replace(instance.host, roles=(role,), role_evidence=(SAID,))
        for instance in instances_by_id(api_of(account), ids)
    )


def read(api: Api, cluster: FoundCluster) -> tuple[Host, ...]:
    """Return the hosts of a cluster, as the adapter reads them."""
    return read_hosts(api, cluster, partial(api_targets, api, cluster.networks, API_PORTS))


def roles_of(a: Account, request: CollectRequest) -> tuple[HostRoles, Api, str]:
    """Return the roles of the hosts, the reader that read them, and the name of the installer."""
    api = Api(a.session, REGION)
    cluster = find(api, request)
    assert cluster is not None
    return {host.name: (host.roles, host.evidence) for host in read(api, cluster)}, api, cluster.installer
