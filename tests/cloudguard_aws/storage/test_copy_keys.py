"""The keys of copies of etcd's volumes, if a customer key is required (``--require-cmk``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from aws_altered import Altered, Change, altered, refused
from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import RowResult, Verdict
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.installers import etcd_volume, kops

FAIL, UNKNOWN, PASS = Verdict.FAIL, Verdict.UNKNOWN, Verdict.PASS
STRICT = Declarations(require_customer_key=True)
KEY = f"arn:aws:kms:{REGION}:123456789012:key/"
OWN, SECOND, DEFAULT = f"{KEY}own", f"{KEY}second", f"{KEY}default"


def build(a: Account) -> None:
    """Build a control-plane host with a volume of etcd, a snapshot of it, and one of a former volume."""
    subnet = a.subnet(a.vpc())
    master = a.host("m", subnet, [a.group(subnet.vpc, "masters")], kops.control_plane)
    a.snapshot(a.volume(master, etcd_volume("main")))
    a.call("ec2", "create_image", InstanceId=master.id, Name="backup")


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(build) as made:
        yield made


def describe(given: list[Any], parameters: Mapping[str, Any]) -> list[Any]:
    """Answer DescribeKey: two customer keys, and the provider's default key."""
    del given
    name = parameters["KeyId"]
    manager = "AWS" if name == DEFAULT else "CUSTOMER"
    return [{"KeyId": name, "Arn": name, "KeyManager": manager, "KeyState": "Enabled", "Origin": "EXTERNAL"}]


def refuse_second(given: list[Any], parameters: Mapping[str, Any]) -> list[Any]:
    if parameters["KeyId"] == SECOND:
        raise refused()
    return describe(given, parameters)


def encrypted(key: str | None) -> Change:
    """Return a change that encrypts each item with a key (None: the answer names none)."""
    named = {"KmsKeyId": key} if key else {}
    return lambda given, _parameters: [item | {"Encrypted": True, **named} for item in given]


def judged(account: Altered, key: str | None, keys: Change = describe) -> tuple[RowResult, RowResult, set[str]]:
    """Return the row with and without the demand if the copies have a key, and the calls that failed."""
    changes: dict[str, Change | Exception] = {
        "ec2:DescribeVolumes": encrypted(OWN),
        "ec2:DescribeSnapshots": encrypted(key),
        "kms:DescribeKey": keys,
        "kms:GetKeyPolicy": lambda _given, _parameters: [{"Policy": '{"Version": "2012-10-17", "Statement": []}'}],
    }
    snapshot = account.snapshot(changes)
    strict, loose = (
        pipeline.evaluate(snapshot, declared).row("etcd-encryption") for declared in (STRICT, Declarations())
    )
    return strict, loose, {gap.call for gap in snapshot.gaps}


@pytest.mark.mistake("copy-left-out")
@pytest.mark.parametrize(("key", "verdict"), [(OWN, PASS), (SECOND, PASS), (DEFAULT, FAIL), (None, UNKNOWN)])
def test_a_copy_s_own_key_decides(account: Altered, key: str | None, verdict: Verdict) -> None:
    strict, loose, failed = judged(account, key)
    assert (strict.verdict, loose.verdict, failed) == (verdict, PASS, set())


@pytest.mark.mistake("copy-left-out")
def test_an_unread_key_of_a_copy_matters_only_if_a_customer_key_is_required(account: Altered) -> None:
    strict, loose, failed = judged(account, SECOND, refuse_second)
    assert (strict.verdict, loose.verdict, failed) == (UNKNOWN, PASS, {"kms:DescribeKey"})
    assert f"has a customer key: {SECOND} was not read" in " ".join(strict.unknown)


def test_the_account_has_what_these_tests_change(account: Altered) -> None:
    snapshot = account.snapshot({})
    (volume,) = [disk for disk in snapshot.cluster.disks if disk.holds_main_etcd]
    assert {copy.kind for copy in volume.snapshots} >= {"snapshot"}
