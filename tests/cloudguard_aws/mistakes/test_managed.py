"""Answers about an EKS cluster that lack something, or contradict themselves: no row passes because of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, altered, answers, refused
from cloudguard.results.report import Verdict
from moto_fixtures.aws.scene import scenes

API, IDENTITY, NODE = "api-server-access", "cloud-api-access", "node-access"
FAIL, UNKNOWN = Verdict.FAIL, Verdict.UNKNOWN
CLUSTER = "eks:DescribeCluster"
SCENE = "eks_restricted"


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    """An EKS cluster, all of whose rows pass."""
    with altered(scenes()[SCENE].build) as made:
        yield made


def cluster(**fields: object) -> Change:
    return lambda given, _parameters: [{**item, **fields} for item in given]


def without(*names: str) -> Change:
    return lambda given, _parameters: [{key: item[key] for key in item if key not in names} for item in given]


def network(edit: Callable[[Json], Json]) -> Change:
    """Return a change of the cluster's network settings."""

    def change(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
        return [{**item, "resourcesVpcConfig": edit(item["resourcesVpcConfig"])} for item in given]

    return change


def public(*cidrs: str, private: bool = True) -> Change:
    fields = {"endpointPublicAccess": True, "publicAccessCidrs": [*cidrs], "endpointPrivateAccess": private}
    return network(lambda config: {**config, **fields})


def test_the_rows_pass_before_a_change(account: Altered) -> None:
    report = account.report({}, scenes()[SCENE].DECLARED.policy)
    assert {report.row(name).verdict for name in (API, IDENTITY, NODE)} == {Verdict.PASS}


CASES: dict[str, tuple[str, Verdict, Mapping[str, Change | Exception]]] = {
    "a public endpoint without ranges": (API, FAIL, {CLUSTER: public()}),
    "a public endpoint for everyone by IPv6": (API, FAIL, {CLUSTER: public("::/0")}),
    "a public endpoint for half of the internet": (API, FAIL, {CLUSTER: public("0.0.0.0/1")}),
    "a range that is no address": (API, UNKNOWN, {CLUSTER: public("everyone")}),
    "no network settings": (API, FAIL, {CLUSTER: without("resourcesVpcConfig")}),
    "settings that say nothing of the public side": (
        API,
        FAIL,
        {CLUSTER: network(lambda c: {key: c[key] for key in c if "ublic" not in key})},
    ),
    "an endpoint without any side": (
        API,
        UNKNOWN,
        {CLUSTER: network(lambda c: {**c, "endpointPublicAccess": False, "endpointPrivateAccess": False})},
    ),
    "a word in place of a switch": (API, UNKNOWN, {CLUSTER: network(lambda c: {**c, "endpointPublicAccess": "no"})}),
    "a refused description": (API, UNKNOWN, {CLUSTER: refused()}),
    "no identity provider": (IDENTITY, UNKNOWN, {CLUSTER: cluster(identity={})}),
    "an identity provider without an issuer": (IDENTITY, UNKNOWN, {CLUSTER: cluster(identity={"oidc": {}})}),
    "associations that are refused": (IDENTITY, UNKNOWN, {"eks:ListPodIdentityAssociations": refused()}),
    "an association without a role": (
        IDENTITY,
        UNKNOWN,
        {
            "eks:ListPodIdentityAssociations": answers({"associationId": "a-1"}),
            "eks:DescribePodIdentityAssociation": answers({"namespace": "a", "serviceAccount": "b"}),
        },
    ),
    "a capability without a role": (
        IDENTITY,
        UNKNOWN,
        {
            "eks:ListCapabilities": answers({"capabilityName": "ack"}),
            "eks:DescribeCapability": answers({"capabilityName": "ack", "type": "ACK"}),
        },
    ),
    "roles that are refused": (IDENTITY, UNKNOWN, {"iam:ListRoles": refused()}),
    "node groups that are refused": (NODE, UNKNOWN, {"eks:ListNodegroups": refused()}),
    "Fargate profiles that are refused": (IDENTITY, UNKNOWN, {"eks:ListFargateProfiles": refused()}),
}


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("name", CASES)
def test_an_odd_or_missing_answer_makes_no_row_pass(account: Altered, name: str) -> None:
    row_name, verdict, changes = CASES[name]
    row = account.report(changes, scenes()[SCENE].DECLARED.policy).row(row_name)
    assert row.verdict is verdict, (row.why, row.unknown)
