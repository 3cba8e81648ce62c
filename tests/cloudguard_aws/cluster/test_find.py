"""Finding the cluster's hosts: misleading names, regions and VPCs, refused searches, and the facts of each host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import boto3
import pytest

from aws_hosts import STACKED, api_of, owned, read, roles_of
from cloudguard.errors import AccessError, ClusterNotFoundError, SeveralClustersError
from cloudguard.model.cluster import Host, Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.port import CollectRequest
from cloudguard_aws import ADAPTER
from cloudguard_aws.access.api import Api
from cloudguard_aws.cluster.find import find
from cloudguard_aws.cluster.instances import Instance
from moto_fixtures.aws.builder import REGION, Account, Group, Subnet, Tags, Vpc
from moto_fixtures.aws.installers import CAPA, capa, kops
from refused_calls import refusal, response

CP, ETCD, NODE = Role.CONTROL_PLANE, Role.ETCD, Role.NODE
ELSEWHERE = "eu-central-1"


def place(a: Account, cidr: str = "10.9.0.0/16") -> tuple[Vpc, Subnet, Group]:
    vpc = a.vpc(cidr)
    return vpc, a.subnet(vpc), a.group(vpc, "hosts")


def ids(hosts: Sequence[Instance]) -> set[str]:
    return {host.id for host in hosts}


def test_one_name_in_two_vpcs_is_two_clusters_and_the_vpc_chooses(inner_account: Account) -> None:
    a = inner_account
    (vpc, first, group), (other, second, same) = place(a), place(a, "10.8.0.0/16")
    a.eks("prod", [first], a.role("eks", service="eks"))
    node = a.host("node", first, [group], owned("prod") | {"eks:nodegroup-name": "n"})
    master = a.host("master", second, [same], kops.control_plane)
    api = Api(a.session, REGION)
    with pytest.raises(SeveralClustersError) as caught:
        find(api, CollectRequest(cluster="prod"))
    assert caught.value.choices == tuple({"vpc-id": name} for name in sorted((vpc.id, other.id)))
    assert vpc.id in caught.value.message
    assert other.id in caught.value.message
    assert "--vpc-id" in caught.value.hint
    eks, found_cluster = (find(api, CollectRequest(cluster="prod"), vpc.id) for vpc in (vpc, other))
    assert eks is not None
    assert found_cluster is not None
    assert (eks.place, found_cluster.place) == (vpc.id, other.id)
    assert (eks.installer, ids(eks.instances)) == ("eks", {node.id})
    assert (found_cluster.installer, ids(found_cluster.instances)) == ("kops", {master.id})


def test_a_cluster_that_is_only_registered_with_eks_is_self_managed(inner_account: Account) -> None:
    a = inner_account
    _, subnet, group = place(a)
    master = a.host("master", subnet, [group], kops.control_plane)
    a.eks("prod", [subnet], a.role("eks", service="eks"))

    def register(parsed: dict[str, Any], **_rest: object) -> None:
        parsed["cluster"] = {"name": "prod", "arn": parsed["cluster"]["arn"], "connectorConfig": {"provider": "OTHER"}}

    cast("Any", a.session).events.register("after-call.eks.DescribeCluster", register)
    cluster = find(Api(a.session, REGION), CollectRequest(cluster="prod"))
    assert cluster is not None
    assert (cluster.eks, cluster.installer, ids(cluster.instances)) == (None, "kops", {master.id})


def test_a_managed_and_a_self_managed_cluster_with_one_name_in_one_vpc(inner_account: Account) -> None:
    a = inner_account
    _, subnet, group = place(a)
    a.eks("prod", [subnet], a.role("eks", service="eks"))
    a.host("master", subnet, [group], kops.control_plane)
    with pytest.raises(ClusterNotFoundError, match="'prod'"):
        find(Api(a.session, REGION), CollectRequest(cluster="prod"))


@pytest.mark.mistake("member-left-out")
def test_etcd_hosts_in_another_vpc_belong_to_the_cluster(inner_account: Account) -> None:
    a = inner_account
    (_, first, group), (other, second, same) = place(a), place(a, "10.8.0.0/16")
    a.host("cp", first, [group], owned("prod") | {f"{CAPA}/role": "bastion"})
    a.host("api", first, [group], owned("prod") | {"k8s.io/role/apiserver": "1"})
    outside = a.host("etcd-0", second, [same])
    found, api, _ = roles_of(a, CollectRequest(cluster="prod", extra_hosts={outside.id: [ETCD]}))
    assert found["etcd-0"] == ((ETCD,), (f"--host {outside.id}=etcd",))
    assert found["api"][0] == (CP,)
    assert api.gaps == ()
    whole = find(api, CollectRequest(cluster="prod", extra_hosts={outside.id: [ETCD]}))
    assert whole is not None
    assert other.id in whole.networks


def elsewhere(a: Account, tags: Tags, region: str = ELSEWHERE) -> None:
    """Start a host in another region."""
    ec2 = cast("Any", a.session).client("ec2", region_name=region)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    image = ec2.register_image(Name="node", RootDeviceName="/dev/sda1")["ImageId"]
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    specifications = [{"ResourceType": "instance", "Tags": listed}]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, TagSpecifications=specifications)


def collect(a: Account, cluster: str = "prod", *regions: str) -> Snapshot:
    return ADAPTER.collect(CollectRequest(cluster=cluster, options={"region": regions}, client=a.session))


def test_a_cluster_is_searched_in_every_enabled_region(inner_account: Account) -> None:
    elsewhere(inner_account, kops.node)
    assert collect(inner_account).cluster.regions == (ELSEWHERE,)


def test_the_session_s_own_region_comes_first(inner_account: Account) -> None:
    elsewhere(inner_account, kops.node)
    _, subnet, group = place(inner_account)
    inner_account.host("node", subnet, [group], kops.node)
    assert collect(inner_account).cluster.regions == (REGION,)


def test_one_name_in_two_regions_is_two_clusters(inner_account: Account) -> None:
    for region in (ELSEWHERE, "us-east-1"):
        elsewhere(inner_account, kops.node, region)
    with pytest.raises(ClusterNotFoundError) as caught:
        collect(inner_account)
    assert f"{ELSEWHERE} and us-east-1" in caught.value.message
    assert "--region" in caught.value.hint
    assert collect(inner_account, "prod", "us-east-1").cluster.regions == ("us-east-1",)


def refuse(session: boto3.Session, *events: str, only: str = "") -> None:
    """Refuse calls ("ec2.DescribeInstances"), in every region or in one."""

    def answer(event_name: str, request: Any, **_rest: object) -> object:  # noqa: ANN401 - botocore's request
        if only not in str(request.url):
            return None
        service = event_name.split(".")[1]
        code = "UnauthorizedOperation" if service == "ec2" else "AccessDeniedException"
        return response(request.url, 403, *refusal(service, code, "no"))

    bus: Any = session.events
    for event in events:
        bus.register_first(f"before-send.{event}", answer)


def test_a_refused_region_does_not_hide_the_others(inner_account: Account) -> None:
    elsewhere(inner_account, kops.node)
    refuse(inner_account.session, "ec2.DescribeInstances", "eks.DescribeCluster", only="ap-south-1")
    assert collect(inner_account).cluster.regions == (ELSEWHERE,)


@pytest.mark.parametrize("event", ["ec2.DescribeInstances", "eks.DescribeCluster", "ec2.DescribeTags"])
def test_a_refused_search_is_not_a_missing_cluster(inner_account: Account, event: str) -> None:
    refuse(inner_account.session, event)
    with pytest.raises(AccessError) as caught:
        collect(inner_account, "prod", REGION)
    assert event.replace(".", ":") in caught.value.message
    assert "permissions aws" in caught.value.hint


@pytest.mark.parametrize(("name", "eks"), [("prod", True), ("prod.example.com", False), ("-", False)])
def test_eks_is_called_only_with_names_that_it_accepts(inner_account: Account, name: str, *, eks: bool) -> None:
    asked: list[str] = []
    assert find(api_of(inner_account, asked), CollectRequest(cluster=name)) is None
    assert ("eks:DescribeCluster" in asked) is eks


def test_interfaces_have_all_their_addresses_and_their_own_groups(inner_account: Account) -> None:
    a = inner_account
    vpc = a.vpc("10.9.0.0/16", ipv6=True)
    subnet, group, other = a.subnet(vpc, public=True), a.group(vpc, "hosts"), a.group(vpc, "more")
    host = a.host("node", subnet, [other, group], capa.node, public=True)
    more = a.call("ec2", "create_network_interface", SubnetId=subnet.id, Groups=[group.id])["NetworkInterface"]
    name = more["NetworkInterfaceId"]
    a.call("ec2", "assign_private_ip_addresses", NetworkInterfaceId=name, PrivateIpAddresses=["10.9.0.77"])
    a.call("ec2", "attach_network_interface", NetworkInterfaceId=name, InstanceId=host.id, DeviceIndex=1)
    (read,) = hosts_of(a)
    first, second = sorted(read.interfaces, key=lambda interface: interface.id != host.interface)
    assert first.id == host.interface
    assert first.addresses[0].texts() == (host.address,)
    assert first.addresses[1].size6
    assert len(first.public) == 1
    assert first.filters == first.groups == tuple(sorted([group.id, other.id]))
    assert (second.id, second.subnet, second.filters) == (name, subnet.id, (group.id,))
    assert AddressSet.parse("10.9.0.77") in second.addresses
    assert second.public == ()
    assert read.metadata is not None
    assert (read.metadata.tokens_required, read.metadata.hop_limit) == (True, 1)


def hosts_of(a: Account, cluster: str = "prod") -> tuple[Host, ...]:
    api = Api(a.session, REGION)
    found_cluster = find(api, CollectRequest(cluster=cluster))
    assert found_cluster is not None
    return read(api, found_cluster)


def test_hostile_tags_are_kept_unchanged_and_give_no_roles(inner_account: Account) -> None:
    a = inner_account
    _, subnet, group = place(a)
    name = "\u202emaster\x9b31m, k8s.io/role/control-plane=1"
    odd = {"kubernetes.io/cluster/": "owned", "k8s.io/role/control-plane": "", f"{CAPA}/role": "boss\n", "empty": ""}
    many_tags = {f"tag-{number:02}": "\u2066" * 256 for number in range(43)}
    a.host(name, subnet, [group], owned("prod") | odd | many_tags)
    (host,) = hosts_of(a)
    assert host.name == name
    assert host.roles == (CP, ETCD)
    assert host.evidence == (f"name {name} suggests the role (weak evidence)", STACKED)


def fargate(a: Account) -> tuple[Group, Subnet]:
    """An EKS cluster without hosts, and a Fargate profile."""
    _, subnet, _ = place(a)
    role = a.role("eks", service="eks")
    cluster = a.eks("prod", [subnet], role)
    profile = {"fargateProfileName": "default", "podExecutionRoleArn": role.arn, "selectors": [{"namespace": "x"}]}
    a.call("eks", "create_fargate_profile", clusterName="prod", **profile)
    return cluster.group, subnet


def test_hosts_without_evidence_of_their_role_are_one_gap(inner_account: Account) -> None:
    subnet = inner_account.subnet(inner_account.vpc())
    for number in range(5):
        inner_account.host(f"ip-{number}", subnet, [], owned("prod"))
    api = Api(inner_account.session, REGION)
    cluster = find(api, CollectRequest(cluster="prod"))
    assert cluster is not None
    assert [host.roles for host in read(api, cluster)] == [()] * 5
    (gap,) = api.gaps
    assert gap.message.count("(ip-") == 3
    assert "and 2 more is unknown" in gap.message


@pytest.mark.mistake("member-left-out")
def test_fargate_pods_are_hosts(inner_account: Account) -> None:
    a = inner_account
    group, subnet = fargate(a)

    def interface(description: str) -> str:
        made = a.call("ec2", "create_network_interface", SubnetId=subnet.id, Groups=[group.id], Description=description)
        name = str(made["NetworkInterface"]["NetworkInterfaceId"])
        a.backend("ec2").enis[name].status = "in-use"
        return name

    pod = interface("")
    for others in ("Amazon EKS prod", "aws-K8S-i-0abc", "aws-k8s-branch-eni", "ELB net/prod/1"):
        interface(others)
    snapshot = collect(a)
    assert [(host.id, host.roles) for host in snapshot.cluster.hosts] == [(pod, (NODE,))]
    assert "Fargate" in snapshot.cluster.hosts[0].evidence[0]
    assert [identity.roles for identity in snapshot.identities.identities] == [("cluster", "pods")]


def test_a_managed_cluster_s_settings_are_read(inner_account: Account) -> None:
    a = inner_account
    _, subnet, _ = place(a)
    key = a.key()
    a.eks("prod", [subnet], a.role("eks", service="eks"), public=["198.51.100.0/24"], secrets_key=key)
    snapshot = collect(a)
    assert snapshot.cluster.managed
    assert snapshot.cluster.managed_by == "Amazon EKS"
    assert snapshot.cluster.secrets_encryption is not None
    assert snapshot.cluster.secrets_encryption.key == key
    assert [key.id for key in snapshot.cluster.keys] == [key]
    (endpoint,) = snapshot.topology.endpoints
    assert (endpoint.public, str(endpoint.public_ranges), endpoint.private) == (True, "198.51.100.0/24", False)
    assert snapshot.cluster.scanned_by.startswith("arn:aws:")
    assert snapshot.cluster.account == "123456789012"


def test_a_refused_node_group_list_hides_pools_and_identities(inner_account: Account) -> None:
    a = inner_account
    _, subnet, _ = place(a)
    a.eks("prod", [subnet], a.role("eks", service="eks"))
    refuse(a.session, "eks.ListNodegroups")
    hides = (FactKind.POOLS, FactKind.IDENTITIES)
    message = "AccessDeniedException: no"
    assert Gap("eks:ListNodegroups", "prod", Reason.DENIED, message, hides, "eks:ListNodegroups") in collect(a).gaps
