"""Copies of etcd's volumes and who they are shared with, in shapes that answers may have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, adds, altered, answers, refused
from cloudguard.results.report import Verdict
from moto_fixtures.aws.builder import ACCOUNT, Account
from moto_fixtures.aws.scenes import clean

pytestmark = pytest.mark.mistake("copy-left-out")
FAIL, PASS, UNKNOWN = Verdict.FAIL, Verdict.PASS, Verdict.UNKNOWN
SNAPSHOTS, SHARES = "ec2:DescribeSnapshots", "ec2:DescribeSnapshotAttribute"
IMAGES, LAUNCHES = "ec2:DescribeImages", "ec2:DescribeImageAttribute"
OTHER = "210987654321"
ORGANIZATION = "arn:aws:organizations::210987654321:organization/o-a1b2c3d4e5"


@dataclass(frozen=True)
class Built:
    """A snapshot of the volume of the control-plane host."""

    volume: str
    host: str
    snapshot: str


def build(a: Account) -> Built:
    host = clean.build(a).control_plane
    return Built(host.root, host.id, a.snapshot(host.root))


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(build) as made:
        yield made


def image(built: Built, **fields: object) -> Json:
    mappings = [{"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": built.snapshot}}]
    return {"ImageId": "ami-0123456789abcdef9", "Public": False, "BlockDeviceMappings": mappings} | fields


def copied(built: Built, description: str = "", **fields: object) -> Json:
    """Return another snapshot, as a copy has it: with an arbitrary volume."""
    made: Json = {"SnapshotId": "snap-0123456789abcdef9", "VolumeId": "vol-ffffffff", "Encrypted": True}
    described_by: Json = {"Description": description.format(built.snapshot), "Tags": []}
    return {**made, **described_by, **fields}


def described(*items: Callable[[Built], Json]) -> Callable[[Built], Change]:
    """Return a change that adds snapshots to the answer about descriptions only."""

    def made(built: Built) -> Change:
        def change(given: list[Json], parameters: Mapping[str, Any]) -> list[Json]:
            named = "description" in repr(parameters) and built.snapshot in repr(parameters)
            return [*given, *(item(built) for item in items)] if named else given

        return change

    return made


def plain(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
    return [item | {"Encrypted": False} for item in given]


Changes = Callable[[Built], Mapping[str, Change | Exception]]
CASES: dict[str, tuple[Verdict, Changes]] = {
    "kept to the account": (PASS, lambda _: {}),
    "for another account": (FAIL, lambda _: {SHARES: answers({"UserId": OTHER})}),
    "for everyone": (FAIL, lambda _: {SHARES: answers({"Group": "all"})}),
    "for its own account": (PASS, lambda _: {SHARES: answers({"UserId": ACCOUNT})}),
    "for its own and another account": (FAIL, lambda _: {SHARES: answers({"UserId": ACCOUNT}, {"UserId": OTHER})}),
    "for someone not heard of": (UNKNOWN, lambda _: {SHARES: answers({"Planet": "mars"})}),
    "for unread accounts": (UNKNOWN, lambda _: {SHARES: refused()}),
    "not encrypted": (FAIL, lambda _: {SNAPSHOTS: plain}),
    "an image for everyone by its own field": (
        FAIL,
        lambda b: {IMAGES: answers(image(b, Public=True)), LAUNCHES: answers()},
    ),
    "an image for an account": (FAIL, lambda b: {IMAGES: answers(image(b)), LAUNCHES: answers({"UserId": OTHER})}),
    "an image for its own account": (
        PASS,
        lambda b: {IMAGES: answers(image(b)), LAUNCHES: answers({"UserId": ACCOUNT})},
    ),
    "an image for an organization": (
        FAIL,
        lambda b: {IMAGES: answers(image(b)), LAUNCHES: answers({"OrganizationArn": ORGANIZATION})},
    ),
    "an image for a unit of an organization": (
        FAIL,
        lambda b: {IMAGES: answers(image(b)), LAUNCHES: answers({"OrganizationalUnitArn": f"{ORGANIZATION}/ou-1"})},
    ),
    "an image that is disabled": (
        FAIL,
        lambda b: {IMAGES: answers(image(b, State="disabled")), LAUNCHES: answers({"Group": "all"})},
    ),
    "an image whose sharing is unread": (UNKNOWN, lambda b: {IMAGES: answers(image(b)), LAUNCHES: refused()}),
    "images that are unread": (UNKNOWN, lambda _: {IMAGES: refused()}),
    "an image of another volume": (
        PASS,
        lambda b: {IMAGES: answers(image(b, BlockDeviceMappings=[{"VirtualName": "ephemeral0"}], Public=True))},
    ),
    "a copy in the clear": (
        FAIL,
        lambda b: {SNAPSHOTS: described(lambda c: copied(c, "[Copied {} from eu-west-1]", Encrypted=False))(b)},
    ),
    "a copy for an image in the clear": (
        FAIL,
        lambda b: {
            SNAPSHOTS: described(
                lambda c: copied(
                    c, "Copied for DestinationAmi ami-1 from SourceAmi ami-2 for SourceSnapshot {}.", Encrypted=False
                )
            )(b)
        },
    ),
    "a copy of another snapshot in the clear": (
        PASS,
        lambda b: {SNAPSHOTS: described(lambda c: copied(c, "[Copied snap-0 from eu-west-1]", Encrypted=False))(b)},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_copy_of_a_volume_with_etcd_s_data_decides(account: Altered, name: str) -> None:
    verdict, changes = CASES[name]
    row = account.report(changes(account.made), clean.DECLARED.policy).row("etcd-encryption")
    assert row.verdict is verdict, (row.why, row.unknown)


def test_a_volume_that_was_made_from_the_snapshot_holds_etcd_s_data(account: Altered) -> None:
    """It belongs to no host of the cluster, and it is not encrypted."""
    built: Built = account.made
    restored: Json = {
        "VolumeId": "vol-0123456789abcdef9",
        "SnapshotId": built.snapshot,
        "Encrypted": False,
        "Attachments": [],
    }

    def change(given: list[Json], parameters: Mapping[str, Any]) -> list[Json]:
        return adds(restored)(given, parameters) if built.snapshot in repr(parameters) else given

    row = account.report({"ec2:DescribeVolumes": change}, clean.DECLARED.policy).row("etcd-encryption")
    assert row.verdict is FAIL
    assert "vol-0123456789abcdef9" in row.why
