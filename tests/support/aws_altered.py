"""One account of AWS, built once, and read once for each case with some of its answers changed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cloudguard import pipeline
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.answers import Answer
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Report
from cloudguard_aws import ADAPTER
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import Call
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.installers import CLUSTER
from refused_calls import Reusing

Json = dict[str, Any]
Change = Callable[[list[Json], Mapping[str, Any]], list[Json]]
"""A function from a call's items and parameters to the items that are answered instead."""


class Altered:
    """An account whose answers can be changed for one reading. ``made``: what was built. moto's answers are kept."""

    def __init__(self, account: Account, made: Any = None) -> None:  # noqa: ANN401 - as the function that builds it
        self.account, self.made = account, made
        self._answers: dict[tuple[str, str], Answer] = {}

    def snapshot(self, changes: Mapping[str, Change | Exception]) -> Snapshot:
        """Read the cluster. ``changes``: call → the change of its answer, or the error that it raises."""
        original: Any = Api.fetch

        def fetch(reader: Api, call: Call, parameters: Mapping[str, Any]) -> Answer:
            change = changes.get(call.name)
            if isinstance(change, Exception):
                raise change
            key = (call.name, repr(sorted(parameters.items())))
            if key not in self._answers:
                try:
                    self._answers[key] = original(reader, call, parameters)
                except reader.errors():
                    if change is None:
                        raise
                    self._answers[key] = Answer([])
            answer = self._answers[key]
            items: Any = deepcopy(answer.items)
            return answer if change is None else Answer([*change(items, parameters)], answer.faults)

        request = CollectRequest(cluster=CLUSTER, options={"region": (REGION,)}, client=self.account.session)
        with patch.object(Api, "fetch", fetch):
            return ADAPTER.collect(request)

    def report(self, changes: Mapping[str, Change | Exception], declared: Declarations | None = None) -> Report:
        """Read and judge the cluster."""
        return pipeline.evaluate(self.snapshot(changes), declared)


@contextmanager
def altered(build: Callable[[Account], object]) -> Generator[Altered]:
    """Build an account inside this process, for the tests of one module."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name, value in (("ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"), ("SECRET_ACCESS_KEY", "made-up")):
            environment.setenv(f"AWS_{name}", value)
        environment.setenv("AWS_DEFAULT_REGION", REGION)
        account = Account(Reusing(region_name=REGION))
        yield Altered(account, build(account))


def refused(code: str = "AccessDeniedException") -> ClientError:
    """Return the error of a refused call."""
    return ClientError({"Error": {"Code": code, "Message": "not authorized"}}, "Any")


def answers(*items: Json) -> Change:
    """Return a change that answers with ``items``, whatever was asked."""
    return lambda _given, _parameters: [*items]


def adds(*items: Json) -> Change:
    """Return a change that adds ``items`` to the answer."""
    return lambda given, _parameters: [*given, *items]


def with_fields(key: str, value: str, **fields: object) -> Change:
    """Return a change that sets ``fields`` of each item whose field ``key`` is ``value`` ("": of every item)."""
    return lambda given, _parameters: [item | fields if not value or item.get(key) == value else item for item in given]


def rule(group: str, services: str, peer: str, number: int = 0) -> Json:
    """Return an ingress rule of a security group, as DescribeSecurityGroupRules answers it.

    ``services``: "tcp/22", "tcp/22-80" or "-1". ``peer``: a CIDR, the id of a group ("sg-…"), or of a prefix list.
    """
    protocol, _, ports = services.partition("/")
    first, _, last = ports.partition("-")
    peers: Json = {"CidrIpv6" if ":" in peer else "CidrIpv4": peer}
    peers = {"ReferencedGroupInfo": {"GroupId": peer}} if peer.startswith("sg-") else peers
    peers = {"PrefixListId": peer} if peer.startswith("pl-") else peers
    return {
        "SecurityGroupRuleId": f"sgr-{group[3:]}{number}",
        "GroupId": group,
        "IsEgress": False,
        "IpProtocol": protocol,
        "FromPort": int(first) if first else -1,
        "ToPort": int(last or first) if first else -1,
        **peers,
    }


def opens(group: str, *rules: tuple[str, str]) -> Change:
    """Return a change of DescribeSecurityGroupRules that adds rules (services, peer) to a group."""
    added = [rule(group, services, peer, number) for number, (services, peer) in enumerate(rules)]
    return lambda given, parameters: [*given, *(added if group in repr(parameters) else [])]


def tagged(key: str, value: str, tags: Mapping[str, str], *, removed: Sequence[str] = ()) -> Change:
    """Return a change of the tags of the item whose field ``key`` is ``value``. Keys that begin with ``removed`` go."""

    def change(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
        for item in given:
            if item.get(key) == value:
                kept = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
                kept = {name: text for name, text in kept.items() if not name.startswith((*removed, "-"))}
                item["Tags"] = [{"Key": name, "Value": text} for name, text in {**kept, **tags}.items()]
        return given

    return change


def together(*changes: Change) -> Change:
    """Return a change that makes several changes, one after another."""

    def change(given: list[Json], parameters: Mapping[str, Any]) -> list[Json]:
        for each in changes:
            given = each(given, parameters)
        return given

    return change
