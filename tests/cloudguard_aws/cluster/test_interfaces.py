"""An interface has the addresses and groups of both answers that describe it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from aws_hosts import api_of, hosts_of
from cloudguard.provider.port import CollectRequest
from cloudguard_aws import ADAPTER
from cloudguard_aws.cluster.interfaces import with_both_answers
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.installers import kops


@pytest.mark.mistake("odd-answer")
def test_groups_and_addresses_of_both_answers_are_united(inner_account: Account) -> None:
    a = inner_account
    vpc = a.vpc()
    subnet, first, second = a.subnet(vpc, public=True), a.group(vpc, "first"), a.group(vpc, "second")
    node = a.host("node", subnet, [first], kops.node)
    (host,) = hosts_of(a, node.id)
    listed = a.call("ec2", "describe_network_interfaces")["NetworkInterfaces"]
    assert with_both_answers(api_of(a), [host], listed) == (host,)
    assert with_both_answers(api_of(a), [host], []) == (host,)
    listed[0]["Groups"] = [{"GroupId": second.id}]
    listed[0]["Association"] = {"PublicIp": "203.0.113.9"}
    later: dict[str, Any] = listed[0] | {"NetworkInterfaceId": "eni-later", "PrivateIpAddresses": []}
    (both,) = with_both_answers(api_of(a), [host], [*listed, later, {"NetworkInterfaceId": "eni-0", "Attachment": 7}])
    united, added = both.interfaces
    assert united.groups == united.filters == tuple(sorted((first.id, second.id)))
    assert [addresses.texts() for addresses in united.public] == [("203.0.113.9",)]
    assert added.id == "eni-later"


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("lagging", ["DescribeInstances", "DescribeNetworkInterfaces"])
def test_a_public_address_in_only_one_answer_counts(inner_account: Account, lagging: str) -> None:
    a = inner_account
    vpc = a.vpc()
    node = a.host("node", a.subnet(vpc, public=True), [a.group(vpc, "nodes")], kops.node)
    address = a.address(node)
    session: Any = boto3.Session()

    def forget(parsed: dict[str, Any], **_rest: object) -> None:
        held = [instance for each in parsed.get("Reservations", ()) for instance in each["Instances"]]
        nics = [*parsed.get("NetworkInterfaces", ()), *(nic for item in held for nic in item["NetworkInterfaces"])]
        for item in (*held, *nics, *(each for nic in nics for each in nic["PrivateIpAddresses"])):
            item.pop("PublicIpAddress", None)
            item.pop("Association", None)

    session.events.register(f"after-call.ec2.{lagging}", forget)
    snapshot = ADAPTER.collect(CollectRequest(cluster="prod", options={"region": (REGION,)}, client=session))
    (host,) = snapshot.cluster.hosts
    assert [addresses.texts() for addresses in host.interfaces[0].public] == [(address,)]
