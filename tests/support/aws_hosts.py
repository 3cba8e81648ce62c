"""Hosts of an account as the adapter sees them, for tests of what stands around them."""

from __future__ import annotations

from cloudguard.model.cluster import Host, Role
from cloudguard.model.source import Source
from cloudguard.provider.port import CollectRequest
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.find import find
from cloudguard_aws.cluster.hosts import interface, read_hosts
from moto_fixtures.aws.builder import REGION, Account, Tags

SOURCE = Source("ec2:DescribeInstances")
STACKED = "no host is etcd's alone, so control-plane hosts run it"
Told = dict[str, tuple[tuple[Role, ...], tuple[str, ...]]]
"""Roles and evidence by the host's name."""


def owned(cluster: str, value: str = "owned") -> Tags:
    """Return the tag that most installers leave."""
    return {f"kubernetes.io/cluster/{cluster}": value}


def api_of(account: Account, asked: list[str] | None = None) -> Api:
    """Return a reader of the account; it notes in ``asked`` what it asks."""
    notes = [] if asked is None else asked

    def note(step: str) -> None:
        notes.append(step)

    return Api(account.session, REGION, note)


def hosts_of(account: Account, *ids: str, role: Role = Role.NODE) -> tuple[Host, ...]:
    """Return instances as hosts of one role."""
    answer = account.call("ec2", "describe_instances", InstanceIds=list(ids))
    found = [instance for reservation in answer["Reservations"] for instance in reservation["Instances"]]
    return tuple(
        Host(
            id=one["InstanceId"],
            name="",
            roles=(role,),
            evidence=(),
            interfaces=tuple(interface(item, SOURCE, one) for item in one["NetworkInterfaces"]),
            source=SOURCE,
            identity=one.get("IamInstanceProfile", {}).get("Arn", ""),
        )
        for one in found
    )


def told(a: Account, request: CollectRequest) -> tuple[Told, Api, str]:
    """Return what is told of each host, the Api that read it, and the installer."""
    api = Api(a.session, REGION)
    found = find(api, request)
    assert found is not None
    hosts = read_hosts(api, found)
    return {host.name: (host.roles, host.evidence) for host in hosts}, api, found.installer
