"""EC2 Fleets and Spot Fleets that restart the cluster's hosts: the settings of their next host."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from aws_hosts import api_of
from cloudguard.model.cluster import Pool, Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind
from cloudguard.provider.port import CollectRequest
from cloudguard_aws import ADAPTER
from cloudguard_aws.access.calls import DESCRIBE_FLEETS, DESCRIBE_SPOT_FLEET_REQUESTS, Call
from cloudguard_aws.cluster.find import find
from cloudguard_aws.cluster.pools.fleets import read_fleets
from cloudguard_aws.cluster.tags import FLEET, SCALING_GROUP, SPOT_FLEET
from moto_fixtures.aws.builder import REGION, Account, Group, Subnet
from moto_fixtures.aws.installers import OWNED, kops

REQUEST = CollectRequest(cluster="prod", options={"region": (REGION,)})
ID = "fleet-0123"
Json = dict[str, Any]


@pytest.fixture
def place(inner_account: Account) -> tuple[Account, Subnet, Group]:
    """A private subnet with one group."""
    a = inner_account
    subnet = a.subnet(a.vpc())
    return a, subnet, a.group(subnet.vpc, "nodes")


def collect(a: Account) -> Snapshot:
    return ADAPTER.collect(CollectRequest(cluster="prod", options=REQUEST.options, client=a.session))


def pools(a: Account) -> list[Pool]:
    return [*collect(a).cluster.pools]


@pytest.mark.mistake("next-host-left-out")
def test_the_next_host_of_an_ec2_fleet_has_its_template_s_settings(place: tuple[Account, Subnet, Group]) -> None:
    a, subnet, group = place
    public, wide = a.subnet(subnet.vpc, public=True), a.group(subnet.vpc, "wide")
    role = a.role("spot")
    template = a.template("spot", [wide], kops.node, role=role, public=True)
    fleet = a.fleet(template, public)
    a.host("n", subnet, [group], kops.node | {FLEET: fleet})
    (pool,) = pools(a)
    assert (pool.id, pool.roles, pool.subnets) == (fleet, (Role.NODE,), (public.id,))
    assert (pool.filters, pool.public, pool.identity) == ((wide.id,), True, role.arn)
    assert (pool.template, pool.template_fields) == (f"{template}:1", "")


@pytest.mark.mistake("next-host-left-out")
def test_the_next_host_of_a_spot_fleet_has_its_specification_s_settings(place: tuple[Account, Subnet, Group]) -> None:
    a, subnet, group = place
    second, wide = a.subnet(subnet.vpc), a.group(subnet.vpc, "wide")
    specification = {"SubnetId": f"{subnet.id}, {second.id}", "SecurityGroups": [{"GroupId": wide.id}]}
    fleet = "sfr-0123"
    a.host("m", subnet, [group], kops.control_plane | {SPOT_FLEET: fleet})
    listed = a.call("elbv2", "create_target_group", Name="api", Protocol="TCP", Port=6443, VpcId=subnet.vpc.id)
    target_group = listed["TargetGroups"][0]["TargetGroupArn"]
    front = {"TargetGroupsConfig": {"TargetGroups": [{"Arn": target_group}]}}
    profile = {"Arn": "arn:aws:iam::123456789012:instance-profile/gone"}
    whole = {"ImageId": a.image(), "IamInstanceProfile": profile, "UserData": "c2VjcmV0", **specification}
    config = {"LaunchSpecifications": [whole], "LoadBalancersConfig": front, "TargetCapacity": 1}
    answer(a, DESCRIBE_SPOT_FLEET_REQUESTS, {"SpotFleetRequestId": fleet, "SpotFleetRequestConfig": config})
    snapshot = collect(a)
    (pool,) = snapshot.cluster.pools
    assert (pool.id, pool.roles, pool.desired) == (fleet, (Role.CONTROL_PLANE, Role.ETCD), 1)
    assert (pool.subnets, pool.filters) == ((subnet.id, second.id), (wide.id,))
    assert [disk.device for disk in pool.disks] == ["/dev/sda1"], "those of its image"
    assert "c2VjcmV0" not in repr(snapshot)
    api = api_of(a)
    cluster = find(api, REQUEST)
    assert cluster is not None
    assert [fleet.registers for fleet in read_fleets(api, cluster)] == [(target_group,)]


def answer(a: Account, call: Call, *items: Json) -> None:
    """Answer the calls that describe fleets with ``items``."""
    field = call.items.partition("[")[0]

    def put(parsed: Json, **_rest: object) -> None:
        parsed[field] = list(items)

    cast("Any", a.session).events.register(f"after-call.ec2.{call.operation}", put)


def fleet_data(**fields: object) -> Json:
    named = {"LaunchTemplateSpecification": {"LaunchTemplateId": "lt-0123", "Version": "3"}}
    return {"FleetId": ID, "Type": "maintain", "FleetState": "active", "LaunchTemplateConfigs": [named], **fields}


PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


@pytest.mark.mistake("next-host-left-out")
@pytest.mark.parametrize(
    ("item", "starts"),
    [
        (fleet_data(), True),
        (fleet_data(FleetState="modifying", ValidUntil=FUTURE), True),
        (fleet_data(FleetState="a new word", Type="another"), True),
        (fleet_data(Type="request", ActivityStatus="pending_fulfillment"), True),
        (fleet_data(Type="request", ActivityStatus="fulfilled"), False),
        (fleet_data(Type="instant"), False),
        (fleet_data(FleetState="deleted_running"), False),
        (fleet_data(ValidUntil=PAST), False),
        (fleet_data(ValidUntil=PAST.isoformat()), False),
        (fleet_data(ValidUntil=FUTURE.isoformat()), True),
        (fleet_data(ValidUntil="at some time"), True),
        (fleet_data(FleetId="fleet-of-others"), False),
        (fleet_data(FleetId="fleet-of-the-same", Tags=[{"Key": next(iter(OWNED)), "Value": "owned"}]), True),
    ],
)
def test_only_fleets_that_start_further_hosts_are_pools(
    place: tuple[Account, Subnet, Group],
    item: Json,
    starts: bool,  # noqa: FBT001 - a parameter
) -> None:
    a, subnet, group = place
    a.host("n", subnet, [group], kops.node | {FLEET: ID})
    answer(a, DESCRIBE_FLEETS, item)
    api = api_of(a)
    cluster = find(api, REQUEST)
    assert cluster is not None
    assert [fleet.templates for fleet in read_fleets(api, cluster)] == [
        (("LaunchTemplateId", "lt-0123", "3"),)
    ] * starts


@pytest.mark.mistake("member-left-out")
def test_a_fleet_s_untagged_hosts_belong_to_the_cluster(place: tuple[Account, Subnet, Group]) -> None:
    a, subnet, group = place
    fleet = a.fleet(a.template("spot", [group], kops.node), subnet)
    first, second = (
        a.host(name, subnet, [group], tags | {FLEET: fleet}) for name, tags in (("a", kops.node), ("b", {}))
    )
    assert {host.id: host.pool for host in collect(a).cluster.hosts} == {first.id: fleet, second.id: fleet}


def test_fleets_are_read_only_if_a_host_names_one(place: tuple[Account, Subnet, Group]) -> None:
    a, subnet, group = place
    a.fleet(a.template("spot", [group], kops.node), subnet)
    a.host("n", subnet, [group], kops.node | {FLEET: ID, SCALING_GROUP: "nodes"})
    asked = list[str]()
    api = api_of(a, asked)
    cluster = find(api, REQUEST)
    assert cluster is not None
    assert read_fleets(api, cluster) == []
    assert not {DESCRIBE_FLEETS.name, DESCRIBE_SPOT_FLEET_REQUESTS.name} & {*asked}


def test_an_unreadable_fleet_is_a_gap_that_hides_pools(place: tuple[Account, Subnet, Group]) -> None:
    a, subnet, group = place
    a.host("n", subnet, [group], kops.node | {FLEET: ID})
    unnamed: Json = {}
    answer(a, DESCRIBE_FLEETS, fleet_data(LaunchTemplateConfigs=[unnamed]))
    assert FactKind.POOLS in {kind for gap in collect(a).gaps for kind in gap.hides}
